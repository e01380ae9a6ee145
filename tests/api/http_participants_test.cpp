#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/echo_server.h"

/// Routes whose path holds the authority to use them.
namespace skald::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class ParticipantRoutes : public testing::Test {
 protected:
    static HttpServerOptions with_token() {
        HttpServerOptions options;
        options.token = "s3cret";
        return options;
    }
    static std::vector<Route> routes() {
        return {{"POST",
                 "/v1/callbacks/{token}",
                 "callBack",
                 Audience::Participants,
                 {},
                 {},
                 [](const Request&) { return Answer(Reply{}); }}};
    }
    RawReply ask(const std::string& method, const std::string& more, const std::string& target) {
        return server.ask(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more +
                          "Content-Type: application/json\r\nContent-Length: 0\r\n"
                          "Connection: close\r\n\r\n");
    }

    const std::string path = "/v1/callbacks/t0kenOfTheParticipant";
    EchoServer server{with_token(), routes()};
};

TEST_F(ParticipantRoutes, NeedNoToken) {
    EXPECT_EQ(ask("POST", "", path).status, 200);
    EXPECT_EQ(ask("POST", "", "/v1/things").status, 401);
    EXPECT_EQ(server.seen().front(), (EchoServer::Seen{"callBack", "POST", 200}));
}

TEST_F(ParticipantRoutes, DoNotShowTheirPath) {
    const RawReply wrong = ask("PUT", "Authorization: Bearer s3cret\r\n", path);
    EXPECT_EQ(wrong.status, 405);
    EXPECT_THAT(wrong.body, HasSubstr("/v1/callbacks/{token}"));
    const RawReply others[] = {wrong, ask("PUT", "", path), ask("POST", "", path + "/x"),
                               ask("POST", "", path + "?a=1"),
                               ask("POST", "Origin: http://evil.example\r\n", path)};
    for (const RawReply& reply : others) {
        EXPECT_GE(reply.status, 400);
        EXPECT_THAT(reply.body, Not(HasSubstr("t0kenOfTheParticipant")));
    }
}

}  // namespace
}  // namespace skald::api
