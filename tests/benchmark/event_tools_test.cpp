#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/event_load.h"
#include "tests/benchmark/event_services.h"
#include "tests/benchmark/event_subscribers.h"
#include "tests/benchmark/json_scan.h"
#include "tests/benchmark/latencies.h"
#include "tests/outside/http_client.h"
#include "tests/outside/http_message.h"

namespace skald::benchmark {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(JsonScan, FindsTheTextsOfAMemberAtAnyDepth) {
    EXPECT_THAT(
        texts_of(R"([{"lease":"a","x":{"lease" : "b"}},"lease",{"lease":1},{"lease":"c\""}])",
                 "lease"),
        ElementsAre("a", "b", "c\\\""));
    EXPECT_THAT(texts_of(R"({"leases":["a"],"x":"lease"})", "lease"), ElementsAre());
    EXPECT_THAT(texts_of(R"({"lease":"a)", "lease"), testing::SizeIs(testing::Le(1u)));
}

TEST(Latencies, AreOfTheSortedTimes) {
    json figures;
    note_latencies(figures, {3'000, 1'000, 2'000, 100'000}, "push_");
    EXPECT_EQ(figures,
              json({{"push_p50_ms", 3.0}, {"push_p99_ms", 100.0}, {"push_p999_ms", 100.0}}));
}

TEST(EventStamp, IsReadAsItWasWritten) {
    const EventStamp stamp{42, EventClock::time_point(std::chrono::nanoseconds(1'234'567'890'123))};
    const EventStamp read = read_stamp(stamp_text(stamp));
    EXPECT_EQ(read.number, stamp.number);
    EXPECT_EQ(read.at, stamp.at);
    EXPECT_THROW(read_stamp("12"), std::runtime_error);
}

TEST(Deliveries, CountEachEventOnce) {
    Deliveries deliveries;
    const EventClock::time_point now = EventClock::now();
    const std::string first = stamp_text({0, now});
    const std::string second = stamp_text({7, now});
    deliveries.note({first, second}, now + milliseconds(3));
    deliveries.note({first}, now + milliseconds(5));
    EXPECT_EQ(deliveries.events(), 2u);
    EXPECT_EQ(deliveries.repeats(), 1u);
    const auto samples = deliveries.samples();
    ASSERT_EQ(samples.size(), 2u);
    EXPECT_EQ(samples[0].delivered_at - samples[0].published_at, milliseconds(3));
}

TEST(EventBatch, HasAnIdForEachAndItsTime) {
    const EventClock::time_point at(std::chrono::nanoseconds(5));
    const json batch = json::parse(event_batch(10'000, 2, at));
    ASSERT_EQ(batch.size(), 2u);
    EXPECT_EQ(batch[0]["id"], "10000");
    EXPECT_EQ(batch[1]["id"], "10001");
    EXPECT_EQ(batch[1]["subject"], "o-1");
    EXPECT_EQ(batch[1]["data"]["stamp"], stamp_text({10'001, at}));
}

/// A server that says it took each batch; every third time it says first that it is busy.
class Taker {
 public:
    Taker() : thread_([this] { serve(); }) {}
    ~Taker() { server_.stop(); }

    std::uint16_t port() const { return server_.ports()[0]; }
    std::vector<std::uint64_t> numbers() const {
        const std::lock_guard lock(mutex_);
        return numbers_;
    }
    std::uint64_t taken() const { return taken_; }

 private:
    void serve() {
        server_.run([this](const outside::ReceivedCall& received) {
            if (++calls_ % 3 == 0) {
                server_.answer(received.call, outside::make_reply(503, "{}"));
                return;
            }
            const std::lock_guard lock(mutex_);
            for (const std::string_view stamp : texts_of(received.body, "stamp")) {
                numbers_.push_back(read_stamp(stamp).number);
                ++taken_;
            }
            server_.answer(received.call, outside::make_reply(202, "{}"));
        });
    }

    outside::ParticipantServer server_{1};
    mutable std::mutex mutex_;
    std::vector<std::uint64_t> numbers_;
    std::atomic<std::uint64_t> taken_ = 0;
    std::uint64_t calls_ = 0;
    std::jthread thread_;
};

EventLoadOptions load_on(const Taker& taker) {
    EventLoadOptions load;
    load.port = taker.port();
    load.publishers = 3;
    load.batch = 10;
    load.measured = milliseconds(200);
    load.delivered = [&taker] { return taker.taken(); };
    return load;
}

TEST(EventLoad, PublishesInTimeAndEachNumberOnce) {
    Taker taker;
    EventLoadOptions load = load_on(taker);
    load.per_second = 1'000;
    const EventLoadResult result = run_event_load(load);
    EXPECT_EQ(result.published, 200u);
    EXPECT_EQ(result.missing, 0u);
    EXPECT_EQ(result.errors, 0u);
    EXPECT_GT(result.busy, 0u);
    EXPECT_EQ(result.posted_us.size(), 20u);
    auto numbers = taker.numbers();
    std::sort(numbers.begin(), numbers.end());
    ASSERT_EQ(numbers.size(), 200u);
    EXPECT_EQ(numbers.back(), 199u);
    EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
}

TEST(EventLoad, OfAClosedLoopWaitsForTheSlowestSubscriber) {
    Taker taker;
    EventLoadOptions load = load_on(taker);
    load.ahead = 40;
    std::atomic<bool> is_delivering = false;
    load.delivered = [&] { return is_delivering ? taker.taken() : 0; };
    load.on_measured = [&] { is_delivering = true; };
    const EventLoadResult result = run_event_load(load);
    EXPECT_EQ(result.published, 50u);
    EXPECT_EQ(result.missing, 0u);
}

TEST(CommandAnswers, AnswerEachCommandAndAcknowledgeIt) {
    const json page = {{"events",
                        {{{"attempt", 1},
                          {"event",
                           {{"id", "s-1/reserve/action/1"},
                            {"sagaid", "s-1"},
                            {"sagakey", "s-1/reserve/action"},
                            {"sagastep", "reserve"},
                            {"type", "reserve"},
                            {"data", {{"order_id", "o-1"}}}}},
                          {"lease", "L1"},
                          {"offset", 1}},
                         {{"attempt", 1},
                          {"event",
                           {{"id", "s-2/reserve/action/1"},
                            {"sagaid", "s-2"},
                            {"sagakey", "s-2/reserve/action"},
                            {"sagastep", "reserve"},
                            {"type", "reserve"}}},
                          {"lease", "L2"},
                          {"offset", 2}}}}};
    const CommandAnswers answers = answer_commands(page.dump(), "/bench/reserve");
    EXPECT_EQ(answers.leases, R"("L1","L2")");
    const json replies = json::parse(answers.replies);
    ASSERT_EQ(replies.size(), 2u);
    EXPECT_EQ(replies[1], json({{"specversion", "1.0"},
                                {"id", "s-2/reserve/action"},
                                {"source", "/bench/reserve"},
                                {"type", "done"},
                                {"sagaid", "s-2"},
                                {"sagastep", "reserve"},
                                {"data", {{"id", "8d1c6f02"}}}}));
}

TEST(CommandAnswers, AreNoneOfAnEmptyPage) {
    EXPECT_EQ(answer_commands(R"({"events":[]})", "/x").replies, "");
    EXPECT_THROW(answer_commands(R"({"events":[{"lease":"L"}]})", "/x"), std::runtime_error);
}

}  // namespace
}  // namespace skald::benchmark
