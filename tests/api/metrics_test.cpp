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
    const std::string text = metrics.scrape(nullptr, nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("skald_sagas_started_total{definition=\"other\"} 50\n"));
    EXPECT_EQ(lines_with(text, "skald_sagas_started_total{"), Metrics::kDefinitionsMax + 1);
}

TEST(Metrics, BoundTheNumberOfTopics) {
    Metrics metrics("0", "3");
    for (std::size_t at = 0; at < Metrics::kTopicsMax + 50; ++at) {
        metrics.events_published("topic-" + std::to_string(at), 3, 1);
    }
    const std::string text = metrics.scrape(nullptr, nullptr, nullptr);
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
    const std::string text = metrics.scrape(nullptr, nullptr, nullptr);
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
    const std::string text = metrics.scrape(nullptr, nullptr, nullptr);
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
    const std::string text = metrics.scrape(&stats, &counts, nullptr);
    for (const char* line :
         {"skald_mailbox_depth 7\n", "skald_sagas_failing 9\n", "skald_timers 10\n",
          "skald_calls_in_flight 11\n", "skald_calls_queued 12\n", "skald_wal_bytes 4096\n",
          "skald_sagas_live{status=\"stuck\"} 3\n", "skald_sagas_live{status=\"running\"} 0\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

TEST(Metrics, CountWhatBridgesDo) {
    Metrics metrics("0", "3");
    metrics.bridge_connected("shop", true);
    metrics.bridge_connected("plant", false);
    metrics.bridge_events("shop", engine::NatsEvent::Published, 3);
    metrics.bridge_events("shop", engine::NatsEvent::Refused, 1);
    const std::string text = metrics.scrape(nullptr, nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("skald_bridge_connected{bridge=\"shop\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("skald_bridge_connected{bridge=\"plant\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("skald_bridge_events_total{bridge=\"shop\",direction=\"out\","
                                "outcome=\"published\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("skald_bridge_events_total{bridge=\"shop\",direction=\"in\","
                                "outcome=\"refused\"} 1\n"));
    metrics.bridge_gone("plant");
    EXPECT_THAT(metrics.scrape(nullptr, nullptr, nullptr), Not(HasSubstr("plant")));
}

TEST(Metrics, BoundTheNumberOfSubscriptions) {
    Metrics metrics("0", "3");
    for (std::size_t at = 0; at < Metrics::kSubscriptionsMax + 50; ++at) {
        metrics.event_delivered("s-" + std::to_string(at), Metrics::Delivery::Failed);
    }
    metrics.events_missed("s-0", 7);
    const std::string text = metrics.scrape(nullptr, nullptr, nullptr);
    EXPECT_THAT(text, HasSubstr("{outcome=\"failed\",subscription=\"other\"} 50\n"));
    EXPECT_THAT(text, HasSubstr("skald_events_missed_total{subscription=\"s-0\"} 7\n"));
    EXPECT_EQ(lines_with(text, "skald_event_deliveries_total{"), Metrics::kSubscriptionsMax + 1);
}

TEST(Metrics, ShowTheSubscriptionsThatThereAre) {
    Metrics metrics("0", "3");
    std::vector<SubscriptionStats> subscriptions = {{"mail", 5, 1}, {"sms", 0, 0}};
    const std::string both = metrics.scrape(nullptr, nullptr, &subscriptions);
    EXPECT_THAT(both, HasSubstr("skald_subscription_lag{subscription=\"mail\"} 5\n"));
    EXPECT_THAT(both, HasSubstr("skald_subscription_dead_letters{subscription=\"sms\"} 0\n"));
    subscriptions = {{"sms", 2, 3}};
    const std::string one = metrics.scrape(nullptr, nullptr, &subscriptions);
    EXPECT_THAT(one, Not(HasSubstr("subscription=\"mail\"")));
    EXPECT_THAT(one, HasSubstr("skald_subscription_lag{subscription=\"sms\"} 2\n"));
    EXPECT_THAT(one, HasSubstr("skald_subscription_dead_letters{subscription=\"sms\"} 3\n"));
    // What could not be read is as it was.
    EXPECT_THAT(metrics.scrape(nullptr, nullptr, nullptr),
                HasSubstr("skald_subscription_lag{subscription=\"sms\"} 2\n"));
}

}  // namespace
}  // namespace skald::api
