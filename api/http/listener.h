#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sagas/result.h"

namespace skald::api::http {

/// cpp-httplib's server: it listens, accepts and hands each connection on. The one file that
/// knows the library; connection.h says why it doesn't read or write for us.
class Listener {
 public:
    /// Takes over a connection, without blocking. On the accepting thread.
    using Accept = std::function<void(int socket)>;

    virtual ~Listener() = default;  ///< Stops, if it wasn't.
    virtual std::uint16_t port() const = 0;
    /// Begins to accept, on a thread of its own.
    virtual void start() = 0;
    /// Accepts no more, closes the port, and joins.
    virtual void stop() = 0;
};

/// Binds `host` and `port` (0: a free one) and listens.
/// Errors: Unavailable: "listen on 127.0.0.1:8080: address already in use".
sagas::Result<std::unique_ptr<Listener>> bind_listener(const std::string& host, std::uint16_t port,
                                                       Listener::Accept accept);

}  // namespace skald::api::http
