#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skald::api {

/// RFC 4648, 5, without padding.
std::string to_base64url(std::string_view bytes);

/// None: it isn't what to_base64url gives for any bytes.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace skald::api
