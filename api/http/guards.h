#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/head.h"
#include "api/problem.h"
#include "api/route.h"

namespace skald::api::http {

/// What the guards know of the server.
struct GuardOptions {
    std::string listen_host;
    std::uint16_t listen_port = 0;
    std::vector<std::string> allowed_hosts;    ///< "skald.example" (any port), "skald.example:80".
    std::vector<std::string> allowed_origins;  ///< "https://skald.example"; a path is ignored.
    std::string token;                         ///< Empty: none needed.
};

/// Refuses requests that a web page or a stranger made: listening on loopback is no guard, for any
/// page may post to 127.0.0.1, and can have its own name point there (DNS rebinding).
///
/// Threads: free.
class Guards {
 public:
    explicit Guards(GuardOptions options);

    /// The Host must be the listen address (with its port or none), a name of the local host (with
    /// any port, for ports are forwarded) or allowed. Where all addresses are listened on, any IP
    /// address will do: rebinding takes a name. Only HTTP/1.0 may go without.
    std::optional<Problem> check_host(const RequestHead& head) const;

    /// An Origin must be that of the Host it is sent to, the listen address or a local name with
    /// the listen port, an allowed host, or an allowed origin; other pages' requests are refused.
    /// Programs send none.
    std::optional<Problem> check_origin(const RequestHead& head) const;

    /// `Authorization: Bearer TOKEN` (RFC 6750), compared in constant time.
    std::optional<Problem> check_token(const RequestHead& head) const;

 private:
    enum class LocalPort : std::uint8_t { Any, Ours };
    bool is_ours(std::string_view authority, LocalPort local_port) const;

    GuardOptions options_;
    bool listens_everywhere_;
};

/// POST, PUT, PATCH and DELETE must say `Content-Type: application/json` (with any parameters),
/// also without a body: a page can send that to another origin only after asking, and we never
/// say yes. The same goes for CloudEvents: the types of structured ones and of batches, and for
/// binary ones, whose type is that of their data, the header `ce-specversion`.
std::optional<Problem> check_content_type(const RequestHead& head, BodyKind kind);

}  // namespace skald::api::http
