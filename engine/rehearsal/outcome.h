#pragma once

#include <compare>
#include <vector>

#include "engine/rehearsal/ledger.h"
#include "engine/rehearsal/stage.h"
#include "sagas/saga.h"

namespace skald::rehearsal {

/// A step that only an operator can move.
struct Stuck {
    Spot spot;
    Phase phase;
    sagas::StuckReason reason;
    auto operator<=>(const Stuck&) const = default;
};

using Spots = std::vector<Spot>;

/// How one run ended, as far as it tells two apart: of the topmost saga, and of all below it. Of a
/// `for_each` step that has elements, these stand here instead.
struct Outcome {
    /// Of the topmost saga; Stuck, too, where it waits for one below it that is. Running,
    /// Compensating: it did not come to rest.
    sagas::Status status;
    Spots done;      ///< Succeeded, and not undone.
    Spots undone;    ///< In the order in which their compensations succeeded.
    Spots left_out;  ///< Of completed sagas: skipped or failed.
    Spots in_doubt;  ///< May have taken effect, and will neither be tried again nor undone.
    std::vector<Stuck> stuck;
    Spots standing;  ///< Took effect, though the saga says that it is not there.
    Spots missing;   ///< Has no effect, though the saga says that it is there.

    bool is_clean() const { return standing.empty() && missing.empty(); }
    auto operator<=>(const Outcome&) const = default;
};

/// A saga as a run left it.
struct Left {
    SagaNumber number;
    sagas::Saga saga;
};

/// What the sagas say (the topmost one first, parents before their children), held against what the
/// ledgers say. `undone`: as Outcome's.
Outcome judge(const Stage& stage, const std::vector<Left>& sagas, const Ledger& ledger,
              Spots undone);

}  // namespace skald::rehearsal
