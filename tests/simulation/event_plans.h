#pragma once

#include <set>
#include <string>
#include <vector>

#include "sagas/json.h"
#include "tests/simulation/history.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

/// Who may be found by a value of the event: sagas whose input is theirs alone.
enum class Findable : std::uint8_t { BySagaOnly, ByValueToo };

// ---- Drawn plans: each changes a step that was drawn without events

/// The action is an event from now on. Precondition: it is a call.
void make_event_action(Random& random, Findable findable, StepPlan& step);
/// The same of the compensation. Precondition: that is a call.
void make_event_undo(Random& random, Findable findable, StepPlan& step);
/// The step waits for an event from now on. Precondition: it is a wait.
void make_event_wait(Random& random, StepPlan& step);

// ---- In Skald's language

/// What `phase` of the step publishes; `data`: more members of its data. Beside them that has what
/// a service needs to know: "number", "order" as it is looked for, and "answer", with what the
/// answer is to be like ("topic", "success", "failure", and by which "member" of its data the saga
/// is found; null: by the saga's id), or null where none is expected.
sagas::Json event_call(const StepPlan& step, Phase phase, sagas::Json data);

/// What the step waits for. Precondition: it is a wait for an event.
sagas::Json event_wait(const StepPlan& step);

/// In the input of a start: "order"; its "number" is that of the plan.
std::string order_of(const StartPlan& start);

/// All topics that the plans name.
std::set<std::string> topics_of(const std::vector<DefinitionPlan>& plans);

}  // namespace skald::simulation
