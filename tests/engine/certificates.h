#pragma once

#include <cstdint>
#include <string>

namespace skald::engine {

/// A certificate and its private key, PEM.
struct Identity {
    std::string certificate;
    std::string key;
};

/// An authority of its own, made for one test.
Identity make_authority();

enum class Validity : std::uint8_t { Now, Expired };

/// A server's identity, signed by `authority`, for a subjectAltName such as "DNS:localhost" or
/// "IP:127.0.0.1".
Identity make_identity(const Identity& authority, const std::string& alternative_name,
                       Validity validity);

}  // namespace skald::engine
