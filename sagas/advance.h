#pragma once

#include "sagas/draft.h"

/// What follows from the states of a saga's steps, whatever brought them about. Internal to the
/// machine.
namespace skald::sagas {

/// Turns the saga for `failure`: no new action starts, a backoff ends at once, a try that may be
/// out settles (docs/definitions.md, "Turning back"). Precondition: it may turn (not past the
/// pivot).
void turn_back(Draft& draft, Failure failure);

/// A cancel or a passed deadline: turns the saga, or notes that it will when the pivot, which is in
/// flight, does not succeed. Precondition: forward, not past the pivot, the pivot not parked.
void request_turn(Draft& draft, Failure failure);

/// The action of `step` will not be tried again and did nothing. Turns the saga, settles the step
/// well (optional), or leaves it stuck (`after_pivot` says as what).
void settle_failed(Draft& draft, StepIndex step, std::uint32_t attempt, StuckReason after_pivot);

/// The same for one that may have taken effect.
void settle_in_doubt(Draft& draft, StepIndex step, std::uint32_t attempt, StuckReason after_pivot);

/// Starts what became ready, in either direction, and ends the saga when nothing is left to do.
/// Last, in each transition.
void advance(Draft& draft);

}  // namespace skald::sagas
