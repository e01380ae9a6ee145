#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "tests/engine/caller_rig.h"
#include "tests/engine/certificates.h"
#include "tests/engine/scripted_server.h"

namespace skald::engine {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// An authority that the caller trusts, and the servers that it vouches for.
class HttpsCaller : public ::testing::Test {
 protected:
    HttpsCaller() { std::ofstream(ca_file_) << authority_.certificate; }
    ~HttpsCaller() override { ::unlink(ca_file_.c_str()); }

    HttpCallerOptions options() const {
        HttpCallerOptions options;
        options.ca_file = ca_file_;
        // Connections are kept for as long as the test takes.
        options.idle_max = std::chrono::hours(1);
        options.connection_age_max = std::chrono::hours(1);
        return options;
    }
    Identity identity(const std::string& name, Validity validity = Validity::Now) const {
        return make_identity(authority_, name, validity);
    }
    static sagas::Request request(const ScriptedServer& server, const std::string& host) {
        sagas::Request request = request_to(server.port(), "POST", "/pay");
        request.scheme = sagas::HttpCall::Scheme::Https;
        request.host = host;
        return request;
    }

    const Identity authority_ = make_authority();
    const std::string ca_file_ =
        ::testing::TempDir() + "skald_ca_" + std::to_string(::getpid()) + ".pem";
};

TEST_F(HttpsCaller, CallsAServerThatTheAuthorityVouchesFor) {
    const ScriptedServer server(answer_all(ok("1")), identity("DNS:localhost"));
    CallerRig rig(options());
    EXPECT_EQ(said(rig.ask(request(server, "localhost"))), "200 1");
}

TEST_F(HttpsCaller, ChecksAddresses) {
    const ScriptedServer server(answer_all(ok("1")), identity("IP:127.0.0.1"));
    CallerRig rig(options());
    EXPECT_EQ(said(rig.ask(request(server, "127.0.0.1"))), "200 1");
}

TEST_F(HttpsCaller, UsesOneConnectionForManyCalls) {
    const ScriptedServer server(answer_all(ok("1")), identity("IP:127.0.0.1"));
    CallerRig rig(options());
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(said(rig.ask(request(server, "127.0.0.1"))), "200 1");
    }
    EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpsCaller, ExchangesLargeBodies) {
    const std::string large = '"' + std::string((1u << 20) - 2, 'x') + '"';
    const ScriptedServer server(
        [&](Peer& peer, std::size_t) {
            EXPECT_TRUE(peer.read_request().ends_with(large));
            peer.send(ok(large));
            peer.wait_until_closed();
        },
        identity("IP:127.0.0.1"));
    CallerRig rig(options());
    sagas::Request sent = request(server, "127.0.0.1");
    sent.body = large;
    EXPECT_EQ(said(rig.ask(sent)), "200 " + large);
}

TEST_F(HttpsCaller, SendsNothingToAnotherHost) {
    const ScriptedServer server(answer_all(ok("1")), identity("DNS:other.example"));
    CallerRig rig(options());
    const std::string answer = said(rig.ask(request(server, "localhost")));
    EXPECT_THAT(answer, ::testing::StartsWith("not sent: POST https://localhost:"));
    EXPECT_THAT(answer, EndsWith("/pay: TLS: hostname mismatch"));
}

TEST_F(HttpsCaller, SendsNothingToAnotherAddress) {
    const ScriptedServer server(answer_all(ok("1")), identity("IP:127.0.0.2"));
    CallerRig rig(options());
    EXPECT_THAT(said(rig.ask(request(server, "127.0.0.1"))), HasSubstr("TLS: IP address mismatch"));
}

TEST_F(HttpsCaller, SendsNothingWhenTheCertificateHasExpired) {
    const ScriptedServer server(answer_all(ok("1")), identity("IP:127.0.0.1", Validity::Expired));
    CallerRig rig(options());
    const std::string answer = said(rig.ask(request(server, "127.0.0.1")));
    EXPECT_THAT(answer, ::testing::StartsWith("not sent: "));
    EXPECT_THAT(answer, EndsWith("TLS: certificate has expired"));
}

TEST_F(HttpsCaller, SendsNothingWhenTheAuthorityIsUnknown) {
    const ScriptedServer server(answer_all(ok("1")),
                                make_identity(make_authority(), "IP:127.0.0.1", Validity::Now));
    CallerRig rig(options());
    const std::string answer = said(rig.ask(request(server, "127.0.0.1")));
    EXPECT_THAT(answer, ::testing::StartsWith("not sent: "));
    EXPECT_THAT(answer, HasSubstr("TLS: "));
}

TEST_F(HttpsCaller, SendsNothingToAServerWithoutTls) {
    const ScriptedServer server([](Peer& peer, std::size_t) {
        peer.read_some();
        peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        peer.wait_until_closed();
    });
    CallerRig rig(options());
    EXPECT_THAT(said(rig.ask(request(server, "127.0.0.1"))),
                ::testing::AllOf(::testing::StartsWith("not sent: "), HasSubstr("TLS: ")));
}

TEST_F(HttpsCaller, TakesABodyThatEndsWithTheConnectionOnlyWhenThatWasEndedInGoodOrder) {
    const ScriptedServer server(
        [](Peer& peer, std::size_t number) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\n\r\nwhole");
            if (number == 0) {
                peer.end_sending();
                peer.wait_until_closed();
            }
        },
        identity("IP:127.0.0.1"));
    CallerRig rig(options());
    EXPECT_EQ(said(rig.ask(request(server, "127.0.0.1"))), "200 \"whole\"");
    EXPECT_THAT(said(rig.ask(request(server, "127.0.0.1"))),
                ::testing::AllOf(::testing::StartsWith("lost: "), HasSubstr("TLS: ")));
}

TEST_F(HttpsCaller, ConnectsAnewWhenAKeptConnectionWasClosed) {
    Collected<int> closed;
    const ScriptedServer server(
        [&](Peer& peer, std::size_t) {
            peer.read_request();
            peer.send(ok("1"));
            peer.close();
            closed.add(1);
        },
        identity("IP:127.0.0.1"));
    CallerRig rig(options());
    for (std::size_t i = 1; i <= 5; ++i) {
        ASSERT_EQ(said(rig.ask(request(server, "127.0.0.1"))), "200 1");
        closed.wait_for(i);
    }
    EXPECT_EQ(server.connections(), 5u);
}

}  // namespace
}  // namespace skald::engine
