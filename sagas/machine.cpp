#include "sagas/machine.h"

#include <utility>

#include "sagas/advance.h"
#include "sagas/answer_events.h"
#include "sagas/draft.h"
#include "sagas/event_match.h"
#include "sagas/operator_events.h"
#include "sagas/publish.h"
#include "sagas/tries.h"

namespace skald::sagas {

namespace {

void on(Draft& draft, const Begin& event) {
    if (draft.saga().is_begun) {
        return;
    }
    draft.accept(event);
    advance(draft);
}

void on(Draft& draft, const LockGranted& event) {
    const Saga& saga = draft.saga();
    if (!saga.lock || saga.lock->is_held || saga.end) {
        return;
    }
    draft.accept(event);
    advance(draft);
}

void on(Draft& draft, const ParentTurned& event) {
    const Saga& saga = draft.saga();
    const bool is_to_undo = saga.parent && saga.end && saga.end->status == Status::Completed &&
                            !is_past_pivot(draft.definition(), saga);
    if (!is_to_undo) {
        return;
    }
    draft.accept(event);
    turn_back(draft, {std::nullopt, "parent"});
    advance(draft);
}

void on(Draft& draft, const Unsendable& event) {
    const bool is_open = draft.saga().has(event.step) && !draft.saga().end;
    if (!is_open || event_called(draft.definition().step(event.step), event.phase) != nullptr) {
        return;
    }
    const StepState state = draft.state(event.step);
    const auto* calling = std::get_if<Calling>(&state);
    const auto* settling = std::get_if<Settling>(&state);
    const auto* compensating = std::get_if<Compensating>(&state);
    const UnsendableCause cause{event.step, event.phase, event.attempt, event.error};
    if (event.phase == Phase::Action && calling && calling->attempt == event.attempt) {
        draft.accept(cause);
        give_up(draft, event.step, *calling, StuckReason::ExpressionError);
    } else if (event.phase == Phase::Action && settling && settling->attempt == event.attempt) {
        draft.accept(cause);
        draft.set(event.step,
                  settling->is_doubtful ? StepState{InDoubt{}} : StepState{Cancelled{}});
    } else if (event.phase == Phase::Compensation && compensating &&
               named_attempt(draft.definition().step(event.step), draft.saga().step(event.step),
                             *compensating) == event.attempt) {
        draft.accept(cause);
        draft.set(event.step, StuckCompensation{StuckReason::CompensationExpressionError,
                                                compensating->attempt});
    } else {
        return;
    }
    advance(draft);
}

/// Of what the step waited for by `phase`.
const char* missed_text(const Step& step, Phase phase) {
    if (awaited_event(step, phase) == nullptr) {
        return "no callback came in time";
    }
    return event_called(step, phase) == nullptr ? "no event came in time"
                                                : "no reply event came in time";
}

/// A callback, or an event, did not come in time. Who was sent an event may be away, and is sent it
/// again; who answered with 202 knows of the call.
void miss_callback(Draft& draft, const Due& event, const AwaitingCallback& awaiting) {
    const Step& step = draft.definition().step(event.step);
    draft.accept(event);
    draft.set_error(event.step, missed_text(step, Phase::Action));
    if (event_called(step, Phase::Action) != nullptr) {
        try_again(draft, event.step, {awaiting.attempt, awaiting.budget_from, true}, std::nullopt);
    } else if (std::holds_alternative<Wait>(step.action)) {
        settle_failed(draft, event.step, awaiting.attempt, StuckReason::Refused);
    } else {
        settle_in_doubt(draft, event.step, awaiting.attempt, StuckReason::InDoubt);
    }
    advance(draft);
}

void miss_callback(Draft& draft, const Due& event, const CompensationAwaitingCallback& awaiting) {
    const Step& step = draft.definition().step(event.step);
    draft.accept(event);
    draft.set_error(event.step, missed_text(step, Phase::Compensation));
    undo_again(draft, event.step, {awaiting.attempt, awaiting.budget_from}, std::nullopt);
    advance(draft);
}

/// The due time before a try and that of its callback go by the same number: one that comes before
/// its time is the former, told again.
void on_action_due(Draft& draft, const Due& event) {
    const StepState state = draft.state(event.step);
    if (const auto* backing_off = std::get_if<BackingOff>(&state);
        backing_off && backing_off->attempt == event.attempt) {
        if (!is_quiet(draft.definition().step(event.step), Phase::Action, event.attempt)) {
            draft.accept(event);
        }
        draft.set(event.step, Calling{backing_off->attempt, backing_off->budget_from,
                                      backing_off->is_doubtful});
    } else if (const auto* awaiting = std::get_if<AwaitingCallback>(&state);
               awaiting && awaiting->attempt == event.attempt && awaiting->due_at <= draft.now()) {
        miss_callback(draft, event, *awaiting);
    } else if (const auto* waiting = std::get_if<Waiting>(&state);
               waiting && event.attempt == 1 && waiting->due_at <= draft.now()) {
        draft.accept(event);
        draft.set(event.step, Succeeded{});
        advance(draft);
    }
}

void on_compensation_due(Draft& draft, const Due& event) {
    const StepState state = draft.state(event.step);
    if (const auto* backing_off = std::get_if<CompensationBackingOff>(&state);
        backing_off && backing_off->attempt == event.attempt) {
        if (!is_quiet(draft.definition().step(event.step), Phase::Compensation, event.attempt)) {
            draft.accept(event);
        }
        draft.set(event.step, Compensating{backing_off->attempt, backing_off->budget_from});
    } else if (const auto* awaiting = std::get_if<CompensationAwaitingCallback>(&state);
               awaiting && awaiting->attempt == event.attempt && awaiting->due_at <= draft.now()) {
        miss_callback(draft, event, *awaiting);
    }
}

void on(Draft& draft, const Due& event) {
    const Saga& saga = draft.saga();
    if (!saga.has(event.step) || saga.end || saga.suspension == Suspension::Suspended) {
        return;
    }
    if (event.phase == Phase::Action) {
        on_action_due(draft, event);
    } else {
        on_compensation_due(draft, event);
    }
}

void on(Draft& draft, const DeadlinePassed& event) {
    const Saga& saga = draft.saga();
    if (!owed_by_deadline(draft.definition(), saga) || draft.now() < *saga.deadline_at) {
        return;
    }
    draft.accept(event);
    request_turn(draft, {std::nullopt, "deadline"});
    advance(draft);
}

}  // namespace

Transition apply(const Definition& definition, Saga saga, const Event& event, Timestamp now) {
    Draft draft(definition, std::move(saga), now);
    if (draft.saga().is_begun || std::holds_alternative<Begin>(event)) {
        std::visit([&draft](const auto& what) { on(draft, what); }, event);
        if (definition.has_events) {
            publish_tries(draft);
        }
    }
    return std::move(draft).finish();
}

}  // namespace skald::sagas
