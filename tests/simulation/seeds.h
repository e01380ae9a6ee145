#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/simulation.h"

namespace skald::simulation {

/// What became of many seeds.
struct Tally {
    std::uint64_t seeds = 0;
    Counters counters;
    std::chrono::milliseconds simulated{0};
    std::vector<std::string> stories;  ///< Of the first seeds that broke a rule.
    std::uint64_t broken = 0;          ///< Seeds that broke one.
    std::vector<std::string> reasons;  ///< "SEED: the first rule", of the first of them.
};

/// Plays seeds from `first` on, one after the other, until `count` of them are done or `goes_on`
/// says false (asked before each). On one thread: SQLite's randomness is of the whole process, and
/// equal seeds shall give equal runs. For several processors, start several processes.
Tally play_seeds(std::uint64_t first, std::uint64_t count, const std::function<bool()>& goes_on,
                 const std::function<void(const Tally&)>& progress);

}  // namespace skald::simulation
