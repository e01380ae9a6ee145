#pragma once

#include <string>
#include <string_view>

namespace skald::api {

/// SHA-256 (FIPS 180-4) of `bytes`, in lower case hexadecimal.
std::string sha256_hex(std::string_view bytes);

}  // namespace skald::api
