#include "engine/trace_context.h"

#include <array>
#include <initializer_list>

namespace skald::engine {
namespace {

/// FNV-1a over the parts with a zero byte behind each, then MurmurHash3's finaliser so that every
/// bit of the result depends on every bit of the text. Never 0, which would be no valid id.
std::uint64_t hash(std::uint64_t seed, std::initializer_list<std::string_view> parts) {
    std::uint64_t value = 0xCBF29CE484222325u ^ seed;
    const auto add = [&value](unsigned char byte) {
        value ^= byte;
        value *= 0x100000001B3u;
    };
    for (const std::string_view part : parts) {
        for (const char byte : part) add(static_cast<unsigned char>(byte));
        add(0);
    }
    value ^= value >> 33;
    value *= 0xFF51AFD7ED558CCDu;
    value ^= value >> 33;
    value *= 0xC4CEB9FE1A85EC53u;
    value ^= value >> 33;
    return value == 0 ? 1 : value;
}

void append_hex(std::string& text, std::uint64_t value) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::array<char, 16> digits;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value >>= 4) {
        *digit = kDigits[value & 0xFu];
    }
    text.append(digits.data(), digits.size());
}

}  // namespace

std::string traceparent(std::string_view saga, std::string_view step, std::string_view phase,
                        std::uint32_t attempt) {
    std::string text;
    text.reserve(55);
    text += "00-";
    append_hex(text, hash(0x5B, {saga}));
    append_hex(text, hash(0xA7, {saga}));
    text += '-';
    append_hex(text, hash(0x3D, {saga, step, phase, std::to_string(attempt)}));
    text += "-01";
    return text;
}

}  // namespace skald::engine
