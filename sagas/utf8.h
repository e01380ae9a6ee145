#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skald::sagas {

/// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

/// `text` in double quotes for a message: at most `bytes_max` bytes of it, cut between characters,
/// with "..." where something was left out, and control characters as "?".
/// Precondition: `text` is UTF-8.
std::string in_quotes(std::string_view text, std::size_t bytes_max = 80);

}  // namespace skald::sagas
