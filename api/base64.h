#pragma once

#include <string>
#include <string_view>

namespace skald::api {

/// RFC 4648, 4, with padding.
std::string to_base64(std::string_view bytes);

/// Whether `text` is what to_base64 gives for some bytes.
bool is_base64(std::string_view text);

}  // namespace skald::api
