#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api/http_server.h"
#include "tests/api/raw_client.h"

namespace skald::api {

/// Longer than any test.
inline constexpr sagas::Milliseconds kForever{3'600'000};

/// A server on a free port whose handlers tell what they got; with routes of the test's own.
class EchoServer {
 public:
    explicit EchoServer(HttpServerOptions options = {}, std::vector<Route> more_routes = {});

    std::uint16_t port() const { return server_->port(); }
    HttpServer& server() { return *server_; }
    /// Sends `request` on a connection of its own. Status 0: closed without a reply.
    RawReply ask(std::string_view request);

    struct Seen {
        std::string operation_id;
        std::string method;
        int code;
        bool operator==(const Seen&) const = default;
    };
    /// What the observer was told so far.
    std::vector<Seen> seen() const;
    /// How many requests came to a handler of the echo routes.
    int handled() const;

 private:
    Answer echo(const Request& request);

    mutable std::mutex mutex_;
    std::vector<Seen> seen_;
    int handled_ = 0;
    RouteTable table_;
    std::unique_ptr<HttpServer> server_;
};

/// A route that answers with what `handler` says.
Route route(std::string method, std::string path, Handler handler);

/// Expects a problem document that is whole and is like its reply; gives it.
sagas::Json expect_problem(const RawReply& reply, ProblemType type);

}  // namespace skald::api
