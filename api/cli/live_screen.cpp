#include "api/cli/live_screen.h"

#include <algorithm>
#include <ostream>
#include <string_view>

namespace skald::cli {
namespace {

/// Rows that one line takes on a terminal, which breaks what is too long.
std::size_t rows_of(std::string_view line, std::size_t columns) {
    return std::max<std::size_t>(1, (columns_of(line) + columns - 1) / columns);
}

/// Calls `take(line)` for each line, while it returns true. Returns how many it didn't take.
template <typename Take>
std::size_t for_each_line(std::string_view text, const Take& take) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (!take(text.substr(0, end))) {
            return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}

/// The first lines of `text` that fit; the last row is the cursor's.
std::string fitted(const std::string& text, const Screen& screen) {
    const std::size_t rows = std::max<std::size_t>(screen.rows, 4) - 2;
    std::size_t used = 0;
    std::string shown;
    const std::size_t left_out = for_each_line(text, [&](std::string_view line) {
        used += rows_of(line, screen.columns);
        if (used > rows) return false;
        shown.append(line).append("\n");
        return true;
    });
    if (left_out > 0) shown += "… " + std::to_string(left_out) + " more lines\n";
    return shown;
}

}  // namespace

void LiveScreen::show(const std::string& text) {
    Screen screen = console_.screen();
    screen.columns = std::max<std::size_t>(screen.columns, 1);
    std::size_t rows = 0;  // Of what stands there, as the terminal breaks it now.
    for_each_line(shown_, [&](std::string_view line) {
        rows += rows_of(line, screen.columns);
        return true;
    });
    if (rows > 0) console_.out() << "\x1b[" << rows << 'A';
    shown_ = fitted(text, screen);
    console_.out() << "\r\x1b[J" << shown_ << std::flush;
}

}  // namespace skald::cli
