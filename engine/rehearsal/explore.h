#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "engine/rehearsal/rehearsal.h"
#include "engine/rehearsal/run.h"

namespace skald::rehearsal {

/// A run of a schedule that has been made.
using Took = std::function<void(const Schedule& schedule, const Played& played)>;

struct Explored {
    std::size_t singles = 0, pairs = 0, pairs_known = 0;
    bool is_broken_off = false;
};

/// Runs every schedule that `limits` leaves room for, the shorter ones first, and hands over each.
/// `first` is the run without a fault, which was made before.
Explored explore(const Stage& stage, const Played& first, const Limits& limits, const Took& took);

}  // namespace skald::rehearsal
