#pragma once

#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"

namespace skald::simulation {

/// Counts what a whole history shows to have happened with subscriptions, triggers and bridges.
void count_reached_deliveries(const History& history, Counters& counters);

}  // namespace skald::simulation
