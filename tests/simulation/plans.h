#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sagas/json.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

/// Random definitions, each to be registered after those before it: some are later versions of an
/// earlier name, some are called by later ones as children, to a depth of three, and some of the
/// others have a lock.
///
/// Each has 1 to 7 steps: a layered graph, sometimes with a pivot that all others are before or
/// after; calls, waits and children; events, callbacks, elements, optional steps, `when`, explicit
/// outcomes, outputs that fail, policies of every kind.
std::vector<DefinitionPlan> make_plans(Random& random);

/// The document that says the same in Skald's language.
sagas::Json document(const DefinitionPlan& plan);

/// What one client wants to start: a saga of the definition with that index.
StartPlan make_start(Random& random, std::uint64_t number, std::size_t index,
                     const std::vector<DefinitionPlan>& plans);

/// The input of that saga, and of all its children.
sagas::Json input_of(const StartPlan& start);

/// Of those with that name, the one with that version; null: none.
const DefinitionPlan* plan_of(const std::vector<DefinitionPlan>& plans, std::string_view name,
                              std::uint32_t version);

/// The start that made the saga with that id, or the topmost of its parents; null: none.
const StartPlan* start_of(const std::vector<StartPlan>& starts, std::string_view saga);

/// How many elements the step has, if it has any.
std::optional<std::uint32_t> items_of(const StepPlan& step, const StartPlan& start);

/// Steps are named "s0", "s1", …; a name that nobody planned is left to the oracle, as a step that
/// is out of range.
std::size_t step_named(const std::string& name);

/// In the path of a compensation whose action is a child: no participant has books of the action.
inline constexpr std::string_view kUndoOfChild = "-of-child";

/// Engine time at the beginning of all runs, as it is right.
inline constexpr std::int64_t kBeginningMs = 1'700'000'000'000;

}  // namespace skald::simulation
