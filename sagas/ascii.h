#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

/// Of ASCII, whatever the locale is.
namespace skald::sagas {

constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
constexpr char to_lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}
inline std::string to_lower(std::string_view text) {
    std::string lowered(text);
    for (char& byte : lowered) byte = to_lower(byte);
    return lowered;
}

/// But for the case of letters.
constexpr bool are_equal_texts(std::string_view text, std::string_view other) {
    return text.size() == other.size() &&
           std::equal(text.begin(), text.end(), other.begin(),
                      [](char a, char b) { return to_lower(a) == to_lower(b); });
}

/// Bytes that are looked up by their value.
using ByteSet = std::array<bool, 256>;
constexpr bool has(const ByteSet& set, char byte) { return set[static_cast<unsigned char>(byte)]; }
constexpr bool has_all(const ByteSet& set, std::string_view text) {
    return std::all_of(text.begin(), text.end(), [&set](char byte) { return has(set, byte); });
}

/// tchar of RFC 9110, section 5.6.2.
inline constexpr ByteSet kTokenBytes = [] {
    ByteSet set{};
    for (const char byte : std::string_view("0123456789"
                                            "abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "!#$%&'*+-.^_`|~")) {
        set[static_cast<unsigned char>(byte)] = true;
    }
    return set;
}();
/// A token of RFC 9110: a method, or the name of a header.
constexpr bool is_http_token(std::string_view text) {
    return !text.empty() && has_all(kTokenBytes, text);
}

/// What stands in a JSON string as it is, and is UTF-8 by itself.
inline constexpr ByteSet kPlainJsonBytes = [] {
    ByteSet set{};
    for (unsigned char byte = 0x20; byte < 0x80; ++byte) set[byte] = byte != '"' && byte != '\\';
    return set;
}();

}  // namespace skald::sagas
