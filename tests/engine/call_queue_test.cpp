#include "engine/call_queue.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

namespace skald::engine {
namespace {

using Recalled = CallQueue::Recalled;

Origin origin(const std::string& host) { return {sagas::HttpCall::Scheme::Http, host, 80}; }

CallId id(std::uint64_t number) { return CallId{number}; }

std::vector<CallId> take_all(CallQueue& queue) {
    std::vector<CallId> taken;
    while (const auto next = queue.take()) taken.push_back(*next);
    return taken;
}

void expect_stats(const CallQueue& queue, std::size_t in_flight, std::size_t queued) {
    EXPECT_EQ(queue.stats().in_flight, in_flight);
    EXPECT_EQ(queue.stats().queued, queued);
}

TEST(CallQueue, LetsTheFirstGoFirst) {
    CallQueue queue({.per_origin = 2, .total = 10});
    for (std::uint64_t i = 1; i <= 4; ++i) queue.push(origin("a"), id(i));
    EXPECT_THAT(take_all(queue), ::testing::ElementsAre(id(1), id(2)));
    expect_stats(queue, 2, 2);
    queue.release(origin("a"));
    EXPECT_THAT(take_all(queue), ::testing::ElementsAre(id(3)));
    queue.release(origin("a"));
    queue.release(origin("a"));
    EXPECT_THAT(take_all(queue), ::testing::ElementsAre(id(4)));
    queue.release(origin("a"));
    expect_stats(queue, 0, 0);
}

TEST(CallQueue, KeepsAFullOriginFromHoldingUpOthers) {
    CallQueue queue({.per_origin = 1, .total = 10});
    for (std::uint64_t i = 1; i <= 3; ++i) queue.push(origin("a"), id(i));
    queue.push(origin("b"), id(4));
    EXPECT_THAT(take_all(queue), ::testing::ElementsAre(id(1), id(4)));
}

TEST(CallQueue, TellsOriginsApartByAllTheirParts) {
    CallQueue queue({.per_origin = 1, .total = 10});
    using enum sagas::HttpCall::Scheme;
    queue.push({Http, "a", 80}, id(1));
    queue.push({Https, "a", 80}, id(2));
    queue.push({Http, "a", 81}, id(3));
    queue.push({Http, "b", 80}, id(4));
    EXPECT_EQ(take_all(queue).size(), 4u);
}

TEST(CallQueue, SharesTheTotalFairly) {
    CallQueue queue({.per_origin = 100, .total = 6});
    std::map<std::uint64_t, std::string> hosts;
    std::uint64_t number = 0;
    const auto push = [&](const std::string& host) {
        hosts[++number] = host;
        queue.push(origin(host), id(number));
    };
    for (int i = 0; i < 50; ++i) push("greedy");
    for (int i = 0; i < 4; ++i) push("a");
    for (int i = 0; i < 4; ++i) push("b");

    std::map<std::string, int> served;
    const auto serve = [&](const std::vector<CallId>& taken) {
        for (const CallId call : taken) ++served[hosts[static_cast<std::uint64_t>(call)]];
    };
    serve(take_all(queue));
    EXPECT_THAT(served, ::testing::ElementsAre(::testing::Pair("a", 2), ::testing::Pair("b", 2),
                                               ::testing::Pair("greedy", 2)));
    for (int i = 0; i < 6; ++i) {  // The long line's calls end first: the others still get turns.
        queue.release(origin(i < 2 ? "greedy" : i < 4 ? "a" : "b"));
    }
    serve(take_all(queue));
    EXPECT_EQ(served["a"], 4);
    EXPECT_EQ(served["b"], 4);
    EXPECT_EQ(served["greedy"], 4);
    expect_stats(queue, 6, 46);
}

TEST(CallQueue, ForgetsACallThatIsRecalled) {
    CallQueue queue({.per_origin = 1, .total = 10});
    for (std::uint64_t i = 1; i <= 3; ++i) queue.push(origin("a"), id(i));
    EXPECT_EQ(queue.take(), id(1));
    EXPECT_EQ(queue.recall(id(2)), Recalled::Yes);
    EXPECT_EQ(queue.recall(id(2)), Recalled::WasNotWaiting);
    EXPECT_EQ(queue.recall(id(1)), Recalled::WasNotWaiting);  // In flight.
    EXPECT_EQ(queue.recall(id(9)), Recalled::WasNotWaiting);
    expect_stats(queue, 1, 1);
    queue.release(origin("a"));
    EXPECT_EQ(queue.take(), id(3));
}

TEST(CallQueue, GivesNoTurnToALineThatWasRecalledWhole) {
    CallQueue queue({.per_origin = 1, .total = 10});
    queue.push(origin("a"), id(1));
    queue.push(origin("b"), id(2));
    EXPECT_EQ(queue.recall(id(1)), Recalled::Yes);
    EXPECT_THAT(take_all(queue), ::testing::ElementsAre(id(2)));
    queue.push(origin("a"), id(3));
    EXPECT_THAT(take_all(queue), ::testing::ElementsAre(id(3)));
}

}  // namespace
}  // namespace skald::engine
