#include "sagas/advance.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sagas/elements.h"
#include "sagas/event_match.h"
#include "sagas/publish.h"
#include "sagas/saga_scope.h"

namespace skald::sagas {

namespace {

template <typename State>
bool is(const StepState& state) {
    return std::holds_alternative<State>(state);
}

bool may_start(const Draft& draft, const Step& step) {
    return std::all_of(step.after.begin(), step.after.end(), [&draft](StepIndex before) {
        return has_settled_well(draft.definition().step(before), draft.state(before));
    });
}

enum class Sent : std::uint8_t {
    Perhaps,
    No,  ///< Its try began in this very transition: nobody has heard of it.
};

/// What a step becomes when the saga turns; none: it stays as it is.
std::optional<StepState> turned_state(const Step& step, const StepState& state, Sent sent) {
    if (is<Pending>(state) || is<Waiting>(state) || is_surely_undone(step, state)) {
        return Cancelled{};
    }
    const bool is_unpublished = is<Calling>(state) && event_called(step, Phase::Action) != nullptr;
    if (is<AwaitingCallback>(state) || is_unpublished) {
        return InDoubt{};
    }
    if (const auto* calling = std::get_if<Calling>(&state)) {
        if (sent == Sent::No) {
            return calling->is_doubtful ? StepState{InDoubt{}} : StepState{Cancelled{}};
        }
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

/// Whether the step runs at all, by its `when`.
Result<bool> is_wanted(const Draft& draft, StepIndex index) {
    const Step& step = draft.definition().step(index);
    if (!step.when) {
        return true;
    }
    auto holds =
        step.when->holds(SagaScope(draft.definition(), draft.saga()).in(index, Phase::Action));
    if (!holds) {
        return fail(holds.error().code, "when: " + holds.error().message);
    }
    return *holds;
}

/// Precondition: it waits for a time.
Result<Timestamp> end_of_wait(const Draft& draft, StepIndex index, const Wait& wait) {
    if (const auto* duration = std::get_if<Milliseconds>(&wait.until)) {
        return draft.now() + *duration;
    }
    const auto value =
        std::get<Template>(wait.until)
            .render(SagaScope(draft.definition(), draft.saga()).in(index, Phase::Action));
    if (!value) {
        return fail(value.error().code, "until: " + value.error().message);
    }
    if (!value->is_string()) {
        return fail(ErrorCode::InvalidArgument,
                    "until: not a time as text (RFC 3339), but " + std::string(value->type_name()));
    }
    auto time = parse_rfc3339(value->get_ref<const std::string&>());
    if (!time) {
        return fail(time.error().code, "until: " + time.error().message);
    }
    return *time;
}

/// A step whose turn has come, as far as that needs no decision about the others.
enum class Readiness : std::uint8_t { Starts, Settled };

/// Settles the step where it is skipped, or can't be made out.
Readiness look_at(Draft& draft, StepIndex index) {
    const auto wanted = is_wanted(draft, index);
    if (!wanted) {
        draft.set_error(index, wanted.error().message);
        settle_failed(draft, index, 0, StuckReason::ExpressionError);
        return Readiness::Settled;
    }
    if (!*wanted) {
        draft.set(index, Skipped{});
        return Readiness::Settled;
    }
    return Readiness::Starts;
}

void begin_waiting(Draft& draft, StepIndex index, const Wait& wait) {
    if (std::holds_alternative<AwaitedEvent>(wait.until)) {
        begin_awaiting(draft, index);
        return;
    }
    const auto until = end_of_wait(draft, index, wait);
    if (until) {
        draft.set(index, Waiting{*until});
    } else {
        draft.set_error(index, until.error().message);
        settle_failed(draft, index, 0, StuckReason::ExpressionError);
    }
}

/// Evaluates what a step that runs needs for its first state; an error settles it.
void prepare(Draft& draft, StepIndex index) {
    const Step& step = draft.definition().step(index);
    if (step.for_each) {
        begin_iterating(draft, index);
    } else if (const auto* wait = std::get_if<Wait>(&step.action)) {
        begin_waiting(draft, index, *wait);
    }
}

std::vector<StepIndex> find_ready_steps(Draft& draft) {
    std::vector<StepIndex> ready;
    for (const StepIndex index : draft.definition().order) {
        const Step& step = draft.definition().step(index);
        const bool may_run = is<Pending>(draft.state(index)) && may_start(draft, step);
        if (may_run && look_at(draft, index) == Readiness::Starts) {
            ready.push_back(index);
        }
    }
    return ready;
}

/// Starts all that became ready; nothing, where one of them turns the saga. True: something settled
/// by that, and more may be ready.
bool start_ready_steps(Draft& draft) {
    const std::vector<StepIndex> ready = find_ready_steps(draft);
    for (const StepIndex index : ready) {
        if (draft.saga().direction == Direction::Forward) {
            prepare(draft, index);
        }
    }
    if (draft.saga().direction == Direction::Backward) {
        return false;
    }
    bool has_settled = false;
    for (const StepIndex index : ready) {
        if (is<Pending>(draft.state(index))) {
            draft.set(index, Calling{1, 1, false});
        } else if (is<Iterating>(draft.state(index))) {
            go_on_iterating(draft, index);
        }
        has_settled =
            has_settled || has_settled_well(draft.definition().step(index), draft.state(index));
    }
    return has_settled;
}

void go_forward(Draft& draft) {
    for (const StepIndex index : draft.definition().order) {
        if (is<Iterating>(draft.state(index))) {
            go_on_iterating(draft, index);
        }
    }
    while (start_ready_steps(draft)) {
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

/// Whether a step holds up the undoing of those it came after.
bool is_open(const Step& step, const StepRun& run) {
    if (step.for_each) {
        return has_open_elements(step, run);
    }
    return is_element_open(step, run.state);
}

void compensate_what_is_ready(Draft& draft) {
    const Definition& definition = draft.definition();
    const bool can_undo = draft.saga().suspension == Suspension::None;
    // Whether a step and all its descendants are closed; in reverse order, descendants come first.
    std::vector<bool> is_closed(definition.steps.size(), false);
    bool is_all_closed = true;
    for (auto it = definition.order.rbegin(); it != definition.order.rend(); ++it) {
        const Step& step = definition.step(*it);
        const bool is_free =
            std::all_of(step.before.begin(), step.before.end(),
                        [&is_closed](StepIndex after) { return is_closed[to_size(after)]; });
        if (is_free && step.for_each) {
            undo_elements(draft, *it);
        } else if (is_free && can_undo && needs_undo(step, draft.state(*it))) {
            draft.set(*it, Compensating{1, 1});
        }
        is_closed[to_size(*it)] = is_free && !is_open(step, draft.saga().step(*it));
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
    for (const StepIndex place : all_places(draft.saga())) {
        const Sent sent = draft.has_begun_try(place) ? Sent::No : Sent::Perhaps;
        if (auto state = turned_state(draft.definition().step(place), draft.state(place), sent)) {
            draft.set(place, *state);
        }
    }
}

void request_turn(Draft& draft, Failure failure) {
    const std::optional<StepIndex> pivot = draft.definition().pivot;
    if (pivot) {
        const StepState& state = draft.state(*pivot);
        const bool is_open = is<Calling>(state) || is<AwaitingCallback>(state);
        if (is_open && !is_surely_undone(draft.definition().step(*pivot), state)) {
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
    const bool is_queued = draft.saga().lock && !draft.saga().lock->is_held;
    if (draft.saga().direction == Direction::Forward) {
        if (draft.saga().suspension == Suspension::None && !is_queued) {
            go_forward(draft);
        }
        if (draft.saga().direction == Direction::Forward) {
            complete_if_done(draft);
            return;
        }
    }
    compensate_what_is_ready(draft);
}

}  // namespace skald::sagas
