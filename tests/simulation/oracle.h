#pragma once

#include <string>
#include <vector>

#include "tests/simulation/history.h"

namespace skald::simulation {

/// A rule that the run broke.
struct Breach {
    std::string rule;  ///< Its name in docs/reliability.md: "I8", "acknowledged-start".
    std::string saga;  ///< Empty: of none.
    std::string text;
};

/// Judges a run by what could be seen from outside and what the store held at the end: a model of
/// its own, with its own reading of docs/definitions.md. Knows nothing of the engine's code.
std::vector<Breach> find_breaches(const History& history);

}  // namespace skald::simulation
