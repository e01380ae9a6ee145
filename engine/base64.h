#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skald::engine {

/// RFC 4648, 4, with padding. Precondition of both: less than 1 GiB.
std::string to_base64(std::string_view bytes);

/// None: it is not what to_base64 gives for any bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace skald::engine
