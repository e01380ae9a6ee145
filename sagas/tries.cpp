#include "sagas/tries.h"

#include <algorithm>
#include <string>

#include "sagas/advance.h"
#include "sagas/backoff.h"

namespace skald::sagas {

std::optional<NextTry> next_try(const Draft& draft, const RetryPolicy& policy, StepIndex step,
                                Phase phase, std::uint32_t attempt, std::uint32_t budget_from,
                                std::optional<Milliseconds> not_before) {
    const std::uint32_t tries = attempt - budget_from + 1;
    if (policy.maximum_attempts && tries >= *policy.maximum_attempts) {
        return std::nullopt;
    }
    const std::string key = idempotency_key(draft.definition(), draft.saga(), step, phase);
    const Milliseconds wait =
        std::max(backoff(policy, tries, key, attempt), not_before.value_or(Milliseconds{0}));
    return NextTry{attempt + 1, draft.now() + wait};
}

void try_again(Draft& draft, StepIndex index, const Calling& calling,
               std::optional<Milliseconds> not_before) {
    const Step& step = draft.definition().step(index);
    if (draft.saga().turn_wanted) {  // The pivot settles, without a further try.
        if (calling.is_doubtful) {
            settle_in_doubt(draft, index, calling.attempt, StuckReason::InDoubt);
        } else {
            draft.set(index, Cancelled{});
            turn_back(draft, *draft.saga().turn_wanted);
        }
        return;
    }
    const auto next = next_try(draft, step.retry, index, Phase::Action, calling.attempt,
                               calling.budget_from, not_before);
    if (next) {
        draft.set(index, BackingOff{next->attempt, calling.budget_from, calling.is_doubtful,
                                    next->due_at});
    } else {
        give_up(draft, index, calling, StuckReason::Exhausted);
    }
}

void give_up(Draft& draft, StepIndex step, const Calling& calling, StuckReason after_pivot) {
    if (calling.is_doubtful) {
        settle_in_doubt(draft, step, calling.attempt, after_pivot);
    } else {
        settle_failed(draft, step, calling.attempt, after_pivot);
    }
}

void undo_again(Draft& draft, StepIndex step, const Compensating& compensating,
                std::optional<Milliseconds> not_before) {
    const auto next =
        next_try(draft, undo_policy(draft.definition().step(step)), step, Phase::Compensation,
                 compensating.attempt, compensating.budget_from, not_before);
    if (next) {
        draft.set(step,
                  CompensationBackingOff{next->attempt, compensating.budget_from, next->due_at});
    } else {
        draft.set(step,
                  StuckCompensation{StuckReason::CompensationExhausted, compensating.attempt});
    }
}

}  // namespace skald::sagas
