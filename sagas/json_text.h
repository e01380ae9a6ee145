#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "sagas/json.h"

/// Writes JSON at the end of a text: the bytes of a compact Json::dump, but without that call's
/// allocations.
namespace skald::sagas {

/// What becomes of a string that isn't UTF-8.
enum class NotUtf8 : std::uint8_t {
    Throws,    ///< Json::type_error, as Json::dump.
    Replaced,  ///< U+FFFD stands for what is wrong.
};

void append_json(std::string& out, const Json& value, NotUtf8 not_utf8 = NotUtf8::Throws);
void append_json_string(std::string& out, std::string_view text,
                        NotUtf8 not_utf8 = NotUtf8::Throws);

template <std::integral Number>
void append_number(std::string& out, Number number) {
    std::array<char, 20> digits;  // Those of INT64_MIN and UINT64_MAX.
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr);
}

}  // namespace skald::sagas
