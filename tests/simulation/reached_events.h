#pragma once

#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"

namespace skald::simulation {

/// Counts what a whole history shows to have happened with events of the log.
void count_reached_events(const History& history, Counters& counters);

}  // namespace skald::simulation
