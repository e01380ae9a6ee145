#include <type_traits>
#include <utility>

#include "sagas/draft.h"
#include "sagas/event_match.h"
#include "sagas/machine.h"

namespace skald::sagas {

bool is_quiet(const Step& step, Phase phase, std::uint32_t attempt) {
    const RetryPolicy& policy = phase == Phase::Action ? step.retry : undo_policy(step);
    return attempt > kQuietAfter && !policy.maximum_attempts &&
           event_called(step, phase) == nullptr;
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

bool is_undone_by_child(const Step& step) {
    return std::holds_alternative<ChildSaga>(step.action) &&
           std::holds_alternative<NoCompensation>(step.undo);
}

std::uint32_t named_attempt(const Step& step, const StepRun& run, const Compensating& state) {
    return is_undone_by_child(step) ? run.attempts : state.attempt;
}

const RetryPolicy& undo_policy(const Step& step) {
    static const RetryPolicy kOnce{.maximum_attempts = 1};
    const auto* compensation = std::get_if<Compensation>(&step.undo);
    return compensation != nullptr ? compensation->retry : kOnce;
}

std::vector<StepIndex> all_places(const Saga& saga) {
    std::vector<StepIndex> places;
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        const StepIndex step{static_cast<std::uint32_t>(i)};
        places.push_back(step);
        for (std::size_t item = 0; item < saga.steps[i].elements.size(); ++item) {
            places.push_back(element_of(step, item));
        }
    }
    return places;
}

namespace {

/// What a step owes by its state alone.
struct OwedBy {
    const Step& step;
    const StepRun& run;
    StepIndex place;

    using Owed = std::optional<Effect>;

    Owed operator()(const Calling& state) const {
        if (std::holds_alternative<ChildSaga>(step.action)) {
            return Child{Child::Wish::Run, place, Phase::Action, state.attempt};
        }
        if (event_called(step, Phase::Action) != nullptr) {
            return std::nullopt;  // Held back while the saga is suspended; else it is published.
        }
        return Call{place, Phase::Action, state.attempt};
    }
    Owed operator()(const Settling& state) const {
        if (std::holds_alternative<ChildSaga>(step.action)) {
            return Child{Child::Wish::Stop, place, Phase::Action, state.attempt};
        }
        return Settle{place, state.attempt};
    }
    Owed operator()(const Compensating& state) const {
        if (is_undone_by_child(step)) {
            return Child{Child::Wish::TurnBack, place, Phase::Compensation,
                         named_attempt(step, run, state)};
        }
        const auto& compensation = std::get<Compensation>(step.undo);
        if (std::holds_alternative<ChildSaga>(compensation.call)) {
            return Child{Child::Wish::Run, place, Phase::Compensation, state.attempt};
        }
        if (std::holds_alternative<EventCall>(compensation.call)) {
            return std::nullopt;
        }
        return Call{place, Phase::Compensation, state.attempt};
    }
    Owed operator()(const BackingOff& state) const {
        return WakeStep{place, Phase::Action, state.attempt, state.due_at};
    }
    Owed operator()(const Waiting& state) const {
        return WakeStep{place, Phase::Action, 1, state.due_at};
    }
    Owed operator()(const AwaitingCallback& state) const {
        return WakeStep{place, Phase::Action, state.attempt, state.due_at};
    }
    Owed operator()(const CompensationBackingOff& state) const {
        return WakeStep{place, Phase::Compensation, state.attempt, state.due_at};
    }
    Owed operator()(const CompensationAwaitingCallback& state) const {
        return WakeStep{place, Phase::Compensation, state.attempt, state.due_at};
    }
    template <typename Settled>
    Owed operator()(const Settled&) const {
        return std::nullopt;
    }
};

}  // namespace

std::optional<Effect> owed_by(const Definition& definition, const Saga& saga, StepIndex step) {
    if (saga.end || !saga.is_begun || !saga.has(step)) {
        return std::nullopt;
    }
    const StepRun& run = saga.step(step);
    const bool is_held_back =
        saga.suspension == Suspension::Suspended && !std::holds_alternative<Settling>(run.state);
    if (is_held_back) {
        return std::nullopt;
    }
    return std::visit(OwedBy{definition.step(step), run, step}, run.state);
}

std::optional<Effect> owed_by_lock(const Saga& saga) {
    const bool is_queued = saga.is_begun && !saga.end && saga.lock && !saga.lock->is_held;
    return is_queued ? std::optional<Effect>(HoldLock{}) : std::nullopt;
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
    for (const StepIndex place : all_places(saga)) {
        if (auto effect = owed_by(definition, saga, place)) {
            effects.push_back(std::move(*effect));
        }
    }
    if (auto effect = owed_by_deadline(definition, saga)) {
        effects.push_back(std::move(*effect));
    }
    if (auto effect = owed_by_lock(saga)) {
        effects.push_back(std::move(*effect));
    }
    return effects;
}

bool is_owed(const Definition& definition, const Saga& saga, const Effect& effect) {
    const auto now_owed = [&](const auto& what) {
        if constexpr (requires { what.step; }) {
            return owed_by(definition, saga, what.step);
        } else if constexpr (std::is_same_v<decltype(what), const HoldLock&>) {
            return owed_by_lock(saga);
        } else {
            return owed_by_deadline(definition, saga);
        }
    };
    return std::visit(now_owed, effect) == effect;
}

Saga recovered(const Definition& definition, Saga saga) {
    for (const StepIndex place : all_places(saga)) {
        const Step& step = definition.step(place);
        const bool is_certain = std::holds_alternative<ChildSaga>(step.action) ||
                                event_called(step, Phase::Action) != nullptr;
        if (is_certain) {
            continue;  // Whether there is a child, and how it ended; whether it was published.
        }
        StepState& state = saga.step(place).state;
        if (auto* calling = std::get_if<Calling>(&state)) {
            calling->is_doubtful = true;
        } else if (auto* waiting = std::get_if<BackingOff>(&state)) {
            // Its tries are not journaled: one may have been out.
            waiting->is_doubtful |= is_quiet(step, Phase::Action, waiting->attempt);
        } else if (auto* settling = std::get_if<Settling>(&state)) {
            settling->is_doubtful = true;
        }
    }
    return saga;
}

}  // namespace skald::sagas
