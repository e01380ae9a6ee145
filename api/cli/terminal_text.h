#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text that others wrote, made fit for a terminal. UTF-8.
namespace skald::cli {

/// `text` with everything that could steer a terminal or turn its text around shown as U+FFFD:
/// control characters (also U+0080 to U+009F), marks of writing direction, separators of lines, and
/// bytes that are no UTF-8. Participants send it.
std::string printable(std::string_view text);

/// At most `columns` columns, with "…" where something was cut off.
std::string shortened(std::string_view text, std::size_t columns);

/// The columns that `text` takes: two for the wide characters of East Asia and for emoji, none for
/// combining marks. Escape sequences for colours take none.
std::size_t columns_of(std::string_view text);

/// `text` broken at blanks into lines of at most `columns`, where words allow it.
/// `indent` blanks stand before each line but the first.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

}  // namespace skald::cli
