#include "api/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "tests/api/echo_server.h"

namespace skald::api {
namespace {

using testing::HasSubstr;

using Pairs = std::vector<std::pair<std::string, std::string>>;

sagas::Json echoed(const RawReply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    return sagas::Json::parse(reply.body, nullptr, false);
}

TEST(HttpServer, HandsTheRequestToItsRoute) {
    EchoServer server;
    const auto json = echoed(server.ask(
        post("/v1/things?wait=1+%C3%A9", "{}", "X-Custom: a%0d%0ab\r\nREMOTE_ADDR: x\r\n")));
    EXPECT_EQ(json["method"], "POST");
    EXPECT_EQ(json["query"].get<Pairs>(), (Pairs{{"wait", "1 é"}}));
    EXPECT_EQ(json["body"], "{}");
    const Pairs headers = {{"host", "localhost"},
                           {"content-type", "application/json"},
                           {"content-length", "2"},
                           {"x-custom", "a%0d%0ab"},
                           {"remote_addr", "x"}};
    EXPECT_EQ(json["headers"].get<Pairs>(), headers);
    EXPECT_EQ(server.seen(), (std::vector<EchoServer::Seen>{{"makeThing", "POST", 200}}));
}

TEST(HttpServer, SendsWhatEveryReplyHas) {
    EchoServer server;
    const RawReply reply = server.ask(get("/v1/things/a%2Fb"));
    EXPECT_EQ(reply.status_line, "HTTP/1.1 200 OK");
    EXPECT_EQ(reply.header("content-type"), "application/json");
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.header("connection"), "");
    EXPECT_THAT(reply.header("date"), testing::EndsWith(" GMT"));
    EXPECT_EQ(echoed(reply)["id"], reply.header("skald-request-id"));
    EXPECT_EQ(echoed(reply)["path"], sagas::Json({"a/b"}));
    EXPECT_NE(server.ask(get("/v1/things")).header("skald-request-id"),
              reply.header("skald-request-id"));
}

TEST(HttpServer, KeepsTheConnection) {
    EchoServer server;
    RawClient client(server.port());
    for (int i = 0; i < 100; ++i) {
        client.send(get("/v1/things/" + std::to_string(i)));
        const auto reply = client.read_reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(echoed(*reply)["path"][0], std::to_string(i));
    }
}

TEST(HttpServer, ClosesWhenAsked) {
    EchoServer server;
    for (const std::string& request : {get("/v1/things", "Connection: close\r\n"),
                                       std::string("GET /v1/things HTTP/1.0\r\n\r\n")}) {
        RawClient client(server.port());
        client.send(request);
        EXPECT_EQ(client.read_reply().value_or(RawReply{}).header("connection"), "close");
        EXPECT_TRUE(client.is_closed());
    }
    RawClient old(server.port());
    for (int i = 0; i < 2; ++i) {
        old.send("GET /v1/things HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(old.read_reply().value_or(RawReply{}).header("connection"), "keep-alive");
    }
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
    EchoServer server;
    RawClient client(server.port());
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += get("/v1/things/" + std::to_string(i));
        requests += post("/v1/things", std::string(static_cast<std::size_t>(i) * 50, 'x'));
    }
    client.send(requests);
    for (int i = 0; i < 50; ++i) {
        const auto first = client.read_reply();
        const auto second = client.read_reply();
        ASSERT_TRUE(first && second);
        EXPECT_EQ(echoed(*first)["path"][0], std::to_string(i));
        EXPECT_EQ(echoed(*second)["body"].get<std::string>().size(),
                  static_cast<std::size_t>(i) * 50);
    }
}

TEST(HttpServer, AnswersARequestThatComesInPieces) {
    EchoServer server;
    RawClient client(server.port());
    for (const char byte : post("/v1/things", R"({"a":1})")) client.send({&byte, 1});
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(echoed(*reply)["body"], R"({"a":1})");
}

TEST(HttpServer, AnswersAClientThatSendsNothingMore) {
    EchoServer server;
    RawClient client(server.port());
    client.send(get("/v1/things"));
    client.close_sending();
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
    EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, TakesAndGivesLargeBodies) {
    EchoServer server;
    const std::string body(1u << 20, 'x');
    EXPECT_EQ(echoed(server.ask(post("/v1/things", body)))["body"], body);
}

TEST(HttpServer, AnswersHeadWithoutBody) {
    EchoServer server;
    RawClient client(server.port());
    client.send("HEAD /v1/things HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.send("HEAD /none HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/healthz"));
    const auto found = client.read_reply(RawClient::Body::None);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->status, 200);
    EXPECT_GT(std::atoi(found->header("content-length").c_str()), 10);
    const auto missing = client.read_reply(RawClient::Body::None);
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->status, 404);
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
    EXPECT_EQ(server.seen().front(), (EchoServer::Seen{"listThings", "HEAD", 200}));
}

TEST(HttpServer, SaysContinueWhenTheClientWaitsForIt) {
    EchoServer server;
    RawClient client(server.port());
    const std::string request = post("/v1/things", "{}", "Expect: 100-continue\r\n");
    client.send(request.substr(0, request.size() - 2));
    const auto first = client.read_reply(RawClient::Body::None);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status_line, "HTTP/1.1 100 Continue");
    client.send("{}");
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
    // Not when the body is there already.
    client.send(request);
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
}

TEST(HttpServer, RefusesInsteadOfSayingContinue) {
    EchoServer server;
    RawClient client(server.port());
    const std::string request = post("/v1/nothing", "{}", "Expect: 100-continue\r\n");
    client.send(request.substr(0, request.size() - 2));
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply);
    expect_problem(*reply, ProblemType::NotFound);
    EXPECT_EQ(reply->header("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, TellsTheMethodsOfAPath) {
    EchoServer server;
    for (const std::string method : {"OPTIONS", "TRACE", "PATCH", "get", "BREW"}) {
        const RawReply reply =
            server.ask(method + " /v1/things/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        expect_problem(reply, ProblemType::MethodNotAllowed);
        EXPECT_EQ(reply.header("allow"), "GET, HEAD, PUT, DELETE");
    }
    EXPECT_EQ(server.seen().back(), (EchoServer::Seen{"", "OTHER", 405}));
    expect_problem(server.ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                   ProblemType::NotFound);
    EXPECT_EQ(server.handled(), 0);
}

TEST(HttpServer, NamesUnknownQueryParameters) {
    EchoServer server;
    const auto json =
        expect_problem(server.ask(get("/v1/things?limt=5")), ProblemType::InvalidRequest);
    EXPECT_EQ(json["detail"], R"(query parameter "limt": unknown; did you mean "limit"?)");
    EXPECT_THAT(expect_problem(server.ask(get("/v1/things?zzz")), ProblemType::InvalidRequest)
                    .value("detail", ""),
                HasSubstr("there are: limit, cursor"));
    expect_problem(server.ask(get("/healthz?x")), ProblemType::InvalidRequest);
    expect_problem(server.ask(get("/v1/things?limit=%zz")), ProblemType::InvalidRequest);
    std::string many = "/v1/things?";
    for (int i = 0; i < 51; ++i) many += "limit=1&";
    expect_problem(server.ask(get(many)), ProblemType::InvalidRequest);
    EXPECT_EQ(echoed(server.ask(get("/v1/things?&limit=&&cursor")))["query"].get<Pairs>(),
              (Pairs{{"limit", ""}, {"cursor", ""}}));
    EXPECT_EQ(server.handled(), 1);
}

TEST(HttpServer, KeepsTheConnectionAfterARefusalWithoutBody) {
    EchoServer server;
    RawClient client(server.port());
    client.send(get("/none") + get("/v1/things/%zz") + get("/v1/things"));
    expect_problem(client.read_reply().value_or(RawReply{}), ProblemType::NotFound);
    expect_problem(client.read_reply().value_or(RawReply{}), ProblemType::InvalidRequest);
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
}

TEST(HttpServer, GuardsEveryRoute) {
    HttpServerOptions options;
    options.token = "s3cret";
    EchoServer server(options);
    const std::string token = "Authorization: Bearer s3cret\r\n";
    expect_problem(server.ask("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
                   ProblemType::MisdirectedRequest);
    expect_problem(server.ask(get("/healthz", "Origin: https://evil.example\r\n")),
                   ProblemType::OriginNotAllowed);
    const RawReply unauthorized = server.ask(get("/v1/things"));
    expect_problem(unauthorized, ProblemType::Unauthorized);
    EXPECT_EQ(unauthorized.header("www-authenticate"), "Bearer");
    expect_problem(server.ask(get("/none")), ProblemType::Unauthorized);
    EXPECT_EQ(server.ask(get("/v1/things", token)).status, 200);
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
    expect_problem(server.ask("POST /v1/things HTTP/1.1\r\nHost: localhost\r\n" + token + "\r\n"),
                   ProblemType::UnsupportedMediaType);
    const std::string port = std::to_string(server.port());
    EXPECT_EQ(server
                  .ask("GET http://localhost:" + port + "/healthz HTTP/1.1\r\nHost: 127.0.0.1:" +
                       port + "\r\nOrigin: http://127.0.0.1:" + port + "\r\n\r\n")
                  .status,
              200);
    expect_problem(
        server.ask("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ProblemType::MisdirectedRequest);
    EXPECT_EQ(server.handled(), 3);
}

TEST(HttpServer, DoesNotTellWhatAHandlerThrew) {
    EchoServer server({}, {route("GET", "/throw", [](const Request&) -> Answer {
                          throw std::runtime_error("secret detail");
                      })});
    RawClient client(server.port());
    client.send(get("/throw") + get("/healthz"));
    const RawReply reply = client.read_reply().value_or(RawReply{});
    expect_problem(reply, ProblemType::Internal);
    EXPECT_EQ(reply.body.find("secret"), std::string::npos);
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
    EXPECT_EQ(server.seen().front(), (EchoServer::Seen{"testRoute", "GET", 500}));
}

TEST(HttpServer, SendsNoReplyThatWouldSplit) {
    EchoServer server({}, {route("GET", "/split", [](const Request&) -> Answer {
                          Reply reply;
                          reply.headers = {{"Location", "/a\r\nSet-Cookie: b"}};
                          return reply;
                      })});
    const RawReply reply = server.ask(get("/split"));
    expect_problem(reply, ProblemType::Internal);
    EXPECT_EQ(reply.header("set-cookie"), "");
}

TEST(HttpServer, AnswersWithTheHandlersProblem) {
    EchoServer server(
        {}, {route("GET", "/full", [](const Request&) -> Answer {
            return Problem{ProblemType::StoreUnavailable, "disk \xff full", {}, nullptr};
        })});
    const RawReply reply = server.ask(get("/full"));
    expect_problem(reply, ProblemType::StoreUnavailable);
    EXPECT_EQ(reply.header("retry-after"), "5");
}

TEST(HttpServer, SendsNoBodyWith204) {
    EchoServer server({}, {route("GET", "/empty", [](const Request&) -> Answer {
                          Reply reply;
                          reply.status = 204;
                          reply.body = "never sent";
                          return reply;
                      })});
    RawClient client(server.port());
    client.send(get("/empty") + get("/healthz"));
    const RawReply reply = client.read_reply().value_or(RawReply{});
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.headers.count("content-length"), 0U);
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
}

TEST(HttpServer, ServesOpsRoutesAloneWhereAsked) {
    HttpServerOptions options;
    options.serve = HttpServerOptions::Serve::OpsOnly;
    options.token = "s3cret";
    EchoServer server(options);
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
    const std::string token = "Authorization: Bearer s3cret\r\n";
    expect_problem(server.ask(get("/v1/things", token)), ProblemType::NotFound);
    expect_problem(server.ask(post("/v1/things/a", "", token)), ProblemType::NotFound);
}

// What was accepted goes before what is to be.
TEST(HttpServer, GivesWayToOtherThreads) {
    std::set<int> nice;
    std::mutex mutex;
    EchoServer server({}, {route("GET", "/nice", [&](const Request&) -> Answer {
                          const std::lock_guard lock(mutex);
                          nice.insert(::getpriority(PRIO_PROCESS, 0));
                          return Reply{};
                      })});
    const auto ask = [&server] {
        for (int i = 0; i < 50; ++i) server.ask(get("/nice"));
    };
    {
        const std::jthread first(ask);
        const std::jthread second(ask);
        ask();
    }
    const int usual = std::min(::getpriority(PRIO_PROCESS, 0) + 3, 19);
    EXPECT_EQ(nice, std::set<int>{usual});
}

TEST(HttpServer, SaysWhyItCanNotListen) {
    EchoServer first;
    const RouteTable table({});
    HttpServerOptions options;
    options.port = first.port();
    const auto second = start_http_server(table, options, {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, sagas::ErrorCode::Unavailable);
    EXPECT_EQ(second.error().message,
              "listen on 127.0.0.1:" + std::to_string(first.port()) + ": address already in use");
    options.host = "192.0.2.1";
    options.port = 0;
    const auto foreign = start_http_server(table, options, {});
    ASSERT_FALSE(foreign.has_value());
    EXPECT_EQ(foreign.error().message, "listen on 192.0.2.1:0: cannot assign requested address");
    EXPECT_EQ(first.ask(get("/healthz")).status, 200);
}

}  // namespace
}  // namespace skald::api
