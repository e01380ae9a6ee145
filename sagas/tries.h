#pragma once

#include <cstdint>
#include <optional>

#include "sagas/draft.h"

/// Whether, and when, a call is tried again. Internal to the machine.
namespace skald::sagas {

/// One more try of a budget.
struct NextTry {
    std::uint32_t attempt;
    Timestamp due_at;
};

/// What follows the try `attempt` of a budget that began at `budget_from`; none: it was the last.
/// `not_before`: what the participant asked for, from now.
std::optional<NextTry> next_try(const Draft& draft, const RetryPolicy& policy, StepIndex step,
                                Phase phase, std::uint32_t attempt, std::uint32_t budget_from,
                                std::optional<Milliseconds> not_before);

/// The try of an action asks for another one. `not_before`: from now.
void try_again(Draft& draft, StepIndex step, const Calling& calling,
               std::optional<Milliseconds> not_before);

/// The tries of an action end without success; `after_pivot`: as settle_failed's.
void give_up(Draft& draft, StepIndex step, const Calling& calling, StuckReason after_pivot);

/// The try `attempt` of a compensation came to nothing: waits for the next one, or is stuck.
void undo_again(Draft& draft, StepIndex step, const Compensating& compensating,
                std::optional<Milliseconds> not_before);

}  // namespace skald::sagas
