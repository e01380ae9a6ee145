#pragma once

#include "sagas/draft.h"

/// Tries that are events, and waits for one. Internal to the machine.
namespace skald::sagas {

/// Publishes each try that began by now and is an event. It awaits its reply then, or, without one,
/// took effect; where the event can't be made, the try ends as one that is Unsendable. So does what
/// follows from that, until nothing is left to publish. Nothing, while the saga is suspended. Last,
/// in each transition of a definition that has events.
void publish_tries(Draft& draft);

/// A wait for an event begins; an error settles the step. Precondition: the step is ready.
void begin_awaiting(Draft& draft, StepIndex step);

/// Whether the action is under way and yet surely did nothing: it waits for an event that nobody
/// was asked for, or was not published yet.
bool is_surely_undone(const Step& step, const StepState& state);

}  // namespace skald::sagas
