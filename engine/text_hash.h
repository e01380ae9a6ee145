#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skald::engine {

/// FNV-1a, as 16 hexadecimal digits: the same on every machine, for ever. Nobody is kept from
/// making two texts with the same one.
inline std::string hash_text(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::uint64_t hash = 14'695'981'039'346'656'037u;
    for (const char byte : text) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 1'099'511'628'211u;
    }
    std::string digits;
    for (int shift = 60; shift >= 0; shift -= 4) digits += kDigits[(hash >> shift) & 15u];
    return digits;
}

}  // namespace skald::engine
