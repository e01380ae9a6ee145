#pragma once

#include "api/document.h"
#include "sagas/definition.h"
#include "store/store.h"

namespace skald::api {

/// One row of a saga's journal as clients see it: what came, and what was decided from it.
///
///   {seq, at, type, step?, item?, phase?, attempt?, outcome?, http_status?, error?, output?,
///    event?: {topic, offset}, by?, reason?, as?, idempotency_key?, replay_of?, parent?, lock?,
///    for_each?: [{step, elements}], changes: [{step, item?, status, doubtful?, until?,
///    callback_until?, event_until?, next_try_at?, stuck_reason?, undone_by?}], errors?: [{step,
///    item?, error}], turned?: {step, reason}, turn_wanted?: {step, reason} or null when it lapsed,
///    end?: {status, output?, output_error?}}
///
/// `item`: of an element of a `for_each` step. What the definition calls sensitive is "***".
Document history_item(const sagas::Definition& definition, const store::JournalRow& row);

}  // namespace skald::api
