#pragma once

#include <cstddef>
#include <string>

#include "api/cli/console.h"

namespace skald::cli {

inline constexpr std::size_t kAllSteps = static_cast<std::size_t>(-1);

/// Prints a saga (as `GET /v1/sagas/{id}` gives it) as a timeline of its steps, and below what is
/// wrong and what an operator can do. At most `steps_max` steps: those around the first that isn't
/// settled.
void print_timeline(Console& console, const Document& saga, std::size_t steps_max = kAllSteps);

}  // namespace skald::cli
