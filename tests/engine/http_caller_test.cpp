#include "engine/http_caller.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "tests/engine/caller_rig.h"
#include "tests/engine/scripted_server.h"

namespace skald::engine {
namespace {

using sagas::Milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string url(const ScriptedServer& server, const std::string& path = "/") {
    return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

/// A server that does `script` to its first connection and whatever else connects.
ScriptedServer once(std::function<void(Peer&)> script) {
    return ScriptedServer([script](Peer& peer, std::size_t) { script(peer); });
}

TEST(HttpCaller, GivesTheReplyWithItsHeadersAndBody) {
    const ScriptedServer server(
        answer_all("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nX-Kind: A\r\n"
                   "Retry-After: 7\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
    CallerRig rig;
    const sagas::Answer answer = rig.ask(request_to(server.port(), "POST", "/charges?x=1"));
    EXPECT_EQ(said(answer), "201 {\"a\":1}");
    const auto& reply = std::get<sagas::Reply>(answer);
    EXPECT_EQ(reply.retry_after, Milliseconds(7'000));
    ASSERT_EQ(reply.headers.size(), 4u);
    EXPECT_EQ(reply.headers[1].name, "x-kind");
    EXPECT_EQ(reply.headers[1].value, "A");
}

TEST(HttpCaller, SendsOneWholeRequest) {
    Collected<std::string> requests;
    const ScriptedServer server([&](Peer& peer, std::size_t) {
        requests.add(peer.read_request());
        peer.send(ok("null"));
    });
    CallerRig rig;
    sagas::Request request = request_to(server.port(), "PUT", "/a%20b?c=d");
    request.headers = {{"Skald-Saga", "s1"}, {"X-Tenant", "t"}};
    request.body = R"({"amount":5})";
    request.timeout = Milliseconds(60'000);
    EXPECT_EQ(said(rig.answer(rig.call(request, 3))), "200 null");
    const std::string sent = requests.wait_for(1).front();
    EXPECT_THAT(sent, StartsWith("PUT /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(sent, HasSubstr("\r\nX-Tenant: t\r\n"));
    EXPECT_THAT(sent, HasSubstr("\r\nSkald-Attempt: 3\r\n"));
    EXPECT_THAT(sent, HasSubstr("\r\nSkald-Deadline: 2023-11-14T22:14:20.000Z\r\n"));
    EXPECT_THAT(sent, HasSubstr("\r\nContent-Length: 12\r\n\r\n{\"amount\":5}"));
}

TEST(HttpCaller, SaysNotSentWhenTheConnectionIsRefused) {
    std::uint16_t port = 0;
    {
        const ScriptedServer gone([](Peer&, std::size_t) {});
        port = gone.port();
    }
    CallerRig rig;
    EXPECT_EQ(
        said(rig.ask(request_to(port, "POST", "/charges?token=secret"))),
        "not sent: POST http://127.0.0.1:" + std::to_string(port) + "/charges: connection refused");
}

TEST(HttpCaller, SaysNotSentWhenTheRequestCannotBeSent) {
    const ScriptedServer server(answer_all(ok("1")));
    CallerRig rig;
    sagas::Request request = request_to(server.port());
    request.headers = {{"X-A", "1\r\nX-B: 2"}};
    EXPECT_EQ(said(rig.ask(request)),
              "not sent: GET " + url(server) + ": the value of header X-A has control characters");
    EXPECT_EQ(server.connections(), 0u);
}

TEST(HttpCaller, SaysNotSentWhenNoFileDescriptorIsFree) {
    CallerRig rig;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(before.rlim_cur, before.rlim_max);  // The caller raised it.
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const std::string answer = said(rig.ask(request_to(9)));
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(answer, "not sent: GET http://127.0.0.1:9/: no file descriptor is free");
}

TEST(HttpCaller, FindsHostsByName) {
    const ScriptedServer server(answer_all(ok("1")));
    CallerRig rig;
    sagas::Request request = request_to(server.port());
    request.host = "localhost";  // ::1 too, maybe, where nobody listens.
    EXPECT_EQ(said(rig.ask(request)), "200 1");
}

// ---- What goes wrong after the request went out ----

struct Broken {
    const char* name;
    std::function<void(Peer&)> script;
    const char* expected;
};

class HttpCallerBreak : public ::testing::TestWithParam<Broken> {};

TEST_P(HttpCallerBreak, GivesLost) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.read_request();
        GetParam().script(peer);
    });
    CallerRig rig;
    EXPECT_EQ(said(rig.ask(request_to(server.port(), "POST", "/pay"))),
              "lost: POST " + url(server, "/pay") + ": " + GetParam().expected);
    EXPECT_EQ(server.connections(), 1u);  // It was not sent again.
}

INSTANTIATE_TEST_SUITE_P(
    Breaks, HttpCallerBreak,
    ::testing::Values(Broken{"Close", [](Peer& peer) { peer.close(); },
                             "the connection was closed without a reply"},
                      Broken{"Reset", [](Peer& peer) { peer.reset(); }, "connection reset by peer"},
                      Broken{"CutHead",
                             [](Peer& peer) {
                                 peer.send("HTTP/1.1 200 OK\r\nContent-Le");
                                 peer.close();
                             },
                             "the reply was cut short"},
                      Broken{"CutBody",
                             [](Peer& peer) {
                                 peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
                                 peer.close();
                             },
                             "the reply was cut short"},
                      Broken{"ResetInBody",
                             [](Peer& peer) {
                                 peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
                                 peer.reset();
                             },
                             "connection reset by peer"},
                      Broken{
                          "CutChunk",
                          [](Peer& peer) {
                              peer.send(
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123");
                              peer.close();
                          },
                          "the reply was cut short"},
                      Broken{"NotHttp",
                             [](Peer& peer) {
                                 peer.send("SSH-2.0-OpenSSH_9.2p1\r\n");
                                 peer.wait_until_closed();
                             },
                             "the reply is no valid HTTP/1.1: bad version"}),
    [](const auto& test) { return test.param.name; });

// ---- Time ----

TEST(HttpCaller, SaysLostWhenNoReplyComesInTime) {
    const ScriptedServer server = once([](Peer& peer) { peer.wait_until_closed(); });
    CallerRig rig;
    sagas::Request request = request_to(server.port());
    request.timeout = Milliseconds(50);
    EXPECT_EQ(said(rig.ask(request)), "lost: GET " + url(server) + ": no reply within 50ms");
}

TEST(HttpCaller, SaysLostWhenTheBodyDoesNotEndInTime) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
        peer.wait_until_closed();
    });
    CallerRig rig;
    sagas::Request request = request_to(server.port());
    request.timeout = Milliseconds(50);
    EXPECT_EQ(said(rig.ask(request)), "lost: GET " + url(server) + ": no reply within 50ms");
}

/// A port of 127.0.0.1 whose queue of connections is full: the system drops what comes, silently.
class FullPort {
 public:
    FullPort() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const name = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof(address);
        EXPECT_EQ(::bind(sockets_[0], name, size), 0);
        EXPECT_EQ(::listen(sockets_[0], 0), 0);
        ::getsockname(sockets_[0], name, &size);
        port_ = ntohs(address.sin_port);
        for (std::size_t i = 1; i < sockets_.size(); ++i) ::connect(sockets_[i], name, size);
    }
    ~FullPort() {
        for (const int socket : sockets_) ::close(socket);
    }
    std::uint16_t port() const { return port_; }

 private:
    static int open() { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

    std::array<int, 4> sockets_ = {open(), open(), open(), open()};
    std::uint16_t port_ = 0;
};

TEST(HttpCaller, SaysNotSentWhenItCannotConnectInTime) {
    const FullPort full;
    CallerRig rig;
    sagas::Request request = request_to(full.port());
    request.timeout = Milliseconds(50);
    const std::string authority = "127.0.0.1:" + std::to_string(full.port());
    EXPECT_EQ(said(rig.ask(request)), "not sent: GET http://" + authority +
                                          "/: timed out connecting to " + authority +
                                          " after 50ms");
}

TEST(HttpCaller, SaysNotSentWhenTheHandshakeDoesNotEndInTime) {
    const ScriptedServer server = once([](Peer& peer) { peer.wait_until_closed(); });
    CallerRig rig;
    sagas::Request request = request_to(server.port());
    request.scheme = sagas::HttpCall::Scheme::Https;
    request.timeout = Milliseconds(50);
    EXPECT_EQ(said(rig.ask(request)),
              "not sent: GET https://127.0.0.1:" + std::to_string(server.port()) +
                  "/: timed out connecting to 127.0.0.1:" + std::to_string(server.port()) +
                  " after 50ms");
}

TEST(HttpCaller, ReadsAReplyThatComesByteByByte) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.read_request();
        for (const char byte : ok("[1,2]")) peer.send(std::string_view(&byte, 1));
        peer.wait_until_closed();
    });
    CallerRig rig;
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 [1,2]");
}

// ---- Kept connections ----

/// Connections are kept for as long as the test takes.
HttpCallerOptions keeping() {
    HttpCallerOptions options;
    options.idle_max = std::chrono::hours(1);
    options.connection_age_max = std::chrono::hours(1);
    return options;
}

TEST(HttpCaller, UsesOneConnectionForManyCalls) {
    const ScriptedServer server(answer_all(ok("1")));
    CallerRig rig(keeping());
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_EQ(said(rig.ask(request_to(server.port(), "POST"))), "200 1");
    }
    EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpCaller, ConnectsAnewWhenAKeptConnectionWasClosed) {
    Collected<int> closed;
    const ScriptedServer server([&](Peer& peer, std::size_t) {
        peer.read_request();
        peer.send(ok("1"));
        peer.close();
        closed.add(1);
    });
    CallerRig rig;
    for (std::size_t i = 1; i <= 20; ++i) {
        ASSERT_EQ(said(rig.ask(request_to(server.port(), "POST"))), "200 1");
        closed.wait_for(i);
    }
    EXPECT_EQ(server.connections(), 20u);
}

TEST(HttpCaller, DoesNotReuseAConnectionThatSaidClose) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        peer.wait_until_closed();  // It leaves that to the client.
    });
    CallerRig rig;
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 null");
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 null");
    EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpCaller, DoesNotReuseAConnectionWithBytesBehindTheReply) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.read_request();
        peer.send(ok("1") + ok("2"));
        peer.wait_until_closed();
    });
    CallerRig rig;
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpCaller, DoesNotTakeUnaskedBytesForAReply) {
    Collected<int> sent;
    const ScriptedServer server([&](Peer& peer, std::size_t) {
        peer.read_request();
        peer.send(ok("1"));
        sent.add(1);
        sent.wait_for(2);  // The test has the first reply.
        peer.send(ok("2"));
        sent.add(3);
        peer.wait_until_closed();
    });
    CallerRig rig;
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    sent.add(2);
    sent.wait_for(3);
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpCaller, ClosesAnIdleConnection) {
    Collected<int> closed;
    const ScriptedServer server([&](Peer& peer, std::size_t) {
        peer.read_request();
        peer.send(ok("1"));
        peer.wait_until_closed();
        closed.add(1);
    });
    HttpCallerOptions options;
    options.idle_max = Milliseconds(20);
    CallerRig rig(options);
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    closed.wait_for(1);
}

TEST(HttpCaller, DoesNotKeepAnOldConnection) {
    const ScriptedServer server(answer_all(ok("1")));
    HttpCallerOptions options;
    options.connection_age_max = Milliseconds(-1);
    CallerRig rig(options);
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    EXPECT_EQ(said(rig.ask(request_to(server.port()))), "200 1");
    EXPECT_EQ(server.connections(), 2u);
}

// ---- Bodies ----

TEST(HttpCaller, GivesTheStatusOfAReplyWhoseBodyIsTooLarge) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000, 'x'));
        peer.wait_until_closed();
    });
    HttpCallerOptions options;
    options.reply_bytes_max = 1'000;
    CallerRig rig(options);
    EXPECT_EQ(said(rig.ask(request_to(server.port()))),
              "200 !the reply's body is larger than 1000 bytes");
    EXPECT_EQ(said(rig.ask(request_to(server.port()))),
              "200 !the reply's body is larger than 1000 bytes");
    EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpCaller, ExchangesLargeBodies) {
    const std::string large = '"' + std::string((1u << 20) - 2, 'x') + '"';
    const ScriptedServer server = once([&](Peer& peer) {
        const std::string request = peer.read_request();
        EXPECT_TRUE(request.ends_with(large));
        peer.send(ok(large));
        peer.wait_until_closed();
    });
    CallerRig rig;
    sagas::Request request = request_to(server.port(), "POST");
    request.body = large;
    EXPECT_EQ(said(rig.ask(request)), "200 " + large);
}

TEST(HttpCaller, TakesAReplyThatComesBeforeTheRequestIsThrough) {
    const ScriptedServer server = once([](Peer& peer) {
        peer.send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n");
        peer.end_sending();
        peer.wait_until_closed();
    });
    CallerRig rig;
    sagas::Request request = request_to(server.port(), "POST");
    request.body = std::string(16u << 20, 'x');  // More than the sockets hold.
    EXPECT_EQ(said(rig.ask(request)), "413 null");
}

// ---- The queue ----

TEST(HttpCaller, KeepsToTheLimitOfAnOrigin) {
    // Everybody waits until as many as may be there are, so that more would show.
    Collected<int> arrived;
    std::atomic<int> there = 0;
    std::atomic<int> most = 0;
    const ScriptedServer server([&](Peer& peer, std::size_t) {
        while (!peer.read_request().empty()) {
            const int now = ++there;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
            arrived.add(1);
            arrived.wait_for(4);
            --there;
            peer.send(ok("1"));
        }
    });
    HttpCallerOptions options = keeping();
    options.calls_per_origin = 4;
    CallerRig rig(options);
    std::vector<CallId> ids;
    for (int i = 0; i < 40; ++i) ids.push_back(rig.call(request_to(server.port())));
    for (const CallId id : ids) EXPECT_EQ(said(rig.answer(id)), "200 1");
    EXPECT_EQ(most, 4);
    EXPECT_EQ(server.connections(), 4u);
}

TEST(HttpCaller, TakesBackACallThatIsQueued) {
    Collected<std::string> requests;
    Collected<int> go;
    const ScriptedServer server([&](Peer& peer, std::size_t) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            requests.add(request.substr(0, request.find(" HTTP")));
            go.wait_for(1);
            peer.send(ok("1"));
        }
    });
    HttpCallerOptions options;
    options.calls_per_origin = 1;
    CallerRig rig(options);
    const CallId first = rig.call(request_to(server.port(), "POST", "/first"));
    const CallId second = rig.call(request_to(server.port(), "POST", "/second"));
    const CallId third = rig.call(request_to(server.port(), "POST", "/third"));
    requests.wait_for(1);
    const CallerStats stats = rig.stats();
    EXPECT_EQ(stats.in_flight, 1u);
    EXPECT_EQ(stats.queued, 2u);
    rig.recall(second);
    rig.recall(first);       // In flight: it goes on.
    rig.recall(CallId{99});  // Unknown.
    EXPECT_EQ(said(rig.answer(second)),
              "not sent: POST " + url(server, "/second") + ": taken back before it was sent");
    go.add(1);
    EXPECT_EQ(said(rig.answer(first)), "200 1");
    EXPECT_EQ(said(rig.answer(third)), "200 1");
    EXPECT_THAT(requests.wait_for(2), ::testing::ElementsAre("POST /first", "POST /third"));
    EXPECT_EQ(rig.answers(), 3u);
}

TEST(HttpCaller, ClosesIdleConnectionsWhenAllAreInUse) {
    Collected<int> closed;
    const auto script = [&](Peer& peer, std::size_t) {
        while (!peer.read_request().empty()) peer.send(ok("1"));
        closed.add(1);
    };
    const ScriptedServer one(script);
    const ScriptedServer other(script);
    HttpCallerOptions options = keeping();
    options.calls_max = 1;
    CallerRig rig(options);
    EXPECT_EQ(said(rig.ask(request_to(one.port()))), "200 1");
    EXPECT_EQ(said(rig.ask(request_to(other.port()))), "200 1");
    closed.wait_for(1);  // Of the first origin, for the second one.
}

// ---- The end ----

TEST(HttpCaller, AnswersNothingOnceItIsDestroyed) {
    Collected<int> arrived;
    const ScriptedServer server([&](Peer& peer, std::size_t number) {
        if (number == 0) {
            peer.read_request();
            peer.send(ok("1"));  // Leaves an idle connection.
            peer.read_request();
        }
        arrived.add(1);
        peer.wait_until_closed();
        arrived.add(2);
    });
    HttpCallerOptions options;
    options.calls_per_origin = 2;
    CallerRig rig(options);
    rig.ask(request_to(server.port()));
    rig.call(request_to(server.port()));
    rig.call(request_to(server.port()));
    const CallId queued = rig.call(request_to(server.port()));
    arrived.wait_for(2);
    rig.recall(queued);
    rig.destroy_caller();
    arrived.wait_for(4);  // The connections are closed.
    rig.settle();
    EXPECT_LE(rig.answers(), 2u);  // The first one, and the recall's.
}

TEST(HttpCaller, IsDestroyedWithCallsInFlightWhenTheLoopHasEnded) {
    const ScriptedServer server = once([](Peer& peer) { peer.wait_until_closed(); });
    CallerRig rig;
    for (int i = 0; i < 10; ++i) rig.call(request_to(server.port()));
    rig.settle();
}

TEST(HttpCaller, RefusesCertificatesThatCannotBeRead) {
    const auto loop = make_loop();
    HttpCallerOptions options;
    options.ca_file = "/nonexistent/ca.pem";
    const auto clock = make_engine_clock(system_time(), std::nullopt, AcceptClock::No);
    ASSERT_TRUE(clock.has_value());
    const auto caller = make_http_caller(*loop, **clock, options, [](CallId, sagas::Answer) {});
    ASSERT_FALSE(caller.has_value());
    EXPECT_EQ(caller.error().code, sagas::ErrorCode::InvalidArgument);
    EXPECT_THAT(caller.error().message,
                StartsWith("read the certificates in /nonexistent/ca.pem: "));
}

}  // namespace
}  // namespace skald::engine
