#pragma once

#include <vector>

#include "sagas/definition.h"
#include "sagas/saga.h"
#include "store/store.h"

namespace skald::store {

/// The saga that `row` and its whole journal tell of. Moves the input out of `row`.
///
/// Errors: Corruption: a gap in the journal, or a row that names a step which `definition` lacks,
/// or an element which no row before it made.
Result<sagas::Saga> restore(const sagas::Definition& definition, SagaRow& row,
                            const std::vector<JournalRow>& journal);

}  // namespace skald::store
