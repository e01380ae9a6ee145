#include "api/cli/table.h"

#include <algorithm>
#include <ostream>

namespace skald::cli {
namespace {

constexpr std::size_t kGap = 2;         ///< Blanks between columns.
constexpr std::size_t kLastLeast = 12;  ///< Columns that are always left for the last one.

std::vector<std::size_t> widths_of(const std::vector<Table::Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Table::Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t at = 0; at < row.size(); ++at) {
            widths[at] = std::max(widths[at], columns_of(row[at].text));
        }
    }
    return widths;
}

}  // namespace

void Table::add_heading(const std::vector<std::string>& names) {
    Row row;
    for (const std::string& name : names) row.push_back({name, Style::Dim});
    add(std::move(row));
}

void Table::print(Console& console, std::size_t indent) const {
    const std::vector<std::size_t> widths = widths_of(rows_);
    std::size_t before_last = indent;
    for (std::size_t at = 0; at + 1 < widths.size(); ++at) before_last += widths[at] + kGap;
    const std::size_t columns = console.columns();
    const std::size_t last_most = std::max(columns - std::min(columns, before_last), kLastLeast);

    for (const Row& row : rows_) {
        std::string line(indent, ' ');
        std::size_t owed = 0;  // Blanks that only come when something follows.
        for (std::size_t at = 0; at < row.size(); ++at) {
            const std::string text =
                at + 1 == widths.size() ? shortened(row[at].text, last_most) : row[at].text;
            const std::size_t used = columns_of(text);
            if (used > 0) {
                line.append(owed, ' ').append(console.styled(row[at].style, text));
                owed = 0;
            }
            owed += widths[at] - used + kGap;
        }
        console.out() << line << '\n';
    }
}

}  // namespace skald::cli
