#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "sagas/definition.h"

namespace skald::engine {

/// Whom a call goes to. Calls to one origin share connections and a limit.
struct Origin {
    sagas::HttpCall::Scheme scheme;
    std::string host;  ///< A name or address; IPv6 without brackets. Lower case.
    std::uint16_t port;

    bool operator==(const Origin&) const = default;
};

struct OriginHash {
    std::size_t operator()(const Origin& origin) const {
        const std::size_t rest = (std::size_t{origin.port} << 1) |
                                 (origin.scheme == sagas::HttpCall::Scheme::Https ? 1u : 0u);
        return std::hash<std::string>()(origin.host) ^ (rest * 0x9E3779B97F4A7C15u);
    }
};

/// "api.example.com", or "[::1]:8080": the host as it stands in a URL, with the port unless it is
/// the scheme's own.
std::string authority(const Origin& origin);
/// "https://api.example.com".
std::string to_text(const Origin& origin);

}  // namespace skald::engine
