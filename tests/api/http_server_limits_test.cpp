#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/echo_server.h"

namespace skald::api {
namespace {

using sagas::Milliseconds;

HttpServerOptions impatient() {
    HttpServerOptions options;
    options.header_time = Milliseconds(80);
    options.body_time = Milliseconds(80);
    options.idle_time = Milliseconds(80);
    return options;
}

// Each is read by some server as something else than by another, or as two requests.
TEST(HttpServerLimits, CloseAfterWhatCouldBeSmuggled) {
    EchoServer server;
    const std::string start =
        "POST /v1/things HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\n";
    const std::string second = get("/v1/things/smuggled");
    const std::vector<std::pair<std::string, ProblemType>> cases{
        {start + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         ProblemType::LengthRequired},
        {start + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ProblemType::LengthRequired},
        {start + "Content-Length: 0\r\nContent-Length: 70\r\n\r\n", ProblemType::InvalidRequest},
        {start + "Content-Length: 0\nX: y\r\n\r\n", ProblemType::InvalidRequest},
        {start + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
         ProblemType::UnsupportedMediaType},
        {get("/v1/things", "Content-Length: 70\r\n"), ProblemType::InvalidRequest},
        {"GET /v1/things HTTP/1.1\r\nHost: localhost\r\nHost: x\r\n\r\n",
         ProblemType::InvalidRequest},
        {get("/v1/things", "A: b\r\n c\r\n"), ProblemType::InvalidRequest},
        {get("/v1/things", std::string("A: \0\r\n", 6)), ProblemType::InvalidRequest},
        {"GET /v1/things HTTP/3.0\r\nHost: localhost\r\n\r\n",
         ProblemType::HttpVersionNotSupported},
        {get("/" + std::string(9000, 'a')), ProblemType::TargetTooLong},
        {get("/v1/things", "A: " + std::string(40000, 'a') + "\r\n"), ProblemType::HeadersTooLarge},
    };
    for (const auto& [request, type] : cases) {
        RawClient client(server.port());
        client.send(request + second);
        const auto reply = client.read_reply();
        ASSERT_TRUE(reply) << request;
        expect_problem(*reply, type);
        EXPECT_EQ(reply->header("connection"), "close");
        EXPECT_TRUE(client.is_closed()) << request;
    }
    EXPECT_EQ(server.handled(), 0);
}

TEST(HttpServerLimits, TakeAHundredHeaders) {
    EchoServer server;
    std::string headers;
    for (int i = 0; i < 99; ++i) headers += "X: y\r\n";
    EXPECT_EQ(server.ask(get("/v1/things", headers)).status, 200);
    expect_problem(server.ask(get("/v1/things", headers + "X: y\r\n")),
                   ProblemType::HeadersTooLarge);
}

TEST(HttpServerLimits, RefuseALargeBodyUnread) {
    EchoServer server;
    const std::string body(3u << 20, 'x');
    RawClient client(server.port());
    client.send(post("/v1/things", body));
    expect_problem(client.read_reply().value_or(RawReply{}), ProblemType::BodyTooLarge);
    client.close_sending();
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(server.seen(), (std::vector<EchoServer::Seen>{{"makeThing", "POST", 413}}));
}

// What follows a refusal is the body of the refused request, and must not be read as the next one.
TEST(HttpServerLimits, DoNotReadTheBodyOfARefusedRequestAsARequest) {
    EchoServer server;
    RawClient client(server.port());
    client.send(post("/none", get("/v1/things/smuggled")));
    expect_problem(client.read_reply().value_or(RawReply{}), ProblemType::NotFound);
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(server.handled(), 0);
}

TEST(HttpServerLimits, EndAHeadThatDribbles) {
    EchoServer server(impatient());
    RawClient client(server.port());
    client.send("GET /v1/things HTTP/1.1\r\n");
    // Each byte comes long before a time-out of its own would be over; the total one is.
    while (!client.has_news(Milliseconds(5))) client.send("x");
    expect_problem(client.read_reply().value_or(RawReply{}), ProblemType::RequestTimeout);
}

TEST(HttpServerLimits, TimeOutAHalfSentHeadAndBody) {
    EchoServer server(impatient());
    RawClient head(server.port());
    head.send("GET /v1/thi");
    RawClient body(server.port());
    const std::string request = post("/v1/things", "{}");
    body.send(request.substr(0, request.size() - 1));
    for (RawClient* client : {&head, &body}) {
        const auto reply = client->read_reply();
        ASSERT_TRUE(reply);
        expect_problem(*reply, ProblemType::RequestTimeout);
        EXPECT_TRUE(client->is_closed());
    }
    EXPECT_EQ(server.handled(), 0);
}

TEST(HttpServerLimits, CloseTheSilentAndTheIdle) {
    EchoServer server(impatient());
    RawClient silent(server.port());
    RawClient idle(server.port());
    idle.send(get("/v1/things"));
    EXPECT_EQ(idle.read_reply().value_or(RawReply{}).status, 200);
    EXPECT_TRUE(silent.is_closed());
    EXPECT_TRUE(idle.is_closed());
}

TEST(HttpServerLimits, SurviveClientsThatBreakOff) {
    EchoServer server;
    const std::string request = post("/v1/things", "{}");
    for (std::size_t size = 0; size < request.size(); ++size) {
        RawClient client(server.port());
        client.send(request.substr(0, size));
        client.reset();
    }
    EXPECT_EQ(server.handled(), 0);
    EXPECT_EQ(server.ask(request).status, 200);
}

TEST(HttpServerLimits, GiveUpOnAClientThatDoesNotRead) {
    HttpServerOptions options;
    options.write_time = Milliseconds(80);
    options.threads = 2;
    EchoServer server(options, {route("GET", "/large", [](const Request&) -> Answer {
                          Reply reply;
                          reply.body.assign(32u << 20, 'x');
                          return reply;
                      })});
    RawClient deaf(server.port());
    RawClient deaf_too(server.port());
    for (RawClient* client : {&deaf, &deaf_too}) client->send(get("/large"));
    // They hold no thread, and are given up in time.
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
}

TEST(HttpServerLimits, ServeThreeHundredAtOnce) {
    EchoServer server;
    std::deque<RawClient> clients;
    for (int i = 0; i < 300; ++i) clients.emplace_back(server.port());
    for (RawClient& client : clients) client.send(get("/v1/things"));
    int answered = 0;
    for (RawClient& client : clients) {
        answered += client.read_reply().value_or(RawReply{}).status == 200 ? 1 : 0;
    }
    EXPECT_EQ(answered, 300);
    EXPECT_EQ(server.handled(), 300);
}

TEST(HttpServerLimits, CloseOneWhenTooManyAreIdle) {
    HttpServerOptions options;
    options.waiting_max = 2;
    EchoServer server(options);
    std::list<RawClient> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(server.port()).send(get("/v1/things"));
        EXPECT_EQ(clients.back().read_reply().value_or(RawReply{}).status, 200);
    }
    const auto is_told = [](RawClient& client) { return client.has_news(Milliseconds(1)); };
    auto gone = clients.end();
    while (gone == clients.end()) gone = std::find_if(clients.begin(), clients.end(), is_told);
    EXPECT_TRUE(gone->is_closed());
    clients.erase(gone);
    for (RawClient& client : clients) {
        client.send(get("/v1/things"));
        EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
    }
}

TEST(HttpServerLimits, SpendNoThreadOnTheIdle) {
    HttpServerOptions options;
    options.threads = 2;
    EchoServer server(options);
    std::deque<RawClient> idle;
    for (int i = 0; i < 10; ++i) {
        idle.emplace_back(server.port());
        idle.back().send(get("/v1/things"));
        EXPECT_EQ(idle.back().read_reply().value_or(RawReply{}).status, 200) << i;
    }
}

TEST(HttpServerLimits, LetOthersInBetweenPipelinedRequests) {
    HttpServerOptions options;
    options.threads = 2;
    EchoServer server(options);
    std::string many;
    for (int i = 0; i < 100; ++i) many += get("/v1/things");
    std::atomic<bool> is_over{false};
    std::vector<std::jthread> greedy;
    for (int i = 0; i < 3; ++i) {
        greedy.emplace_back([&] {
            RawClient client(server.port());
            client.send(many);
            while (!is_over) {
                client.send(many);
                for (int k = 0; k < 100; ++k) client.read_reply();
            }
        });
    }
    for (int i = 0; i < 20; ++i) EXPECT_EQ(server.ask(get("/healthz")).status, 200);
    is_over = true;
}

TEST(HttpServerLimits, SpendNoThreadOnTheSlow) {
    HttpServerOptions options;
    options.threads = 2;
    EchoServer server(options);
    RawClient silent(server.port());
    RawClient slow(server.port());
    slow.send("GET /v1/thi");
    RawClient slow_body(server.port());
    slow_body.send(post("/v1/things", "{}").substr(0, post("/v1/things", "{}").size() - 1));
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
}

TEST(HttpServerLimits, TurnAwayConnectionsThatThereIsNoPlaceFor) {
    HttpServerOptions options;
    options.threads = 2;
    options.connections_max = 3;
    std::mutex mutex;
    std::condition_variable changed;
    int inside = 0;
    bool is_open = false;
    EchoServer server(options, {route("GET", "/block", [&](const Request&) -> Answer {
                          std::unique_lock lock(mutex);
                          ++inside;
                          changed.notify_all();
                          changed.wait(lock, [&] { return is_open; });
                          return Reply{};
                      })});
    std::deque<RawClient> clients;
    for (int i = 0; i < 2; ++i) clients.emplace_back(server.port()).send(get("/block"));
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return inside == 2; });
    }
    clients.emplace_back(server.port()).send(get("/healthz"));  // Waits for a thread.
    const RawReply refused = server.ask(get("/healthz"));
    expect_problem(refused, ProblemType::Busy);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_EQ(refused.header("connection"), "close");
    {
        const std::lock_guard lock(mutex);
        is_open = true;
    }
    changed.notify_all();
    for (RawClient& client : clients) {
        EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
    }
}

}  // namespace
}  // namespace skald::api
