#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/closed_loop.h"
#include "tests/benchmark/json_scan.h"
#include "tests/outside/http_message.h"
#include "tests/outside/participant_server.h"

namespace skald::benchmark {
namespace {

using outside::ParticipantServer;
using outside::ReceivedCall;

TEST(JsonScan, FindsTheMemberOfTheOuterObjectOnly) {
    constexpr std::string_view kJson =
        R"({"a":"status","steps":[{"status":"failed"}], "x\"": {"status":"no"} , "status" : "completed"})";
    EXPECT_EQ(top_level_text(kJson, "status"), "completed");
    EXPECT_EQ(top_level_text(kJson, "a"), "status");
    EXPECT_EQ(top_level_text(kJson, "steps"), "");
    EXPECT_EQ(top_level_text(kJson, "none"), "");
    EXPECT_EQ(top_level_text("", "status"), "");
}

const std::string kOneNumber = std::string(R"({"n":")") + kNumberMark + "\"}";

/// Runs `count` requests of `clients` against a server that does `on_call`.
LoopResult run_against(std::size_t clients, std::uint64_t count,
                       const std::function<void(ParticipantServer&, const ReceivedCall&)>& on_call,
                       const std::string& body = kOneNumber) {
    ParticipantServer server(1);
    const std::jthread thread(
        [&] { server.run([&](const ReceivedCall& call) { on_call(server, call); }); });
    LoopOptions options;
    options.port = server.ports()[0];
    options.clients = clients;
    options.target = "/v1/sagas";
    options.body = body;
    options.expected_status = "completed";
    options.count = count;
    LoopResult result = run_closed_loop(options);
    server.stop();
    return result;
}

TEST(ClosedLoop, SendsEachNumberOnceAndCountsWhatWasAnswered) {
    std::vector<std::string> bodies;
    const LoopResult result =
        run_against(3, 20, [&](ParticipantServer& server, const ReceivedCall& received) {
            bodies.emplace_back(received.body);
            server.answer(received.call, outside::make_reply(200, R"({"status":"completed"})"));
        });
    EXPECT_EQ(result.total, 20u);
    EXPECT_EQ(result.errors, 0u);
    EXPECT_EQ(result.latencies_us.size(), 20u);
    ASSERT_EQ(bodies.size(), 20u);
    std::sort(bodies.begin(), bodies.end());
    EXPECT_EQ(bodies.front(), R"({"n":"000000000001"})");
    EXPECT_EQ(bodies.back(), R"({"n":"000000000020"})");
}

TEST(ClosedLoop, GivesEachPlaceInABodyANumberOfItsOwn) {
    std::vector<std::string> bodies;
    run_against(
        1, 2,
        [&](ParticipantServer& server, const ReceivedCall& received) {
            bodies.emplace_back(received.body);
            server.answer(received.call, outside::make_reply(200, R"({"status":"completed"})"));
        },
        '[' + kOneNumber + ',' + kOneNumber + ']');
    EXPECT_EQ(bodies, (std::vector<std::string>{R"([{"n":"000000000001"},{"n":"000000000002"}])",
                                                R"([{"n":"000000000003"},{"n":"000000000004"}])"}));
}

TEST(ClosedLoop, CountsOtherAnswersAsErrorsAndComesAgainWhenBusy) {
    int calls = 0;
    const LoopResult result =
        run_against(1, 2, [&](ParticipantServer& server, const ReceivedCall& received) {
            switch (++calls) {
                case 1:
                    server.answer(received.call, outside::make_reply(503, "{}"));
                    break;
                case 2:
                    server.answer(received.call, outside::make_reply(200, R"({"status":"stuck"})"));
                    break;
                case 3:
                    server.hang_up(received.call);
                    break;
                default:
                    server.answer(received.call,
                                  outside::make_reply(200, R"({"status":"completed"})"));
            }
        });
    EXPECT_EQ(result.total, 2u);
    EXPECT_EQ(result.busy, 1u);
    EXPECT_EQ(result.errors, 2u);
    EXPECT_NE(result.first_error.find("stuck"), std::string::npos);
}

}  // namespace
}  // namespace skald::benchmark
