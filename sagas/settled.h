#pragma once

#include "sagas/answer.h"
#include "sagas/draft.h"

/// What a step comes to that took effect, or is not tried again. Internal to the machine.
namespace skald::sagas {

/// What `$response` is, where something else than an HTTP reply says that all went well.
Reply reply_of(const Value& output);

/// The action of `cause.step` took effect: journals `cause` with the output that `reply` makes. An
/// output error turns the saga, or leaves the step stuck at and after the pivot.
void succeed(Draft& draft, const Reply& reply, AnsweredCause cause);
void succeed(Draft& draft, const Reply& reply, CalledBackCause cause);

/// What a settling step comes to: it is not tried again, and the saga goes back in any case.
/// `is_denied`: it surely did nothing, whatever was in doubt.
StepState settled(const Settling& settling, Outcome outcome, bool is_denied);

}  // namespace skald::sagas
