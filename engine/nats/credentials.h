#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace skald::engine {

struct NatsCredentials {
    std::string jwt;
    std::string seed;
};

/// Reads the text of a .creds file, as `nsc` writes it. Errors: what is missing; holds nothing of
/// the text.
tl::expected<NatsCredentials, std::string> read_credentials(std::string_view text);

}  // namespace skald::engine
