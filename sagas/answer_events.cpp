#include "sagas/answer_events.h"

#include <algorithm>
#include <utility>

#include "sagas/advance.h"
#include "sagas/classify.h"
#include "sagas/event_match.h"
#include "sagas/request.h"
#include "sagas/settled.h"
#include "sagas/tries.h"

namespace skald::sagas {

namespace {

void on_success(Draft& draft, const Answer& success, AnsweredCause cause) {
    if (const auto* child = std::get_if<ChildEnd>(&success)) {
        succeed(draft, reply_of(child->output), std::move(cause));
    } else {
        succeed(draft, std::get<Reply>(success), std::move(cause));
    }
}

// ---- An action ---------------------------------------------------------------------------------

/// Whether this bad answer says nothing that the journal doesn't say already (kQuietAfter).
bool is_said_already(const Draft& draft, const Answered& event, const Classified& answer) {
    const StepRun& run = draft.saga().step(event.step);
    const bool goes_on = answer.outcome == Outcome::Retry || answer.outcome == Outcome::Unknown;
    return goes_on && is_quiet(draft.definition().step(event.step), event.phase, event.attempt) &&
           tell_the_same(run.error, answer.error) && run.error_at &&
           draft.now() - *run.error_at < kQuietFor;
}

AnsweredCause cause_of(const Answered& event, const Classified& answer) {
    return {event.step,         event.phase,  event.attempt, answer.outcome,
            answer.http_status, answer.error, nullptr};
}

/// Whether the reply means that it will.
bool is_put_off(const Step& step, Phase phase, const Classified& answer) {
    constexpr int kAccepted = 202;
    return answer.http_status == kAccepted && answer.outcome == Outcome::Success &&
           answer.basis == Basis::Table && may_call_back(step, phase);
}

void on_action_answer(Draft& draft, const Answered& event, Calling calling) {
    const Step& step = draft.definition().step(event.step);
    const Classified answer =
        classify(draft.definition(), draft.saga(), event.step, Phase::Action, event.answer);
    calling.is_doubtful |= answer.outcome == Outcome::Unknown;
    if (is_said_already(draft, event, answer)) {
        const auto next = next_try(draft, step.retry, event.step, Phase::Action, calling.attempt,
                                   calling.budget_from, answer.retry_after);
        draft.set(event.step, BackingOff{calling.attempt, calling.budget_from, calling.is_doubtful,
                                         next->due_at});
        return;
    }
    if (is_put_off(step, Phase::Action, answer)) {
        draft.accept(cause_of(event, answer));
        draft.set(event.step,
                  AwaitingCallback{calling.attempt, calling.budget_from, calling.is_doubtful,
                                   draft.now() + step.callback_timeout});
    } else if (answer.outcome == Outcome::Success) {
        on_success(draft, event.answer, cause_of(event, answer));
    } else {
        draft.accept(cause_of(event, answer));
        if (answer.outcome == Outcome::Failure) {
            calling.is_doubtful &= answer.basis == Basis::Table;
            give_up(draft, event.step, calling, StuckReason::Refused);
        } else {
            try_again(draft, event.step, calling, answer.retry_after);
        }
    }
    advance(draft);
}

void on_settled(Draft& draft, const Answered& event, const Settling& settling) {
    const Step& step = draft.definition().step(event.step);
    const Classified answer =
        classify(draft.definition(), draft.saga(), event.step, Phase::Action, event.answer);
    if (is_put_off(step, Phase::Action, answer)) {
        draft.accept(cause_of(event, answer));
        // Nobody waits for the callback: given up as soon as it is awaited.
        draft.set(event.step, AwaitingCallback{event.attempt, event.attempt, settling.is_doubtful,
                                               draft.now()});
        draft.set(event.step, InDoubt{});
    } else if (answer.outcome == Outcome::Success) {
        on_success(draft, event.answer, cause_of(event, answer));
    } else {
        draft.accept(cause_of(event, answer));
        const bool is_denied = answer.outcome == Outcome::Failure && answer.basis == Basis::Rule;
        draft.set(event.step, settled(settling, answer.outcome, is_denied));
    }
    advance(draft);
}

// ---- A compensation ----------------------------------------------------------------------------

void on_compensation_answer(Draft& draft, const Answered& event, const Compensating& compensating) {
    const Step& step = draft.definition().step(event.step);
    const RetryPolicy& policy = undo_policy(step);
    const Classified answer =
        classify(draft.definition(), draft.saga(), event.step, Phase::Compensation, event.answer);
    if (is_said_already(draft, event, answer)) {
        const auto next = next_try(draft, policy, event.step, Phase::Compensation, event.attempt,
                                   compensating.budget_from, answer.retry_after);
        draft.set(event.step, CompensationBackingOff{compensating.attempt, compensating.budget_from,
                                                     next->due_at});
        return;
    }
    AnsweredCause cause = cause_of(event, answer);
    cause.attempt = compensating.attempt;
    draft.accept(std::move(cause));
    if (is_put_off(step, Phase::Compensation, answer)) {
        const Milliseconds timeout = std::get<Compensation>(step.undo).callback_timeout;
        draft.set(event.step,
                  CompensationAwaitingCallback{compensating.attempt, compensating.budget_from,
                                               draft.now() + timeout});
    } else if (answer.outcome == Outcome::Success) {
        draft.set(event.step, Compensated{UndoneBy::Call});
    } else if (answer.outcome == Outcome::Failure) {
        draft.set(event.step,
                  StuckCompensation{StuckReason::CompensationRefused, compensating.attempt});
    } else {
        undo_again(draft, event.step, compensating, answer.retry_after);
    }
    advance(draft);
}

/// Whether such an answer can come to `phase` of `step` at all: a child's end where a child was
/// called, a reply where none was. An event is answered by another one (CalledBack).
bool can_answer(const Step& step, Phase phase, const Answer& answer) {
    if (event_called(step, phase) != nullptr || awaited_event(step, phase) != nullptr) {
        return false;
    }
    const bool is_of_child = child_called(step, phase) != nullptr ||
                             (phase == Phase::Compensation && is_undone_by_child(step));
    return is_of_child ? !std::holds_alternative<Reply>(answer)
                       : !std::holds_alternative<ChildEnd>(answer);
}

/// An answer to a try that was given up is noted once; any other one is repeated or foreign.
void on_unawaited(Draft& draft, const Answered& event) {
    const auto& unanswered = draft.saga().step(event.step).unanswered;
    const bool is_late = std::find(unanswered.begin(), unanswered.end(),
                                   Unanswered{event.phase, event.attempt}) != unanswered.end();
    if (is_late) {
        const Classified answer =
            classify(draft.definition(), draft.saga(), event.step, event.phase, event.answer);
        draft.accept(LateCause{event.step, event.phase, event.attempt, answer.outcome,
                               answer.http_status, answer.error});
    }
}

}  // namespace

bool may_call_back(const Step& step, Phase phase) {
    const auto* compensation = std::get_if<Compensation>(&step.undo);
    const auto* call = phase == Phase::Action    ? std::get_if<HttpCall>(&step.action)
                       : compensation != nullptr ? std::get_if<HttpCall>(&compensation->call)
                                                 : nullptr;
    return call != nullptr && call->reply == ReplyMode::Callback;
}

void on(Draft& draft, const Answered& event) {
    const bool is_asked =
        draft.saga().has(event.step) &&
        can_answer(draft.definition().step(event.step), event.phase, event.answer);
    if (!is_asked) {
        return;
    }
    const bool is_open = !draft.saga().end;
    const StepState state = draft.state(event.step);
    if (event.phase == Phase::Action && is_open) {
        const auto* calling = std::get_if<Calling>(&state);
        if (calling != nullptr && calling->attempt == event.attempt) {
            return on_action_answer(draft, event, *calling);
        }
        const auto* settling = std::get_if<Settling>(&state);
        if (settling != nullptr && settling->attempt == event.attempt) {
            return on_settled(draft, event, *settling);
        }
    }
    if (event.phase == Phase::Compensation && is_open) {
        const auto* compensating = std::get_if<Compensating>(&state);
        if (compensating != nullptr &&
            named_attempt(draft.definition().step(event.step), draft.saga().step(event.step),
                          *compensating) == event.attempt) {
            return on_compensation_answer(draft, event, *compensating);
        }
    }
    return on_unawaited(draft, event);
}

}  // namespace skald::sagas
