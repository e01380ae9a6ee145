#include "tests/outside/participant_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/outside/http_client.h"
#include "tests/outside/http_message.h"

namespace skald::outside {
namespace {

/// A server that runs until the end of the test.
class Running {
 public:
    Running(std::size_t listeners, std::function<void(ParticipantServer&, const ReceivedCall&)> on)
        : server_(listeners), on_(std::move(on)), thread_([this] {
              server_.run([this](const ReceivedCall& call) { on_(server_, call); });
          }) {}
    ~Running() { server_.stop(); }
    std::uint16_t port(std::size_t listener) const { return server_.ports()[listener]; }

 private:
    ParticipantServer server_;
    std::function<void(ParticipantServer&, const ReceivedCall&)> on_;
    std::jthread thread_;
};

TEST(ParticipantServer, HandsOverTheWholeCallAndItsListener) {
    const Running running(2, [](ParticipantServer& server, const ReceivedCall& received) {
        std::string echo = std::to_string(received.listener);
        echo.append(" ").append(received.method).append(" ").append(received.target);
        echo.append(" ").append(find_header(received.headers, "x").value_or("none"));
        server.answer(received.call, make_reply(409, echo.append(" ").append(received.body)));
    });
    HttpClient client(running.port(1));
    for (int i = 0; i < 3; ++i) {
        const auto reply = client.send("POST", "/a?b", "{}", "X: y\r\n");
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(reply->status, 409);
        EXPECT_EQ(reply->body, "1 POST /a?b y {}");
    }
}

TEST(ParticipantServer, CarriesBodiesLargerThanItsBuffers) {
    const Running running(1, [](ParticipantServer& server, const ReceivedCall& received) {
        server.answer(received.call, make_reply(200, received.body));
    });
    const std::string body(3'000'000, 'x');
    HttpClient client(running.port(0));
    const auto reply = client.send("POST", "/", body);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->body, body);
}

TEST(ParticipantServer, AnswersLaterAndHangsUp) {
    const std::string later = make_reply(200, "later");
    const Running running(1, [&](ParticipantServer& server, const ReceivedCall& received) {
        if (received.target == "/later") {
            server.answer_after(received.call, std::chrono::milliseconds(1), later);
        } else {
            server.hang_up(received.call);
        }
    });
    HttpClient client(running.port(0));
    EXPECT_EQ(client.send("POST", "/later").value().body, "later");
    EXPECT_EQ(client.send("POST", "/gone"), std::nullopt);
}

TEST(ParticipantServer, ForgetsACallWhoseConnectionIsGone) {
    std::optional<Call> held;
    const Running running(1, [&](ParticipantServer& server, const ReceivedCall& received) {
        if (received.target == "/hold") {
            held = received.call;
            return;
        }
        server.answer(*held, make_reply(200, "of another call"));
        server.answer(received.call, make_reply(200, "right"));
    });
    {
        HttpClient leaver(running.port(0));
        EXPECT_EQ(leaver.send("POST", "/hold", {}, {}, std::chrono::milliseconds(1)), std::nullopt);
    }
    HttpClient client(running.port(0));
    EXPECT_EQ(client.send("POST", "/").value().body, "right");
}

}  // namespace
}  // namespace skald::outside
