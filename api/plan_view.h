#pragma once

#include "api/document.h"
#include "api/saga_surroundings.h"
#include "engine/catalog.h"
#include "sagas/saga.h"

namespace skald::api {

/// What would happen to `saga` from `now` on, as it stands:
///
///   {saga, status, waiting_for?, forward: […], undo: […], no_undo?}
///
/// `forward`: the actions still to come when all goes well, in order. `undo`: the compensations
/// that would come if it turned now, or that come on its way back, in order, when all of them
/// succeed; what is in flight counts as done. `no_undo`: why it can't turn.
///
/// An entry: {step, item?, status, method?, url?, headers?, body?, key?} of a call,
/// {step, item?, status, event: {topic, type, subject?, data?}, awaits?, key} of an event, {step,
/// item?, status, child, input?} of a child, whose own plan is another, {step, status, awaits?,
/// until? or for?} of a wait; `awaits`: {topic, success, failure?, match?}; `for_each` of a step
/// whose elements are not known yet, `unknown_yet` where what can't be made now hangs on steps
/// before. The status of an entry is the step's as it is now.
Document plan_document(const engine::Version& version, const sagas::Saga& saga,
                       const SagaSurroundings& around, sagas::Timestamp now);

}  // namespace skald::api
