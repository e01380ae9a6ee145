#pragma once

#include <string>

#include "api/document.h"
#include "api/saga_surroundings.h"
#include "engine/catalog.h"
#include "sagas/saga.h"
#include "store/store.h"

namespace skald::api {

/// A saga as clients see it, whole, as JSON text: the same whether `saga` is live in memory, just
/// came to rest, or was folded from its journal.
///
///   {id, definition, version, status, waiting_for?, direction, suspended, started_at, ended_at?,
///    deadline_at?, failing_since?, labels, replay_of?, parent?: {id, step?}, lock?: {value, held,
///    behind?, before?}, failure?: {step, reason}, turn_wanted?: {step, reason}, input, output?,
///    output_error?, steps: [{name, status, attempts, compensation_attempts, doubtful?,
///    started_at?, ended_at?, until?, callback_until?, event_until?, next_try_at?, failing_since?,
///    stuck_reason?, undone_by?, error?, child?: {id, definition, status?}, undo_child?, input?,
///    output?, elements?: {counts, items: [{item, …as a step}]}}], replayed_as?}
///
/// A step's `input` is the body of its action as it was sent, the data of its event, or the input
/// of its child, with every secret as "***"; it is there once the step was started and has one.
/// What the definition calls sensitive is "***" everywhere.
std::string saga_text(const engine::Version& version, const sagas::Saga& saga,
                      const store::Labels& labels, const SagaSurroundings& around);

/// A saga as lists show it: the same members, without what needs its journal.
///
///   {id, definition, version, status, started_at, ended_at?, deadline_at?, failing_since?, labels,
///    last_error?: {step, error}}
Document saga_item(const store::SagaRow& row);

/// The members that the state of `step` adds to what is shown of it: status, doubtful?, until?,
/// callback_until?, event_until?, next_try_at?, stuck_reason?, undone_by?.
void set_state(Document& shown_step, const sagas::Step& step, const sagas::StepState& state);

/// {step, item?, reason}; the step null on cancel and deadline.
Document failure_document(const sagas::Definition& definition, const sagas::Failure& failure);

}  // namespace skald::api
