#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/api/echo_server.h"

namespace skald::api {
namespace {

using sagas::Milliseconds;
using Kind = Later::Kind;

/// Answers that wait until the test lets them go.
class Gate {
 public:
    Later later(Kind kind, Milliseconds time) {
        Later later;
        later.kind = kind;
        later.time = time;
        later.arm = [this](std::function<void()> ready) {
            const std::lock_guard lock(mutex_);
            ready_.push_back(std::move(ready));
            changed_.notify_all();
        };
        later.finish = [this]() -> Answer {
            ++finished_;
            Reply reply;
            reply.status = is_open_ ? 200 : 202;
            return reply;
        };
        return later;
    }
    Route route(Kind kind, std::string path, Milliseconds time = kForever) {
        return api::route("GET", std::move(path),
                          [this, kind, time](const Request&) { return Answer(later(kind, time)); });
    }
    void wait_for_armed(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ready_.size() >= count; });
    }
    void open() {
        is_open_ = true;
        const std::lock_guard lock(mutex_);
        for (const auto& ready : ready_) ready();
    }
    int finished() const { return finished_; }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::function<void()>> ready_;
    std::atomic<bool> is_open_{false};
    std::atomic<int> finished_{0};
};

TEST(HttpServerLater, IsFinishedWhenReady) {
    for (const Kind kind : {Kind::Short, Kind::Long}) {
        Gate gate;
        EchoServer server({}, {gate.route(kind, "/wait")});
        RawClient client(server.port());
        client.send(get("/wait"));
        gate.wait_for_armed(1);
        EXPECT_EQ(gate.finished(), 0);
        std::jthread([&gate] { gate.open(); }).join();
        EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
        EXPECT_EQ(gate.finished(), 1);
    }
}

TEST(HttpServerLater, IsFinishedWhenItWasReadyAtOnce) {
    EchoServer server({}, {route("GET", "/now", [](const Request&) -> Answer {
                          Later later;
                          later.time = kForever;
                          later.arm = [](const std::function<void()>& ready) { ready(); };
                          later.finish = [] { return Answer(Reply{}); };
                          return later;
                      })});
    EXPECT_EQ(server.ask(get("/now")).status, 200);
}

TEST(HttpServerLater, IsFinishedWhenItsTimeIsOver) {
    for (const Kind kind : {Kind::Short, Kind::Long}) {
        Gate gate;
        EchoServer server({}, {gate.route(kind, "/wait", Milliseconds(1))});
        EXPECT_EQ(server.ask(get("/wait")).status, 202);
        EXPECT_EQ(gate.finished(), 1);
    }
}

// A "ready" that comes too late must not end the wait of the connection's next request.
TEST(HttpServerLater, IgnoresALateReadyOfAnEarlierOne) {
    Gate early;
    Gate next;
    EchoServer server(
        {}, {early.route(Kind::Short, "/early", Milliseconds(1)), next.route(Kind::Long, "/next")});
    RawClient client(server.port());
    client.send(get("/early"));
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 202);
    client.send(get("/next"));
    next.wait_for_armed(1);
    early.open();
    EXPECT_EQ(next.finished(), 0);
    next.open();
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 200);
}

TEST(HttpServerLater, TakesAReadyWhenServerAndConnectionAreGone) {
    Gate gate;
    {
        EchoServer server({}, {gate.route(Kind::Long, "/wait", Milliseconds(1))});
        EXPECT_EQ(server.ask(get("/wait")).status, 202);
    }
    gate.open();
    EXPECT_EQ(gate.finished(), 1);
}

TEST(HttpServerLater, MayBeFollowedByAnother) {
    Gate gate;
    EchoServer server({}, {route("GET", "/two", [&gate](const Request&) -> Answer {
                          Later first = gate.later(Kind::Short, Milliseconds(1));
                          first.finish = [&gate]() -> Answer {
                              return gate.later(Kind::Long, Milliseconds(1));
                          };
                          return first;
                      })});
    EXPECT_EQ(server.ask(get("/two")).status, 202);
    gate.wait_for_armed(2);
}

TEST(HttpServerLater, DoesNotWaitWhereTooManyDo) {
    HttpServerOptions options;
    options.waiting_max = 2;
    Gate gate;
    EchoServer server(options,
                      {gate.route(Kind::Long, "/wait"), gate.route(Kind::Short, "/short")});
    std::deque<RawClient> waiting;
    for (int i = 0; i < 2; ++i) waiting.emplace_back(server.port()).send(get("/wait"));
    gate.wait_for_armed(2);
    // The third may come to its wait before the others do, but one of them gives up.
    waiting.emplace_back(server.port()).send(get("/wait"));
    gate.wait_for_armed(3);
    while (gate.finished() == 0) std::this_thread::yield();
    EXPECT_EQ(gate.finished(), 1);
    // Short ones are not counted.
    RawClient brief(server.port());
    brief.send(get("/short"));
    gate.wait_for_armed(4);
    gate.open();
    EXPECT_EQ(brief.read_reply().value_or(RawReply{}).status, 200);
    std::multiset<int> codes;
    for (RawClient& client : waiting) codes.insert(client.read_reply().value_or(RawReply{}).status);
    EXPECT_EQ(codes, (std::multiset<int>{200, 200, 202}));
}

TEST(HttpServerLater, TakesNoThreadWhileItWaits) {
    HttpServerOptions options;
    options.threads = 2;
    Gate gate;
    EchoServer server(options, {gate.route(Kind::Long, "/wait")});
    std::deque<RawClient> waiting;
    for (int i = 0; i < 5; ++i) waiting.emplace_back(server.port()).send(get("/wait"));
    gate.wait_for_armed(5);
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
    gate.open();
}

TEST(HttpServerLater, TakesThePlaceOfAnIdleConnection) {
    HttpServerOptions options;
    options.waiting_max = 1;
    Gate gate;
    EchoServer server(options, {gate.route(Kind::Long, "/wait")});
    RawClient idle(server.port());
    idle.send(get("/healthz"));
    EXPECT_EQ(idle.read_reply().value_or(RawReply{}).status, 200);
    RawClient waiting(server.port());
    waiting.send(get("/wait"));
    EXPECT_TRUE(idle.is_closed());
    EXPECT_EQ(gate.finished(), 0);
    gate.open();
    EXPECT_EQ(waiting.read_reply().value_or(RawReply{}).status, 200);
}

TEST(HttpServerLater, NoticesAtItsEndThatTheClientIsGone) {
    HttpServerOptions options;
    options.threads = 2;
    Gate gate;
    EchoServer server(options, {gate.route(Kind::Short, "/wait", Milliseconds(20))});
    for (int i = 0; i < 4; ++i) {
        RawClient client(server.port());
        client.send(get("/wait"));
        client.reset();
    }
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
}

TEST(HttpServerLater, IsDroppedWhereTheClientIsGone) {
    Gate gate;
    std::promise<void> dropped;
    EchoServer server({}, {route("GET", "/wait", [&](const Request&) -> Answer {
                          Later later = gate.later(Kind::Long, kForever);
                          // Gone with what the answer is made with.
                          const std::shared_ptr<void> held(
                              nullptr, [&dropped](void*) { dropped.set_value(); });
                          later.finish = [finish = later.finish, held] { return finish(); };
                          return later;
                      })});
    RawClient client(server.port());
    client.send(get("/wait"));
    gate.wait_for_armed(1);
    client.reset();
    EXPECT_EQ(dropped.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_EQ(gate.finished(), 0);
}

TEST(HttpServerLater, ThatThrowsIsA500) {
    EchoServer server({}, {route("GET", "/arm",
                                 [](const Request&) -> Answer {
                                     Later later;
                                     later.arm = [](const std::function<void()>&) {
                                         throw std::runtime_error("secret");
                                     };
                                     later.finish = [] { return Answer(Reply{}); };
                                     return later;
                                 }),
                           route("GET", "/finish", [](const Request&) -> Answer {
                               Later later;
                               later.arm = [](const std::function<void()>& ready) { ready(); };
                               later.finish = []() -> Answer {
                                   throw std::runtime_error("secret");
                               };
                               return later;
                           })});
    expect_problem(server.ask(get("/arm")), ProblemType::Internal);
    expect_problem(server.ask(get("/finish")), ProblemType::Internal);
}

TEST(HttpServerStop, ClosesTheIdleAndFinishesTheLongAndAwaitsTheShort) {
    Gate long_gate;
    Gate short_gate;
    EchoServer server(
        {}, {long_gate.route(Kind::Long, "/long"), short_gate.route(Kind::Short, "/short")});
    RawClient fresh(server.port());
    RawClient idle(server.port());
    idle.send(get("/healthz"));
    EXPECT_EQ(idle.read_reply().value_or(RawReply{}).status, 200);
    RawClient waiting(server.port());
    waiting.send(get("/long"));
    RawClient working(server.port());
    working.send(get("/short"));
    long_gate.wait_for_armed(1);
    short_gate.wait_for_armed(1);

    std::jthread stopping([&server] { server.server().stop(kForever); });
    EXPECT_TRUE(fresh.is_closed());
    EXPECT_TRUE(idle.is_closed());
    const RawReply unfinished = waiting.read_reply().value_or(RawReply{});
    EXPECT_EQ(unfinished.status, 202);
    EXPECT_EQ(unfinished.header("connection"), "close");
    EXPECT_TRUE(waiting.is_closed());
    EXPECT_THROW(RawClient(server.port()), std::runtime_error);
    EXPECT_EQ(short_gate.finished(), 0);
    short_gate.open();
    const RawReply finished = working.read_reply().value_or(RawReply{});
    EXPECT_EQ(finished.status, 200);
    EXPECT_EQ(finished.header("connection"), "close");
    stopping.join();
}

TEST(HttpServerStop, ClosesTheRestWhenTimeIsOver) {
    Gate gate;
    EchoServer server({}, {gate.route(Kind::Short, "/short")});
    RawClient working(server.port());
    working.send(get("/short"));
    gate.wait_for_armed(1);
    RawClient sending(server.port());
    sending.send("GET /v1/thi");
    server.server().stop(Milliseconds(10));
    EXPECT_EQ(gate.finished(), 1);
    EXPECT_TRUE(working.is_closed());
    EXPECT_TRUE(sending.is_closed());
    server.server().stop(Milliseconds(10));  // Does nothing.
}

TEST(HttpServerStop, FreesThePort) {
    HttpServerOptions options;
    const RouteTable table({});
    options.port = 0;
    auto first = start_http_server(table, options, {});
    ASSERT_TRUE(first.has_value());
    options.port = (*first)->port();
    RawClient client(options.port);
    client.send(get("/"));
    EXPECT_EQ(client.read_reply().value_or(RawReply{}).status, 404);
    first->reset();
    EXPECT_TRUE(start_http_server(table, options, {}).has_value());
}

TEST(HttpServerStop, IsQuickUnderLoad) {
    EchoServer server;
    std::atomic<bool> is_over{false};
    std::vector<std::jthread> load;
    for (int i = 0; i < 8; ++i) {
        load.emplace_back([&server, &is_over] {
            while (!is_over) {
                try {
                    RawClient client(server.port());
                    for (int k = 0; k < 50; ++k) {
                        client.send(get("/v1/things"));
                        if (!client.read_reply()) break;
                    }
                } catch (const std::runtime_error&) {  // Not listening any more.
                    return;
                }
            }
        });
    }
    while (server.handled() < 100) std::this_thread::yield();
    server.server().stop(kForever);
    is_over = true;
}

}  // namespace
}  // namespace skald::api
