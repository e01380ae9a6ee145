#pragma once

#include <compare>
#include <string>
#include <vector>

#include "engine/rehearsal/ledger.h"
#include "sagas/saga.h"
#include "store/store.h"

namespace skald::rehearsal {

/// A step that only an operator can move.
struct Stuck {
    StepIndex step;
    Phase phase;
    sagas::StuckReason reason;
    auto operator<=>(const Stuck&) const = default;
};

using Steps = std::vector<StepIndex>;

/// How one run ended, as far as it tells two apart.
struct Outcome {
    sagas::Status status;  ///< Running, Compensating: it did not come to rest.
    Steps done;            ///< Succeeded, and not undone.
    Steps undone;          ///< In the order in which their compensations succeeded.
    Steps left_out;        ///< Of a completed saga: skipped or failed.
    Steps in_doubt;        ///< May have taken effect, and will neither be tried again nor undone.
    std::vector<Stuck> stuck;
    Steps standing;  ///< Took effect, though the saga says that it is not there.
    Steps missing;   ///< Has no effect, though the saga says that it is there.

    bool is_clean() const { return standing.empty() && missing.empty(); }
    auto operator<=>(const Outcome&) const = default;
};

/// What the saga says, held against what the ledgers say. `reads`: by step, whether its action
/// changes nothing.
Outcome judge(const sagas::Saga& saga, const std::vector<store::JournalRow>& journal,
              const Ledger& ledger, const std::vector<bool>& reads);

}  // namespace skald::rehearsal
