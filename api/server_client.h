#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/cli/event_stream_reader.h"
#include "api/document.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::api {

struct ServerRequest {
    std::string method;
    std::string target;  ///< Path and query, encoded.
    std::string body;    ///< JSON; empty: none.
    /// Content-Type: application/json is added, unless another one is here.
    std::vector<std::pair<std::string, std::string>> headers;
    sagas::Milliseconds wait{0};  ///< What `?wait=` asks for: the answer may take as long.
};

struct ServerReply {
    int status = 0;
    Document body;  ///< Null when there was none; a string where it is a drawing (text/vnd.…).
};

/// What becomes of a stream of events.
enum class Following : std::uint8_t { GoOn, End };
/// Takes the events that came since the last time, at least one.
using OnEvents = std::function<Following(std::span<const cli::ServerEvent>)>;

/// A server as the commands see it; over HTTP, or a test's.
class ServerClient {
 public:
    virtual ~ServerClient() = default;
    /// Errors: Unavailable: it can't be reached, or broke off (then the request may have been
    /// done).
    virtual sagas::Result<ServerReply> send(const ServerRequest& request) = 0;
    /// Reads the server-sent events that answer `request`, and hands them to `on_events`, on this
    /// thread and at most every 200 ms, until that says End, or the stream ends or breaks: 200, for
    /// there was a stream. Another status: there was none, and the body is as with `send`.
    /// Errors: Unavailable: the server can't be reached, or answers with something else.
    virtual sagas::Result<ServerReply> stream(const ServerRequest& request,
                                              const OnEvents& on_events) = 0;
    /// Lets some time pass before a server that is away is asked again.
    virtual void pause(sagas::Milliseconds time) = 0;
};

/// The server at `url` ("http://127.0.0.1:8080"); redirects are not followed. `token`: sent as a
/// bearer token, unless empty. Errors: InvalidArgument: `url` isn't one.
sagas::Result<std::unique_ptr<ServerClient>> make_server_client(const std::string& url,
                                                                const std::string& token);

}  // namespace skald::api
