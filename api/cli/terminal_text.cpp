#include "api/cli/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace skald::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::uint32_t kBroken = 0xffffffff;

struct Character {
    std::uint32_t code;  ///< kBroken: a byte that is no UTF-8.
    std::size_t bytes;
};

/// The character that `text` starts with. Precondition: it isn't empty.
Character first_of(std::string_view text) {
    const auto byte = static_cast<unsigned char>(text[0]);
    if (byte < 0x80) return {byte, 1};
    const std::size_t bytes = byte >= 0xf0 && byte < 0xf5   ? 4
                              : byte >= 0xe0 && byte < 0xf0 ? 3
                              : byte >= 0xc2 && byte < 0xe0 ? 2
                                                            : 0;
    if (bytes == 0 || bytes > text.size()) return {kBroken, 1};
    std::uint32_t code = byte & (0x7fu >> bytes);
    for (std::size_t at = 1; at < bytes; ++at) {
        const auto next = static_cast<unsigned char>(text[at]);
        if ((next & 0xc0) != 0x80) return {kBroken, 1};
        code = code << 6 | (next & 0x3fu);
    }
    return {code, bytes};
}

struct Range {
    std::uint32_t first, last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, std::uint32_t code) {
    return std::any_of(ranges.begin(), ranges.end(), [code](const Range& range) {
        return code >= range.first && code <= range.last;
    });
}

/// Controls, marks of direction, separators of lines, and characters that can't be seen.
constexpr std::array kSteering = {
    Range{0x0, 0x1f},        Range{0x7f, 0x9f},       Range{0x61c, 0x61c},   Range{0x200b, 0x200f},
    Range{0x2028, 0x202e},   Range{0x2060, 0x206f},   Range{0xfeff, 0xfeff}, Range{0xfff9, 0xfffb},
    Range{0xe0000, 0xe007f}, Range{kBroken, kBroken},
};
constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0xa4cf},   Range{0xac00, 0xd7a3},
    Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},
    Range{0xffe0, 0xffe6},   Range{0x1f300, 0x1f64f}, Range{0x1f900, 0x1faff},
    Range{0x20000, 0x3fffd},
};
constexpr std::array kCombining = {
    Range{0x300, 0x36f},
    Range{0x1ab0, 0x1aff},
    Range{0x20d0, 0x20ff},
    Range{0xfe00, 0xfe0f},
};

std::size_t columns_of_character(std::uint32_t code) {
    if (code < 0x300 || code == kBroken) return 1;
    if (is_in(kCombining, code)) return 0;
    return is_in(kWide, code) ? 2 : 1;
}

/// Bytes of the colour that `text` starts with ("\x1b[31m"), or 0.
std::size_t colour_at(std::string_view text) {
    if (!text.starts_with("\x1b[")) return 0;
    const auto end = text.find_first_not_of("0123456789;", 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const auto [code, bytes] = first_of(text);
        shown += is_in(kSteering, code) ? kReplacement : text.substr(0, bytes);
        text.remove_prefix(bytes);
    }
    return shown;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        if (const std::size_t colour = colour_at(text); colour > 0) {
            text.remove_prefix(colour);
            continue;
        }
        const auto [code, bytes] = first_of(text);
        columns += columns_of_character(code);
        text.remove_prefix(bytes);
    }
    return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string(text);
    std::size_t kept = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto [code, bytes] = first_of(text.substr(at));
        kept += columns_of_character(code);
        if (kept >= columns) break;  // The last one is the mark's.
        at += bytes;
    }
    return std::string(text.substr(0, at)) + "…";
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
    std::string lines;
    std::size_t used = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t needed = columns_of(word);
        if (used > 0 && used + 1 + needed > columns) {
            lines.append("\n").append(indent, ' ');
            used = 0;
        } else if (used > 0) {
            lines += ' ';
            ++used;
        }
        lines += word;
        used += needed;
    }
    return lines;
}

}  // namespace skald::cli
