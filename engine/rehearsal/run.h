#pragma once

#include <cstddef>
#include <vector>

#include "engine/rehearsal/rehearsal.h"
#include "engine/rehearsal/stage.h"

namespace skald::rehearsal {

enum class Telling : std::uint8_t { No, Yes };

/// What came of one run.
struct Played {
    Outcome outcome;
    Reach reach;
    std::vector<Happening> story;  ///< With Telling::Yes.
};

/// Runs one saga through one schedule: the real coordinator, from its start until nothing is left
/// to happen, over every crash.
Played play(const Stage& stage, const Schedule& schedule, Telling telling);

}  // namespace skald::rehearsal
