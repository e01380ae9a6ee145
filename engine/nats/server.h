#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sagas/result.h"

namespace skald::engine {

/// One address of a broker.
struct NatsUrl {
    enum class Security : std::uint8_t { Plain, Tls } security;
    std::string host;  ///< IPv6 without brackets.
    std::uint16_t port;

    std::string text() const;  ///< "nats://broker.example:4222"
};

/// "nats://HOST[:PORT]" or "tls://HOST[:PORT]"; the port is 4222 unless it says another. Errors:
/// what is wrong with it, for people.
tl::expected<NatsUrl, std::string> parse_nats_url(std::string_view text);

/// By what a server knows us; what is empty is not sent.
struct NatsLogin {
    std::string user, password;
    std::string token;
    std::string credentials;  ///< The text of a .creds file: a JWT, and the seed of its key.
};

/// A broker, as whoever made its bridge describes it.
struct NatsServer {
    std::vector<NatsUrl> urls;               ///< One at least; tried in turn.
    bool needs_tls = false;                  ///< Whatever the URLs say.
    std::string ca_file;                     ///< PEM; empty: the system's certificates.
    std::string certificate_file, key_file;  ///< PEM; empty: no certificate of ours is shown.
    std::string domain;                      ///< Of JetStream; empty: that of the server.
    /// Asked before each connect, so that a secret that was changed is heard of. Threads: any.
    /// Errors: Unavailable: what is missing.
    std::function<sagas::Result<NatsLogin>()> login;
};

}  // namespace skald::engine
