#pragma once

#include "api/document.h"
#include "sagas/definition.h"
#include "store/store.h"

namespace skald::api {

/// One row of a saga's journal as clients see it: what came, and what was decided from it.
///
///   {seq, at, type, step?, phase?, attempt?, outcome?, http_status?, error?, output?, by?,
///   reason?,
///    as?, idempotency_key?, changes: [{step, status, doubtful?, next_try_at?, stuck_reason?,
///    undone_by?}], errors?: [{step, error}], turned?: {step, reason}, turn_wanted?: {step, reason}
///    or null when it lapsed, end?: {status, output?, output_error?}}
///
/// What the definition calls sensitive is "***".
Document history_item(const sagas::Definition& definition, const store::JournalRow& row);

}  // namespace skald::api
