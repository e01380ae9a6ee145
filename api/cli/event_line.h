#pragma once

#include <string>

#include "api/cli/console.h"

namespace skald::cli {

/// An event of the log, {offset, event}, in one line:
/// "17  2026-11-21 22:32:28.000Z  order.placed  o-1  {…}".
std::string event_line(Console& console, const Document& row);

}  // namespace skald::cli
