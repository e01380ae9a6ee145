#include "api/cursor.h"

#include <cstdint>
#include <cstdio>

namespace skald::api {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648, 5, without padding.
std::string to_base64url(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xffff;
        count += 8;
        while (count >= 6) {
            count -= 6;
            text += kAlphabet[bits >> count & 63];
        }
    }
    if (count > 0) text += kAlphabet[bits << (6 - count) & 63];
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = kAlphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xff);
        }
    }
    return bytes;
}

std::string check_of(std::string_view list, std::string_view position) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::string_view part : {list, std::string_view("\n"), position}) {
        for (const char c : part) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
    }
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

}  // namespace

std::string make_cursor(std::string_view list, std::string_view position) {
    return to_base64url(std::string(position) + "\n" + check_of(list, position));
}

std::optional<std::string> read_cursor(std::string_view list, std::string_view cursor) {
    const auto bytes = from_base64url(cursor);
    if (!bytes) return std::nullopt;
    const auto newline = bytes->rfind('\n');
    if (newline == std::string::npos) return std::nullopt;
    std::string position = bytes->substr(0, newline);
    // Re-encoding refuses other texts for the same bytes.
    if (bytes->substr(newline + 1) != check_of(list, position)) return std::nullopt;
    if (make_cursor(list, position) != cursor) return std::nullopt;
    return position;
}

}  // namespace skald::api
