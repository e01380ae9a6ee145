#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "api/cli/exit.h"
#include "api/cli/surroundings.h"
#include "api/cli/terminal_text.h"
#include "api/document.h"

namespace skald::cli {

using api::Document;

enum class Output : std::uint8_t { Table, Json };
enum class Colour : std::uint8_t { Off, On };
enum class Style : std::uint8_t { Plain, Bold, Dim, Good, Bad, Warning, Busy };

/// Where a command reads and writes. Borrows the surroundings and their streams.
///
/// Colours are on for each stream that is a terminal, unless NO_COLOR (no-color.org) is set or TERM
/// is "dumb".
class Console {
 public:
    Console(const Surroundings& around, Output output);

    std::istream& in() { return around_->in; }
    std::ostream& out() { return *out_; }
    bool is_json() const { return output_ == Output::Json; }
    /// Whether what was shown can be drawn anew: a table on a terminal that takes more than text.
    bool can_redraw() const { return can_redraw_; }
    Screen screen() const { return around_->screen(); }
    /// Of one line: the terminal's, or so many that nothing is cut.
    std::size_t columns() const;
    sagas::Timestamp now() const { return around_->now(); }

    /// `text` in its style, where colours are on.
    std::string styled(Style style, std::string_view text) const;
    void print(const Document& document);
    /// In one line, and at once.
    void print_line(const Document& document);
    /// "skald: …" on standard error. Returns `exit`.
    Exit fail(Exit exit, std::string_view message);
    void warn(std::string_view message);

    /// This console, but writing to `out`.
    Console writing_to(std::ostream& out) const;
    /// The same to standard error: for what stands beside a result.
    Console beside() const;
    /// This console, but printing JSON.
    Console as_json() const { return {*around_, Output::Json}; }

 private:
    const Surroundings* around_;
    std::ostream* out_;
    Output output_;
    Colour out_colour_ = Colour::Off;
    Colour error_colour_ = Colour::Off;
    bool is_terminal_;
    bool can_redraw_ = false;
};

}  // namespace skald::cli
