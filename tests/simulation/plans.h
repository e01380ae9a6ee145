#pragma once

#include <string>

#include "sagas/json.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

/// A random definition of 1 to 7 steps: a layered graph, sometimes with a pivot that all others are
/// before or after; optional steps, `when`, explicit outcomes, outputs that fail, policies of every
/// kind.
DefinitionPlan make_plan(Random& random, std::string name);

/// The document that says the same in Skald's language.
sagas::Json document(const DefinitionPlan& plan);

/// What one client wants to start.
StartPlan make_start(Random& random, std::uint64_t number, std::size_t index,
                     const DefinitionPlan& definition);

}  // namespace skald::simulation
