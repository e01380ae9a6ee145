#pragma once

#include <algorithm>
#include <string_view>

namespace skald::sagas {

/// Of ASCII, whatever the locale is.
constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
constexpr char to_lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

/// But for the case of letters.
constexpr bool are_equal_texts(std::string_view text, std::string_view other) {
    return text.size() == other.size() &&
           std::equal(text.begin(), text.end(), other.begin(),
                      [](char a, char b) { return to_lower(a) == to_lower(b); });
}

}  // namespace skald::sagas
