#include "api/cli/console.h"

#include <algorithm>
#include <ostream>

namespace skald::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::string_view escape_code(Style style) {
    switch (style) {
        case Style::Plain:
            return "";
        case Style::Bold:
            return "\x1b[1m";
        case Style::Dim:
            return "\x1b[2m";
        case Style::Good:
            return "\x1b[32m";
        case Style::Bad:
            return "\x1b[31m";
        case Style::Warning:
            return "\x1b[33m";
        case Style::Busy:
            return "\x1b[36m";
    }
    return "";
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

std::string Console::styled(Style style, std::string_view text) const {
    const std::string_view code = escape_code(style);
    if (colour_ == Colour::Off || code.empty() || text.empty()) return std::string(text);
    return std::string(code).append(text).append("\x1b[0m");
}

void Console::print(const Document& document) {
    out_ << document.dump(2, ' ', false, Document::error_handler_t::replace) << '\n';
}

Exit Console::fail(Exit exit, std::string_view message) {
    error_ << styled(Style::Bad, "skald: ") << message << '\n';
    return exit;
}

void Console::warn(std::string_view message) {
    error_ << styled(Style::Warning, "skald: ") << message << '\n';
}

std::string printable(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const bool is_c1 = byte == 0xc2 && at + 1 < text.size() &&
                           static_cast<unsigned char>(text[at + 1]) < 0xa0 &&
                           is_continuation(text[at + 1]);
        if (is_c1) ++at;
        if (byte < 0x20 || byte == 0x7f || is_c1) {
            shown += kReplacement;
        } else {
            shown += text[at];
        }
    }
    return shown;
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string shortened(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string(text);
    std::size_t kept = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        if (!is_continuation(text[at]) && ++kept == columns) break;
        ++at;
    }
    return std::string(text.substr(0, at)) + "…";
}

void Table::print(Console& console, std::size_t indent) const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t at = 0; at < row.size(); ++at) {
            widths[at] = std::max(widths[at], columns_of(row[at].text));
        }
    }
    for (const auto& row : rows_) {
        std::string line(indent, ' ');
        std::size_t owed = 0;  // Blanks that only come when something follows.
        for (std::size_t at = 0; at < row.size(); ++at) {
            const std::size_t columns = columns_of(row[at].text);
            if (columns > 0) {
                line.append(owed, ' ').append(console.styled(row[at].style, row[at].text));
                owed = 0;
            }
            owed += widths[at] - columns + 2;
        }
        console.out() << line << '\n';
    }
}

}  // namespace skald::cli
