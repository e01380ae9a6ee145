#include "sagas/utf8.h"

#include <cstdint>

namespace skald::sagas {
namespace {

/// What may follow a first byte: how many bytes, and the range of the first of them.
struct Sequence {
    std::size_t length;  // 0: not a first byte.
    std::uint8_t low;
    std::uint8_t high;
};

Sequence sequence(std::uint8_t first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xC2) return {0, 0, 0};
    if (first < 0xE0) return {2, 0x80, 0xBF};
    if (first == 0xE0) return {3, 0xA0, 0xBF};  // Below would be overlong.
    if (first == 0xED) return {3, 0x80, 0x9F};  // Above are the surrogates.
    if (first < 0xF0) return {3, 0x80, 0xBF};
    if (first == 0xF0) return {4, 0x90, 0xBF};
    if (first < 0xF4) return {4, 0x80, 0xBF};
    if (first == 0xF4) return {4, 0x80, 0x8F};  // Above U+10FFFF.
    return {0, 0, 0};
}

bool is_continuation(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80; }

}  // namespace

bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const Sequence next = sequence(static_cast<std::uint8_t>(text[at]));
        if (next.length == 0 || text.size() - at < next.length) return false;
        for (std::size_t i = 1; i < next.length; ++i) {
            const auto byte = static_cast<std::uint8_t>(text[at + i]);
            const std::uint8_t low = i == 1 ? next.low : 0x80;
            const std::uint8_t high = i == 1 ? next.high : 0xBF;
            if (byte < low || byte > high) return false;
        }
        at += next.length;
    }
    return true;
}

std::string in_quotes(std::string_view text, std::size_t bytes_max) {
    std::size_t end = text.size();
    if (end > bytes_max) {
        end = bytes_max;
        while (end > 0 && is_continuation(text[end])) --end;
    }
    std::string result = "\"";
    for (const char byte : text.substr(0, end)) {
        const auto code = static_cast<std::uint8_t>(byte);
        result += code < 0x20 || code == 0x7F ? '?' : byte;
    }
    if (end < text.size()) result += "...";
    return result + "\"";
}

}  // namespace skald::sagas
