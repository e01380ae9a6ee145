#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::api {

struct HttpServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;  ///< 0: a free one.
    /// Requests that are worked on at once, at most (what waits takes no thread); made when they
    /// are needed.
    std::size_t threads = 64;
    /// Open at once, and at most a quarter of the descriptors that the process may have. For one
    /// more, one that is idle or late is closed, or else it is refused.
    std::size_t connections_max = 5'120;
    std::size_t waiting_max = 4'096;  ///< Of them, those that wait (Later::Long, Stream) or idle.
    std::size_t streams_max = 64;     ///< Of them, streams; more are refused.
    std::size_t header_count_max = 100;
    std::size_t header_bytes_max = 32u << 10;
    std::size_t target_bytes_max = 8u << 10;
    sagas::Milliseconds header_time{10'000};  ///< To send all headers.
    sagas::Milliseconds body_time{30'000};
    sagas::Milliseconds write_time{30'000};  ///< For the client to take a reply.
    sagas::Milliseconds idle_time{15'000};   ///< Between two requests.
    /// For the client to take a piece of a stream: who needs longer is dropped.
    sagas::Milliseconds stream_write_time{10'000};
    /// Beside the listen address and localhost names: "skald.example" (with any port) or
    /// "skald.example:8080".
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> allowed_origins;  ///< --public-url; their hosts are allowed, too.
    std::string token;                         ///< Empty: none needed.
    /// OpsOnly: the routes for Audience::Ops alone, on two threads at most.
    enum class Serve : std::uint8_t { Everything, OpsOnly } serve = Serve::Everything;
};

/// What the server tells of each request that it answers: route ("" when none matched), method
/// (one that some route takes, else "other"), code.
///
/// Threads: called on any number at once; must be quick and not throw.
using RequestObserver =
    std::function<void(std::string_view operation_id, std::string_view method, int code)>;

/// The HTTP server (api/http/), bound to a route table: cpp-httplib listens and accepts, the
/// connections are ours.
///
/// Everything that a request may do wrong is answered with a problem document. What can't be read
/// as a request, or is refused before its body was read, closes the connection.
///
/// Threads: free. Handlers run on the server's threads; what waits (idle connections, slow clients,
/// Later, Stream) takes none.
class HttpServer {
 public:
    virtual ~HttpServer() = default;  ///< Stops, if it wasn't, without patience.
    virtual std::uint16_t port() const = 0;
    /// Takes no new connections, closes the idle, finishes every Later::Long at once, ends every
    /// Stream, and answers what is in work until `time` is over; then closes the rest and finishes
    /// what waits. Returns when no handler runs any more. A second call does nothing.
    virtual void stop(sagas::Milliseconds time) = 0;
};

/// Binds, and serves on threads of its own. `table` must outlive it.
/// Errors: Unavailable: "listen on 127.0.0.1:8080: address already in use"; when the system has no
/// descriptors or threads left.
sagas::Result<std::unique_ptr<HttpServer>> start_http_server(const RouteTable& table,
                                                             HttpServerOptions options,
                                                             RequestObserver observer);

}  // namespace skald::api
