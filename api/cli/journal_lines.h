#pragma once

#include <string>

#include "api/cli/table.h"

/// One thing that came to a saga and what was decided from it: an item of
/// `GET /v1/sagas/{id}/history`, or the data of one of its events.
namespace skald::cli {

/// For a table: number, time, what came, of which call, its outcome, what changed, what is wrong.
Table::Row journal_row(const Document& item);

/// The same in one line, without the number.
std::string journal_line(Console& console, const Document& item);

}  // namespace skald::cli
