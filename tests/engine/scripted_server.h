#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/engine/certificates.h"

namespace skald::engine {

/// The server's end of one connection: raw bytes over a blocking socket. What can't be sent or read
/// because the client went away is dropped.
class Peer {
 public:
    virtual ~Peer() = default;

    /// The next request, head and body; "" once the client has closed.
    virtual std::string read_request() = 0;
    /// What comes next, as it comes; "" once the client has closed.
    virtual std::string read_some() = 0;
    virtual void send(std::string_view bytes) = 0;
    /// No more is sent, in good order (TLS: close_notify); what the client sends is still read.
    virtual void end_sending() = 0;
    /// Closes with a TCP reset.
    virtual void reset() = 0;
    /// Closes; with TLS without a close_notify.
    virtual void close() = 0;
    /// Reads what comes until the client closes.
    void wait_until_closed() {
        while (!read_some().empty()) {
        }
    }
};

/// A server on 127.0.0.1 that does to each connection what a script says, on a thread for each.
class ScriptedServer {
 public:
    /// `number` counts connections from 0. The connection is closed when the script returns.
    using Script = std::function<void(Peer& peer, std::size_t number)>;

    explicit ScriptedServer(Script script, std::optional<Identity> tls = std::nullopt);
    ~ScriptedServer();  ///< Closes all connections, then waits for the scripts.

    std::uint16_t port() const;
    std::size_t connections() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A script that answers every request with `reply`.
ScriptedServer::Script answer_all(std::string reply);

/// A 200 with the JSON text `body`.
std::string ok(std::string_view body);

}  // namespace skald::engine
