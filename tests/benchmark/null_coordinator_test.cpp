#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/json_scan.h"
#include "tests/benchmark/measured_server.h"
#include "tests/benchmark/scenario.h"
#include "tests/outside/http_client.h"
#include "tests/outside/http_message.h"
#include "tests/outside/participant_server.h"

namespace skald::benchmark {
namespace {

using outside::HttpReply;
using outside::ParticipantServer;
using outside::ReceivedCall;
using testing::ElementsAre;

/// One start at a null coordinator whose participants answer with `code`.
struct NullRun {
    std::optional<HttpReply> reply;
    std::vector<std::string> bodies;  ///< Of the calls, in order.
};

NullRun start_one(int code) {
    NullRun run;
    ParticipantServer participants(3);
    const std::string answer = outside::make_reply(code, R"({"id":"1"})");
    const std::jthread thread([&] {
        participants.run([&](const ReceivedCall& received) {
            run.bodies.push_back(std::to_string(received.listener) + ' ' +
                                 std::string(received.body));
            participants.answer(received.call, answer);
        });
    });
    const std::filesystem::path database =
        std::filesystem::path(testing::TempDir()) / ("null_" + std::to_string(::getpid()) + ".db");
    std::string ports;
    for (const std::uint16_t port : participants.ports()) {
        ports += (ports.empty() ? "" : ",") + std::to_string(port);
    }
    {
        MeasuredServer server(SKALD_NULL_COORDINATOR, database, {"--participants", ports});
        outside::HttpClient client(server.port());
        run.reply = client.send("POST", "/v1/sagas?wait=30s", start_json());
        server.stop();
    }
    remove_database(database);
    participants.stop();
    return run;
}

TEST(NullCoordinator, MakesTheThreeCallsOfAStartOneAfterTheOtherAndThenAnswers) {
    const NullRun run = start_one(200);
    ASSERT_TRUE(run.reply);
    EXPECT_EQ(run.reply->status, 200);
    EXPECT_EQ(top_level_text(run.reply->body, "status"), "completed");
    EXPECT_THAT(run.bodies,
                ElementsAre(R"(0 {"amount":4200,"order_id":"o-000000000000"})",
                            R"(1 {"amount":4200,"order_id":"o-000000000000"})",
                            R"(2 {"order_id":"o-000000000000","reservation":"8d1c6f02"})"));
}

TEST(NullCoordinator, DoesNotSayThatASagaCompletedWhoseCallFailed) {
    const NullRun run = start_one(409);
    ASSERT_TRUE(run.reply);
    EXPECT_EQ(run.reply->status, 500);
    EXPECT_EQ(run.bodies.size(), 1u);
}

}  // namespace
}  // namespace skald::benchmark
