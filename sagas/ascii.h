#pragma once

namespace skald::sagas {

/// Of ASCII, whatever the locale is.
constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

}  // namespace skald::sagas
