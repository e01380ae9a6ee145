#include <utility>

#include "sagas/draft.h"
#include "sagas/machine.h"

namespace skald::sagas {

bool is_quiet(const RetryPolicy& policy, std::uint32_t attempt) {
    return !policy.maximum_attempts && attempt > kQuietAfter;
}

bool is_past_pivot(const Definition& definition, const Saga& saga) {
    if (!definition.pivot || saga.direction == Direction::Backward) {
        return false;
    }
    const StepRun& pivot = saga.step(*definition.pivot);
    const StepState& state = pivot.state;
    return pivot.has_taken_effect || std::holds_alternative<Succeeded>(state) ||
           std::holds_alternative<Skipped>(state);
}

bool is_pivot_parked(const Definition& definition, const Saga& saga) {
    return definition.pivot && saga.direction == Direction::Forward &&
           std::holds_alternative<StuckAction>(saga.step(*definition.pivot).state) &&
           !is_past_pivot(definition, saga);
}

std::optional<Effect> owed_by(const Definition&, const Saga& saga, StepIndex step) {
    if (saga.end || !saga.is_begun) {
        return std::nullopt;
    }
    const StepState& state = saga.step(step).state;
    if (const auto* settling = std::get_if<Settling>(&state)) {
        return Settle{step, settling->attempt};
    }
    if (saga.suspension == Suspension::Suspended) {
        return std::nullopt;
    }
    if (const auto* calling = std::get_if<Calling>(&state)) {
        return Call{step, Phase::Action, calling->attempt};
    }
    if (const auto* waiting = std::get_if<BackingOff>(&state)) {
        return WakeStep{step, Phase::Action, waiting->attempt, waiting->due_at};
    }
    if (const auto* compensating = std::get_if<Compensating>(&state)) {
        return Call{step, Phase::Compensation, compensating->attempt};
    }
    if (const auto* waiting = std::get_if<CompensationBackingOff>(&state)) {
        return WakeStep{step, Phase::Compensation, waiting->attempt, waiting->due_at};
    }
    return std::nullopt;
}

std::optional<Effect> owed_by_deadline(const Definition& definition, const Saga& saga) {
    const bool can_turn = saga.is_begun && !saga.end && saga.direction == Direction::Forward &&
                          !saga.turn_wanted && !is_past_pivot(definition, saga) &&
                          !is_pivot_parked(definition, saga);
    if (!saga.deadline_at || !can_turn) {
        return std::nullopt;
    }
    return WakeDeadline{*saga.deadline_at};
}

std::vector<Effect> owed(const Definition& definition, const Saga& saga) {
    std::vector<Effect> effects;
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        if (auto effect = owed_by(definition, saga, StepIndex{static_cast<std::uint32_t>(i)})) {
            effects.push_back(std::move(*effect));
        }
    }
    if (auto effect = owed_by_deadline(definition, saga)) {
        effects.push_back(std::move(*effect));
    }
    return effects;
}

bool is_owed(const Definition& definition, const Saga& saga, const Effect& effect) {
    const auto now_owed = [&](const auto& what) {
        if constexpr (requires { what.step; }) {
            return owed_by(definition, saga, what.step);
        } else {
            return owed_by_deadline(definition, saga);
        }
    };
    return std::visit(now_owed, effect) == effect;
}

Saga recovered(const Definition& definition, Saga saga) {
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        StepState& state = saga.steps[i].state;
        if (auto* calling = std::get_if<Calling>(&state)) {
            calling->is_doubtful = true;
        } else if (auto* waiting = std::get_if<BackingOff>(&state)) {
            // Its tries are not journaled: one may have been out.
            waiting->is_doubtful |= is_quiet(definition.steps[i].retry, waiting->attempt);
        } else if (auto* settling = std::get_if<Settling>(&state)) {
            settling->is_doubtful = true;
        }
    }
    return saga;
}

}  // namespace skald::sagas
