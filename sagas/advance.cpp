#include "sagas/advance.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sagas/saga_scope.h"

namespace skald::sagas {

namespace {

template <typename State>
bool is(const StepState& state) {
    return std::holds_alternative<State>(state);
}

/// Whether what comes `after` the step may start.
bool has_settled_well(const Step& step, const StepState& state) {
    if (is<Succeeded>(state) || is<Skipped>(state)) {
        return true;
    }
    return step.necessity == Necessity::Optional && (is<Failed>(state) || is<InDoubt>(state));
}

bool may_start(const Draft& draft, const Step& step) {
    return std::all_of(step.after.begin(), step.after.end(), [&draft](StepIndex before) {
        return has_settled_well(draft.definition().step(before), draft.state(before));
    });
}

/// What a step becomes when the saga turns; none: it stays as it is.
std::optional<StepState> turned_state(const StepState& state) {
    if (is<Pending>(state)) {
        return Cancelled{};
    }
    if (const auto* calling = std::get_if<Calling>(&state)) {
        return Settling{calling->attempt, calling->is_doubtful};
    }
    if (const auto* waiting = std::get_if<BackingOff>(&state)) {
        return waiting->is_doubtful ? StepState{InDoubt{}} : StepState{Cancelled{}};
    }
    if (const auto* stuck = std::get_if<StuckAction>(&state)) {
        return stuck->is_doubtful ? StepState{InDoubt{}} : StepState{Failed{}};
    }
    return std::nullopt;
}

/// Whether a compensation of it is declared, or said to be needless.
bool is_undo_declared(const Step& step) {
    return !std::holds_alternative<NoCompensation>(step.undo);
}

void start_ready_steps(Draft& draft) {
    std::vector<StepIndex> ready;
    for (const StepIndex index : draft.definition().order) {
        const Step& step = draft.definition().step(index);
        if (!is<Pending>(draft.state(index)) || !may_start(draft, step)) {
            continue;
        }
        if (step.when) {
            const auto holds = step.when->holds(
                SagaScope(draft.definition(), draft.saga()).in(index, Phase::Action));
            if (!holds) {
                draft.set_error(index, "when: " + holds.error().message);
                settle_failed(draft, index, 0, StuckReason::ExpressionError);
                continue;
            }
            if (!*holds) {
                draft.set(index, Skipped{});
                continue;
            }
        }
        ready.push_back(index);
    }
    if (draft.saga().direction == Direction::Forward) {
        for (const StepIndex index : ready) {
            draft.set(index, Calling{1, 1, false});
        }
    }
}

void complete_if_done(Draft& draft) {
    const auto& steps = draft.definition().steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!has_settled_well(steps[i], draft.saga().steps[i].state)) {
            return;
        }
    }
    End end{Status::Completed, draft.now(), nullptr, {}};
    if (draft.definition().output) {
        auto output =
            draft.definition().output->render(SagaScope(draft.definition(), draft.saga()));
        if (output) {
            end.output = make_value(std::move(*output));
        } else {
            end.output_error = "output: " + output.error().message;
        }
    }
    draft.end(std::move(end));
}

bool needs_undo(const Step& step, const StepState& state) {
    return (is<Succeeded>(state) || is<InDoubt>(state)) &&
           std::holds_alternative<Compensation>(step.undo);
}

/// Whether a step holds up the undoing of those it came after.
bool is_open(const Step& step, const StepState& state) {
    return needs_undo(step, state) || is<Settling>(state) || is<Compensating>(state) ||
           is<CompensationBackingOff>(state) || is<StuckCompensation>(state);
}

void compensate_what_is_ready(Draft& draft) {
    const Definition& definition = draft.definition();
    // Whether a step and all its descendants are closed; in reverse order, descendants come first.
    std::vector<bool> is_closed(definition.steps.size(), false);
    bool is_all_closed = true;
    for (auto it = definition.order.rbegin(); it != definition.order.rend(); ++it) {
        const Step& step = definition.step(*it);
        const bool is_free =
            std::all_of(step.before.begin(), step.before.end(),
                        [&is_closed](StepIndex after) { return is_closed[to_size(after)]; });
        const bool can_undo = draft.saga().suspension == Suspension::None;
        if (is_free && can_undo && needs_undo(step, draft.state(*it))) {
            draft.set(*it, Compensating{1, 1});
        }
        is_closed[to_size(*it)] = is_free && !is_open(step, draft.state(*it));
        is_all_closed = is_all_closed && is_closed[to_size(*it)];
    }
    if (is_all_closed) {
        draft.end({Status::Compensated, draft.now(), nullptr, {}});
    }
}

/// The reason a step's end turns the saga: what asked first.
Failure failure_of(const Draft& draft, StepIndex step) {
    if (draft.saga().turn_wanted) {
        return *draft.saga().turn_wanted;
    }
    return {step, draft.saga().step(step).error};
}

/// More than one step may end badly in one transition; the first turned the saga.
void turn_for(Draft& draft, StepIndex step) {
    if (draft.saga().direction == Direction::Forward) {
        turn_back(draft, failure_of(draft, step));
    }
}

}  // namespace

void turn_back(Draft& draft, Failure failure) {
    draft.turn(std::move(failure));
    for (const StepIndex index : draft.definition().order) {
        if (auto state = turned_state(draft.state(index))) {
            draft.set(index, *state);
        }
    }
}

void request_turn(Draft& draft, Failure failure) {
    const std::optional<StepIndex> pivot = draft.definition().pivot;
    if (pivot) {
        const StepState& state = draft.state(*pivot);
        if (is<Calling>(state)) {
            draft.want_turn(std::move(failure));
            return;
        }
        if (const auto* waiting = std::get_if<BackingOff>(&state);
            waiting && waiting->is_doubtful) {
            draft.want_turn(std::move(failure));
            settle_in_doubt(draft, *pivot, waiting->attempt - 1, StuckReason::InDoubt);
            return;
        }
    }
    turn_back(draft, std::move(failure));
}

void settle_failed(Draft& draft, StepIndex index, std::uint32_t attempt, StuckReason after_pivot) {
    const Step& step = draft.definition().step(index);
    if (draft.saga().step(index).has_taken_effect) {
        draft.set(index, StuckAction{StuckReason::OutputError, attempt, false});
        return;
    }
    if (step.necessity == Necessity::Required && step.position == Position::After) {
        draft.set(index, StuckAction{after_pivot, attempt, false});
        return;
    }
    draft.set(index, Failed{});
    if (step.necessity == Necessity::Required) {
        turn_for(draft, index);
    }
}

void settle_in_doubt(Draft& draft, StepIndex index, std::uint32_t attempt,
                     StuckReason after_pivot) {
    const Step& step = draft.definition().step(index);
    if (draft.saga().step(index).has_taken_effect) {
        draft.set(index, StuckAction{StuckReason::OutputError, attempt, false});
        return;
    }
    if (step.necessity == Necessity::Optional) {
        draft.set(index, InDoubt{});
        return;
    }
    if (step.position == Position::After) {
        draft.set(index, StuckAction{after_pivot, attempt, true});
        return;
    }
    const bool is_pivot_for_good = step.position == Position::Pivot && !is_undo_declared(step);
    if (step.in_doubt == InDoubtPolicy::Park || is_pivot_for_good) {
        draft.set(index, StuckAction{StuckReason::InDoubt, attempt, true});
        return;
    }
    draft.set(index, InDoubt{});
    turn_for(draft, index);
}

void advance(Draft& draft) {
    if (draft.saga().end) {
        return;
    }
    if (draft.saga().direction == Direction::Forward) {
        if (draft.saga().suspension == Suspension::None) {
            start_ready_steps(draft);
        }
        if (draft.saga().direction == Direction::Forward) {
            complete_if_done(draft);
            return;
        }
    }
    compensate_what_is_ready(draft);
}

}  // namespace skald::sagas
