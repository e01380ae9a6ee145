#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/api/echo_server.h"

namespace skald::api {
namespace {

using sagas::Milliseconds;
using Body = RawClient::Body;

/// Streams that send what the test pours in; all of them the same.
class Tap {
 public:
    Route route() {
        return api::route("GET", "/stream", [this](const Request&) { return Answer(stream()); });
    }

    void pour(std::string piece) {
        const std::lock_guard lock(mutex_);
        pieces_.push_back(std::move(piece));
        wake();
    }
    void end() {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
        wake();
    }
    /// Streams that wait for more, at some time so far.
    void await_waits(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waits_ >= count; });
    }
    /// Streams that the server is done with.
    void await_closed(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ >= count; });
    }

 private:
    /// Lives as long as a stream.
    struct Token {
        explicit Token(Tap& owner) : tap(owner) {}
        ~Token() {
            const std::lock_guard lock(tap.mutex_);
            ++tap.closed_;
            tap.changed_.notify_all();
        }
        Token(const Token&) = delete;
        Token& operator=(const Token&) = delete;

        Tap& tap;
        std::size_t next = 0;
    };

    Stream stream() {
        Stream stream;
        stream.content_type = "text/event-stream";
        stream.headers = {{"X-Tap", "hot"}};
        stream.next = [this, token = std::make_shared<Token>(*this)] { return next(*token); };
        return stream;
    }
    Stream::Next next(Token& token) {
        const std::lock_guard lock(mutex_);
        if (token.next < pieces_.size()) return pieces_[token.next++];
        if (is_over_) return Stream::Over{};
        return Stream::Wait{kForever, [this, &token](std::function<void()> ready) {
                                arm(token.next, std::move(ready));
                            }};
    }
    void arm(std::size_t seen, std::function<void()> ready) {
        const std::lock_guard lock(mutex_);
        if (is_over_ || seen < pieces_.size()) ready();
        ready_.push_back(std::move(ready));
        ++waits_;
        changed_.notify_all();
    }
    void wake() {
        for (const auto& ready : ready_) ready();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> pieces_;
    std::vector<std::function<void()>> ready_;
    bool is_over_ = false;
    std::size_t waits_ = 0;
    std::size_t closed_ = 0;
};

/// A stream that is one Next after the other, then over.
Route listed(std::vector<Stream::Next> list) {
    return route("GET", "/stream", [list](const Request&) -> Answer {
        Stream stream;
        stream.content_type = "text/plain";
        stream.next = [rest = std::deque<Stream::Next>(list.begin(), list.end())]() mutable {
            if (rest.empty()) return Stream::Next(Stream::Over{});
            Stream::Next next = std::move(rest.front());
            rest.pop_front();
            return next;
        };
        return stream;
    });
}

/// Sends without end; tells when the server is done with it.
Route flood(std::function<void()> closed) {
    return route("GET", "/flood", [closed = std::move(closed)](const Request&) -> Answer {
        Stream stream;
        stream.next = [token = std::shared_ptr<void>(nullptr, [closed](void*) { closed(); })] {
            return Stream::Next(std::string(50'000, 'x'));
        };
        return stream;
    });
}

/// What is in the chunks up to the last one; "broken" when they are none.
std::string dechunked(std::string_view wire) {
    std::string body;
    while (true) {
        const std::size_t line = wire.find("\r\n");
        if (line == std::string_view::npos) return "broken";
        const std::size_t size = std::stoul(std::string(wire.substr(0, line)), nullptr, 16);
        wire.remove_prefix(line + 2);
        if (wire.size() < size + 2 || wire.substr(size, 2) != "\r\n") return "broken";
        if (size == 0) return wire.size() == 2 ? body : "broken";
        body += wire.substr(0, size);
        wire.remove_prefix(size + 2);
    }
}

/// Of GET /stream as a whole, dechunked.
std::string stream_of(EchoServer& server) {
    RawClient client(server.port());
    client.send(get("/stream"));
    EXPECT_EQ(client.read_reply(Body::None).value_or(RawReply{}).status, 200);
    return dechunked(client.read_to_end());
}

RawReply open(RawClient& client) {
    client.send(get("/stream"));
    return client.read_reply(Body::None).value_or(RawReply{});
}

TEST(HttpServerStream, SendsEachPieceAsItComes) {
    Tap tap;
    EchoServer server({}, {tap.route()});
    RawClient client(server.port());
    const RawReply head = open(client);
    EXPECT_EQ(head.status_line, "HTTP/1.1 200 OK");
    EXPECT_EQ(head.header("content-type"), "text/event-stream");
    EXPECT_EQ(head.header("transfer-encoding"), "chunked");
    EXPECT_EQ(head.header("content-length"), "");
    EXPECT_EQ(head.header("connection"), "close");
    EXPECT_EQ(head.header("cache-control"), "no-store");
    EXPECT_EQ(head.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(head.header("x-tap"), "hot");
    EXPECT_NE(head.header("skald-request-id"), "");
    EXPECT_NE(head.header("date"), "");
    tap.await_waits(1);
    tap.pour("one");
    EXPECT_EQ(client.read_until("one\r\n"), "3\r\none\r\n");
    tap.pour("0123456789abcdef");
    EXPECT_EQ(client.read_until("f\r\n"), "10\r\n0123456789abcdef\r\n");
    tap.end();
    EXPECT_EQ(client.read_to_end(), "0\r\n\r\n");
    tap.await_closed(1);
    EXPECT_EQ(server.seen(), (std::vector<EchoServer::Seen>{{"testRoute", "GET", 200}}));
}

TEST(HttpServerStream, GoesToHttp10UntilTheEnd) {
    EchoServer server({}, {listed({"one ", "two"})});
    RawClient client(server.port());
    client.send("GET /stream HTTP/1.0\r\n\r\n");
    const RawReply head = client.read_reply(Body::None).value_or(RawReply{});
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("transfer-encoding"), "");
    EXPECT_EQ(head.header("content-length"), "");
    EXPECT_EQ(head.header("connection"), "close");
    EXPECT_EQ(client.read_to_end(), "one two");
}

TEST(HttpServerStream, GivesAHeadAlone) {
    HttpServerOptions options;
    options.streams_max = 0;
    EchoServer server(options, {listed({"never"})});
    RawClient client(server.port());
    client.send("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const RawReply head = client.read_reply(Body::None).value_or(RawReply{});
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-type"), "text/plain");
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServerStream, GoesOnWhenAWaitsTimeIsOver) {
    EchoServer server({}, {listed({"one ", Stream::Wait{Milliseconds(1), nullptr},
                                   Stream::Wait{Milliseconds(0), nullptr}, "two"})});
    EXPECT_EQ(stream_of(server), "one two");
}

// An empty chunk would be the end.
TEST(HttpServerStream, SendsNothingForAnEmptyPiece) {
    EchoServer server({}, {listed({"", "one", "", ""})});
    EXPECT_EQ(stream_of(server), "one");
}

TEST(HttpServerStream, SendsLongPiecesInSeveralChunks) {
    std::string piece(1'000'000, 'x');
    for (std::size_t i = 0; i < piece.size(); i += 999) piece[i] = '\n';
    EchoServer server({}, {listed({piece, "end"})});
    EXPECT_EQ(stream_of(server), piece + "end");
}

TEST(HttpServerStream, ComesAfterALater) {
    EchoServer server({}, {route("GET", "/stream", [](const Request&) -> Answer {
                          Later later;
                          later.arm = [](const std::function<void()>& ready) { ready(); };
                          later.finish = []() -> Answer {
                              Stream stream;
                              stream.next = [] { return Stream::Next(Stream::Over{}); };
                              return stream;
                          };
                          return later;
                      })});
    EXPECT_EQ(stream_of(server), "");
}

TEST(HttpServerStream, IsTheLastAnswerOfItsConnection) {
    EchoServer server({}, {listed({"one"})});
    RawClient client(server.port());
    client.send(get("/stream") + get("/healthz"));
    EXPECT_EQ(client.read_reply(Body::None).value_or(RawReply{}).status, 200);
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "3\r\none\r\n0\r\n\r\n");
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(server.handled(), 0);
}

TEST(HttpServerStream, DropsAReaderWhoDoesNotRead) {
    HttpServerOptions options;
    options.stream_write_time = Milliseconds(20);
    std::promise<void> dropped;
    EchoServer server(options, {flood([&dropped] { dropped.set_value(); })});
    RawClient unread(server.port());
    unread.send(get("/flood"));
    dropped.get_future().wait();
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
}

TEST(HttpServerStream, NoticesThatItsReaderHasGone) {
    Tap tap;
    EchoServer server({}, {tap.route()});
    {
        RawClient closing(server.port());
        EXPECT_EQ(open(closing).status, 200);
        tap.await_waits(1);
    }
    tap.await_closed(1);
    RawClient breaking(server.port());
    EXPECT_EQ(open(breaking).status, 200);
    tap.await_waits(2);
    breaking.reset();
    tap.await_closed(2);
    RawClient half(server.port());
    EXPECT_EQ(open(half).status, 200);
    tap.await_waits(3);
    half.close_sending();
    tap.await_closed(3);
    tap.pour("late");  // The waits that this would end are long over.
}

TEST(HttpServerStream, ThereAreNotTooMany) {
    HttpServerOptions options;
    options.streams_max = 2;
    Tap tap;
    EchoServer server(options, {tap.route()});
    auto first = std::make_unique<RawClient>(server.port());
    RawClient second(server.port());
    EXPECT_EQ(open(*first).status, 200);
    EXPECT_EQ(open(second).status, 200);
    const RawReply refused = server.ask(get("/stream"));
    expect_problem(refused, ProblemType::Busy);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_THAT(server.seen(), testing::Contains(EchoServer::Seen{"testRoute", "GET", 503}));
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
    tap.await_closed(1);  // Of the one that was refused.

    first.reset();
    tap.await_closed(2);
    RawClient third(server.port());
    EXPECT_EQ(open(third).status, 200);
    tap.end();
}

TEST(HttpServerStream, CountsToTheConnectionsThatWait) {
    HttpServerOptions options;
    options.waiting_max = 1;
    Tap tap;
    EchoServer server(options, {tap.route(), route("GET", "/wait", [](const Request&) -> Answer {
                                    Later later;
                                    later.kind = Later::Kind::Long;
                                    later.time = kForever;
                                    later.arm = [](const std::function<void()>&) {};
                                    later.finish = [] { return Answer(Reply{}); };
                                    return later;
                                })});
    RawClient client(server.port());
    EXPECT_EQ(open(client).status, 200);
    expect_problem(server.ask(get("/stream")), ProblemType::Busy);
    EXPECT_EQ(server.ask(get("/wait")).status, 200);  // Finished at once.
    tap.end();
}

TEST(HttpServerStream, TakesNoThreadWhileItWaits) {
    HttpServerOptions options;
    options.threads = 2;
    Tap tap;
    EchoServer server(options, {tap.route()});
    std::deque<RawClient> clients;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(open(clients.emplace_back(server.port())).status, 200);
    tap.await_waits(4);
    EXPECT_EQ(server.ask(get("/healthz")).status, 200);
    tap.end();
}

TEST(HttpServerStream, ThatThrowsIsCutOff) {
    EchoServer server({}, {route("GET", "/stream", [](const Request&) -> Answer {
                          Stream stream;
                          stream.next = [is_first = true]() mutable -> Stream::Next {
                              if (std::exchange(is_first, false)) return "one";
                              throw std::runtime_error("secret");
                          };
                          return stream;
                      })});
    RawClient client(server.port());
    EXPECT_EQ(open(client).status, 200);
    EXPECT_EQ(client.read_to_end(), "3\r\none\r\n");
}

TEST(HttpServerStream, WithAHeaderThatWouldSplitItIsA500) {
    EchoServer server({}, {route("GET", "/stream", [](const Request&) -> Answer {
                          Stream stream;
                          stream.headers = {{"X-Bad", "a\r\nb"}};
                          stream.next = [] { return Stream::Next(Stream::Over{}); };
                          return stream;
                      })});
    expect_problem(server.ask(get("/stream")), ProblemType::Internal);
}

TEST(HttpServerStop, EndsStreams) {
    Tap tap;
    EchoServer server({}, {tap.route()});
    RawClient waiting(server.port());
    EXPECT_EQ(open(waiting).status, 200);
    tap.await_waits(1);
    server.server().stop(kForever);
    tap.await_closed(1);
    EXPECT_EQ(waiting.read_to_end(), "0\r\n\r\n");
}

TEST(HttpServerStop, ClosesStreamsWhoseReaderDoesNotRead) {
    HttpServerOptions options;
    options.stream_write_time = kForever;
    bool is_closed = false;
    EchoServer server(options, {flood([&is_closed] { is_closed = true; })});
    RawClient unread(server.port());
    unread.send(get("/flood"));
    EXPECT_EQ(unread.read_reply(Body::None).value_or(RawReply{}).status, 200);
    server.server().stop(Milliseconds(10));
    EXPECT_TRUE(is_closed);
}

}  // namespace
}  // namespace skald::api
