#pragma once

#include <string>

#include "api/cli/command_model.h"

namespace skald::cli {

/// The manual page of section 1, for man(7) macros. `version`: "skald 0.1.0".
std::string man_page(const CommandModel& root, const std::string& version);

}  // namespace skald::cli
