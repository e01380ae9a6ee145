#pragma once

#include "api/cli/surroundings.h"

namespace skald::cli {

/// Parses, and does what it says. `arguments`: as main's, with the program's name first.
Exit run_command_line(int count, const char* const* arguments, const Surroundings& surroundings);

}  // namespace skald::cli
