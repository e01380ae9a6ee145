#include "tests/outside/nats_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/outside/child_process.h"

namespace skald::outside {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::SizeIs;

/// A nats-server on a folder of its own, killed and started again when it is told to.
class NatsClientTest : public testing::Test {
 protected:
    NatsClientTest() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        start();
        await_ready();
    }
    ~NatsClientTest() override {
        server.reset();
        std::filesystem::remove_all(folder);
    }

    void start() {
        server.reset();
        server = std::make_unique<ChildProcess>(
            std::vector<std::string>{SKALD_NATS_SERVER, "-a", "127.0.0.1", "-p",
                                     std::to_string(port), "-js", "-sd", folder / "store"},
            folder / "log");
    }
    void await_ready() {
        while (!client.request("$JS.API.INFO", "", {}, milliseconds(100))) {
            ASSERT_FALSE(server->ends_within(milliseconds(10))) << tail_of(folder / "log");
        }
    }
    std::string ask(const std::string& subject, const std::string& json) {
        const auto answer = client.request("$JS.API." + subject, json);
        return answer ? answer->payload : "no answer";
    }

    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / ("nats_" + std::to_string(::getpid()));
    const Descriptor place = hold_port();
    const std::uint16_t port = port_of(place);
    std::unique_ptr<ChildProcess> server;
    NatsClient client{port};
};

TEST_F(NatsClientTest, PublishesAndPullsAlsoAfterAKill) {
    EXPECT_THAT(ask("STREAM.CREATE.S", R"({"name":"S","subjects":["s.>"],"storage":"file"})"),
                HasSubstr("\"created\""));
    EXPECT_THAT(ask("CONSUMER.DURABLE.CREATE.S.c",
                    R"({"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit"}})"),
                HasSubstr("\"durable_name\":\"c\""));
    const auto first = client.request("s.a", "one", "X-Note: yes\r\nNats-Msg-Id: 1\r\n");
    ASSERT_TRUE(first.has_value());
    EXPECT_THAT(first->payload, HasSubstr("\"seq\":1"));
    const auto repeated = client.request("s.a", "one", "Nats-Msg-Id: 1\r\n");
    ASSERT_TRUE(repeated.has_value());
    EXPECT_THAT(repeated->payload, HasSubstr("\"duplicate\": true"));

    server->kill();
    EXPECT_FALSE(client.request("s.a", "nobody is there").has_value());
    start();
    await_ready();
    ASSERT_TRUE(client.request("s.b", "two").has_value());

    std::vector<NatsMessage> pulled;
    while (pulled.size() < 2) {
        const auto messages = client.pull("S", "c", 10, milliseconds(2'000));
        ASSERT_TRUE(messages.has_value());
        pulled.insert(pulled.end(), messages->begin(), messages->end());
    }
    EXPECT_EQ(pulled[0].payload, "one");
    EXPECT_THAT(pulled[0].headers, HasSubstr("X-Note: yes"));
    EXPECT_EQ(stream_sequence(pulled[0]), 1u);
    EXPECT_EQ(pulled[1].subject, "s.b");
    EXPECT_EQ(stream_sequence(pulled[1]), 2u);
    for (const NatsMessage& message : pulled) client.publish(message.reply, "+ACK");
    EXPECT_THAT(client.pull("S", "c", 10, milliseconds(50)).value_or(std::vector<NatsMessage>(1)),
                SizeIs(0));
}

TEST_F(NatsClientTest, SaysWhenNobodyAnswers) {
    EXPECT_FALSE(client.request("nobody.listens", "x").has_value());
    EXPECT_EQ(stream_sequence({}), 0u);
}

}  // namespace
}  // namespace skald::outside
