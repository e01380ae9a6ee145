#include "api/cli/console.h"

#include <ostream>

namespace skald::cli {
namespace {

constexpr std::size_t kNoLimit = 1'000'000;  ///< Columns of a line that no terminal breaks.

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

std::string coloured(Colour colour, Style style, std::string_view text) {
    const std::string_view code = escape_code(style);
    if (colour == Colour::Off || code.empty() || text.empty()) return std::string(text);
    return std::string(code).append(text).append("\x1b[0m");
}

std::string to_text(const Document& document, int indent) {
    return document.dump(indent, ' ', false, Document::error_handler_t::replace);
}

}  // namespace

Console::Console(const Surroundings& around, Output output)
    : around_(&around),
      out_(&around.out),
      output_(output),
      is_terminal_(around.out_is_terminal == Terminal::Yes) {
    const bool takes_escapes = around.environment("TERM") != "dumb";
    can_redraw_ = is_terminal_ && takes_escapes && output == Output::Table;
    if (!takes_escapes || !around.environment("NO_COLOR").empty()) return;
    if (is_terminal_) out_colour_ = Colour::On;
    if (around.error_is_terminal == Terminal::Yes) error_colour_ = Colour::On;
}

std::size_t Console::columns() const { return is_terminal_ ? screen().columns : kNoLimit; }

std::string Console::styled(Style style, std::string_view text) const {
    return coloured(out_colour_, style, text);
}

void Console::print(const Document& document) { out() << to_text(document, 2) << '\n'; }

void Console::print_line(const Document& document) {
    out() << to_text(document, -1) << '\n' << std::flush;
}

Exit Console::fail(Exit exit, std::string_view message) {
    around_->error << coloured(error_colour_, Style::Bad, "skald: ") << message << '\n';
    return exit;
}

void Console::warn(std::string_view message) {
    around_->error << coloured(error_colour_, Style::Warning, "skald: ") << message << '\n';
}

Console Console::writing_to(std::ostream& out) const {
    Console other = *this;
    other.out_ = &out;
    return other;
}

Console Console::beside() const {
    Console other = writing_to(around_->error);
    other.out_colour_ = error_colour_;
    return other;
}

}  // namespace skald::cli
