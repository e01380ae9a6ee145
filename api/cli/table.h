#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api/cli/console.h"

namespace skald::cli {

/// Columns of text, each as wide as its widest cell. What is too wide for the terminal is cut off
/// the last column.
class Table {
 public:
    struct Cell {
        std::string text;
        Style style = Style::Plain;
    };
    using Row = std::vector<Cell>;

    void add(Row row) { rows_.push_back(std::move(row)); }
    /// A row that names the columns.
    void add_heading(const std::vector<std::string>& names);
    bool empty() const { return rows_.empty(); }
    /// Each line starts with `indent` blanks.
    void print(Console& console, std::size_t indent) const;

 private:
    std::vector<Row> rows_;
};

}  // namespace skald::cli
