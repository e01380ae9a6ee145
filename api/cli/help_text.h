#pragma once

#include <string>

#include "api/cli/command_model.h"

namespace skald::cli {

/// What `--help` prints.
std::string help_text(const CommandModel& command);

}  // namespace skald::cli
