#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/counters.h"
#include "tests/simulation/history.h"
#include "tests/simulation/oracle.h"

namespace skald::simulation {

/// What became of one seed.
struct Run {
    std::uint64_t seed = 0;
    History history;
    std::vector<Breach> breaches;
    Counters counters;
    Time lasted{0};  ///< Virtual.
};

/// Plays one seed: some sagas of some definitions, with everything that goes wrong meanwhile; then
/// the faults end, people mend what is stuck, and what is left is judged.
///
/// The real machine, coordinator and SQLite store run in this thread on virtual time. Equal seeds
/// give equal runs. `folder`: an existing one, for the lock file. Threads: one at a time.
Run simulate(std::uint64_t seed, const std::string& folder);

/// What is wrong with the run, and the story of the sagas that it is about, for people.
std::string tell(const Run& run);

/// Of all that was seen and all journals' bytes: equal runs, equal digests.
std::uint64_t digest(const History& history);

/// What some seed among enough of them must reach. A path that no run takes proves nothing.
std::span<const std::string_view> sometimes();

}  // namespace skald::simulation
