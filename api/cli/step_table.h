#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api/cli/console.h"

namespace skald::cli {

/// Prints the steps of a saga (as `GET /v1/sagas/{id}` gives it), a row each: at most `steps_max`,
/// those around the first that isn't settled. Of the elements of a step how many there are of each
/// status, and the rows of some that are not well. Below, what is wrong, and which children there
/// are.
void print_steps(Console& console, const Document& saga, std::size_t steps_max);

/// Prints what a saga waits for, a line each; of many the first.
void print_waits(Console& console, const Document& saga);

/// What is stuck of a step: itself, or elements of it.
struct StuckPlace {
    std::string place;  ///< "charge" or "charge/3".
    std::string reason;
};
/// Of one of the saga's steps.
std::vector<StuckPlace> stuck_places(const Document& step);

}  // namespace skald::cli
