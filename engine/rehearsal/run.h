#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "engine/rehearsal/rehearsal.h"
#include "engine/rehearsal/stage.h"

namespace skald::rehearsal {

enum class Telling : std::uint8_t { No, Yes };

/// What came of one run.
struct Played {
    Outcome outcome;
    /// Of the elements of a `for_each` step, the calls of the first and the last one.
    Reach reach;
    std::map<Spot, std::size_t> elements;  ///< Of each `for_each` step that began: how many.
    std::vector<Happening> story;          ///< With Telling::Yes.
};

/// Runs one saga, and those below it, through one schedule: the real coordinator, from the start
/// until nothing is left to happen, over every crash.
Played play(const Stage& stage, const Schedule& schedule, Telling telling);

}  // namespace skald::rehearsal
