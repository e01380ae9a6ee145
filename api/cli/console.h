#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "api/document.h"

namespace skald::cli {

using api::Document;

/// What the commands exit with.
enum class Exit : std::uint8_t {
    Done = 0,
    Failed = 1,       ///< It failed, or the wait ran out.
    BadUsage = 2,     ///< Also: the port is in use, the database can't be opened.
    Compensated = 3,  ///< The saga was undone.
    Unfinished = 4,   ///< The saga is stuck, or was abandoned.
};

enum class Output : std::uint8_t { Table, Json };
enum class Colour : std::uint8_t { Off, On };
enum class Style : std::uint8_t { Plain, Bold, Dim, Good, Bad, Warning, Busy };

/// Where a command reads and writes. Borrows its streams.
class Console {
 public:
    Console(std::istream& in, std::ostream& out, std::ostream& error, Output output, Colour colour)
        : in_(in), out_(out), error_(error), output_(output), colour_(colour) {}

    std::istream& in() { return in_; }
    std::ostream& out() { return out_; }
    bool is_json() const { return output_ == Output::Json; }

    /// `text` in its style, where colours are on.
    std::string styled(Style style, std::string_view text) const;
    void print(const Document& document);
    /// "skald: …" on standard error. Returns `exit`.
    Exit fail(Exit exit, std::string_view message);
    void warn(std::string_view message);

 private:
    std::istream& in_;
    std::ostream& out_;
    std::ostream& error_;
    Output output_;
    Colour colour_;
};

/// `text` with everything that could steer a terminal (control characters, also those of U+0080 to
/// U+009F) shown as U+FFFD: participants send it.
std::string printable(std::string_view text);
/// At most `columns` characters, with "…" where something was cut off.
std::string shortened(std::string_view text, std::size_t columns);
/// Characters, taking every code point as one column.
std::size_t columns_of(std::string_view text);

/// Columns of text, each as wide as its widest cell.
class Table {
 public:
    struct Cell {
        std::string text;
        Style style = Style::Plain;
    };
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    bool empty() const { return rows_.empty(); }
    /// Each line starts with `indent` blanks.
    void print(Console& console, std::size_t indent) const;

 private:
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace skald::cli
