#pragma once

#include "sagas/draft.h"
#include "sagas/event.h"

/// What operators ask of a saga (docs/definitions.md, "Stuck"). Internal to the machine: each takes
/// the draft of a transition and finishes it.
namespace skald::sagas {

Transition on(Draft draft, const Cancel& event);
Transition on(Draft draft, const Retry& event);
Transition on(Draft draft, const Resolve& event);
Transition on(Draft draft, const Abandon& event);
Transition on(Draft draft, const Suspend& event);
Transition on(Draft draft, const Resume& event);

}  // namespace skald::sagas
