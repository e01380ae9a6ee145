#include "api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::api {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t lines_with(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

TEST(Metrics, BoundTheNumberOfDefinitions) {
    Metrics metrics("0", "3");
    for (std::size_t at = 0; at < Metrics::kDefinitionsMax + 50; ++at) {
        metrics.saga_started("definition-" + std::to_string(at));
    }
    const std::string text = metrics.scrape(nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("skald_sagas_started_total{definition=\"other\"} 50\n"));
    EXPECT_EQ(lines_with(text, "skald_sagas_started_total{"), Metrics::kDefinitionsMax + 1);
}

TEST(Metrics, BoundTheNumberOfTopics) {
    Metrics metrics("0", "3");
    for (std::size_t at = 0; at < Metrics::kTopicsMax + 50; ++at) {
        metrics.events_published("topic-" + std::to_string(at), 3, 1);
    }
    const std::string text = metrics.scrape(nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("skald_events_published_total{topic=\"topic-0\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("skald_events_published_total{topic=\"other\"} 100\n"));
    EXPECT_EQ(lines_with(text, "skald_events_published_total{"), Metrics::kTopicsMax + 1);
    EXPECT_THAT(text, HasSubstr("skald_events_duplicate_total 1050\n"));
}

TEST(Metrics, CountAttemptsByStepPhaseAndOutcome) {
    Metrics metrics("0", "3");
    for (int at = 0; at < 3; ++at) {
        metrics.attempt_ended("order", "pay", sagas::Phase::Action, sagas::Outcome::Unknown, 0.2);
    }
    metrics.attempt_ended("order", "pay", sagas::Phase::Compensation, sagas::Outcome::Success, 0.1);
    const std::string text = metrics.scrape(nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("{definition=\"order\",outcome=\"unknown\",phase=\"action\","
                                "step=\"pay\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("{definition=\"order\",outcome=\"success\",phase=\"compensation\","
                                "step=\"pay\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("skald_step_duration_seconds_count{definition=\"order\","
                                "phase=\"action\"} 3\n"));
}

TEST(Metrics, KeepClientsMethodsOutOfLabels) {
    Metrics metrics("0", "3");
    metrics.request_answered("getSaga", "GET", 200);
    metrics.request_answered("", "BREW-1", 404);
    metrics.request_answered("", "BREW-2", 404);
    const std::string text = metrics.scrape(nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("skald_http_requests_total{code=\"200\",method=\"GET\","
                                "route=\"getSaga\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("skald_http_requests_total{code=\"404\",method=\"other\","
                                "route=\"none\"} 2\n"));
    EXPECT_THAT(text, Not(HasSubstr("BREW")));
}

TEST(Metrics, ShowWhatIsPolled) {
    Metrics metrics("0", "3");
    EngineStats stats;
    stats.coordinator = {7, 8, 9, 10};
    stats.caller = {11, 12};
    stats.wal_bytes = 4096;
    store::Counts counts;
    counts.by_status[sagas::Status::Stuck] = 3;
    const std::string text = metrics.scrape(&stats, &counts);
    for (const char* line :
         {"skald_mailbox_depth 7\n", "skald_sagas_failing 9\n", "skald_timers 10\n",
          "skald_calls_in_flight 11\n", "skald_calls_queued 12\n", "skald_wal_bytes 4096\n",
          "skald_sagas_live{status=\"stuck\"} 3\n", "skald_sagas_live{status=\"running\"} 0\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

}  // namespace
}  // namespace skald::api
