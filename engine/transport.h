#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/resolver.h"
#include "engine/tls.h"
#include "sagas/result.h"

namespace skald::engine {

/// One outgoing TCP connection, plain or TLS, that never blocks: each member does what it can now
/// and says what to wait for. The socket itself belongs to whoever waits for it.
///
/// Threads: one at a time.
class Transport {
 public:
    enum class Step : std::uint8_t {
        Done,       ///< `bytes` were moved, where bytes are.
        WantRead,   ///< Again, once the socket is readable.
        WantWrite,  ///< Again, once it is writable.
        Ended,      ///< The other side has closed in good order.
        Failed,     ///< `why_failed()` says why.
    };
    struct Moved {
        Step step;
        std::size_t bytes = 0;
    };
    enum class Quiet : std::uint8_t { Yes, No };

    /// A new non-blocking socket of the address' family. Errors: Unavailable: "no file descriptor
    /// is free".
    static sagas::Result<int> open_socket(const Address& address);

    /// Over the socket `fd`, which must outlive it.
    explicit Transport(int fd) : fd_(fd) {}

    /// Starts to connect.
    Step connect(const Address& address);
    /// Once it is writable: whether it is connected.
    Step finish_connect();
    /// Goes on with the TLS handshake. `context` and `host` as make_tls_session.
    Step shake_hands(ssl_ctx_st& context, const std::string& host);

    Moved write(std::string_view bytes);
    Moved read(std::span<char> buffer);

    /// Whether the connection stands and nothing waits to be read: it can carry a new request.
    Quiet is_quiet();
    /// Tells the other side that nothing more comes (TLS), as far as that goes now.
    void say_goodbye();

    bool is_tls() const { return session_ != nullptr; }
    const std::string& why_failed() const { return why_failed_; }

 private:
    Step fail(int error);
    Step tls_step(int result);

    int fd_;
    SslSession session_;  // Null: plain.
    std::string why_failed_;
};

}  // namespace skald::engine
