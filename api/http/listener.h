#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::api::http {

/// cpp-httplib's server: it listens, accepts and hands each connection to a task. The one file that
/// knows the library; connection.h says why it doesn't read or write for us.
class Listener {
 public:
    struct Tasks {
        /// Calls `task` on another thread; false, with `task` untouched: there is none. On the
        /// accepting thread.
        std::function<bool(std::function<void()>& task)> submit;
        /// Serves and closes a connection; called in `submit`'s task.
        std::function<void(int socket)> serve;
        /// Closes a connection that `submit` didn't take. On the accepting thread.
        std::function<void(int socket)> turn_away;
        /// Called about once a second while no connection comes. On the accepting thread.
        std::function<void()> idle;
    };

    virtual ~Listener() = default;  ///< Stops, if it wasn't.
    virtual std::uint16_t port() const = 0;
    /// Begins to accept, on a thread of its own.
    virtual void start() = 0;
    /// Accepts no more, closes the port, and joins.
    virtual void stop() = 0;
};

/// Binds `host` and `port` (0: a free one) and listens. `receive_time`: how long a receive without
/// a deadline waits on the sockets that `serve` gets.
/// Errors: Unavailable: "listen on 127.0.0.1:8080: address already in use".
sagas::Result<std::unique_ptr<Listener>> bind_listener(const std::string& host, std::uint16_t port,
                                                       sagas::Milliseconds receive_time,
                                                       Listener::Tasks tasks);

}  // namespace skald::api::http
