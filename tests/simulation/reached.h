#pragma once

#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"

namespace skald::simulation {

/// Whether the saga of that journal ended, and was not turned since.
bool is_over(const std::vector<JournalRow>& journal);

/// Counts what a whole history shows to have happened.
void count_reached(const History& history, Counters& counters);

}  // namespace skald::simulation
