#include "sagas/answer_events.h"

#include <algorithm>
#include <utility>

#include "sagas/advance.h"
#include "sagas/classify.h"
#include "sagas/request.h"
#include "sagas/saga_scope.h"
#include "sagas/tries.h"

namespace skald::sagas {

namespace {

// ---- Output ------------------------------------------------------------------------------------

/// What `$response` is, where something else than an HTTP reply says that all went well.
Reply reply_of(const Value& output) {
    return {200, {}, output ? output : make_value(Json()), std::nullopt};
}

Result<Value> within_limit(const Draft& draft, Value output) {
    if (draft.saga().bytes + size_of(*output) > kSagaBytesMax) {
        return fail(ErrorCode::InvalidArgument,
                    "output: the input and outputs of the saga together grow over 4 MiB");
    }
    return output;
}

/// The output of a successful try; an error is an output error.
Result<Value> output_of(const Draft& draft, StepIndex index, const Reply& reply) {
    const Step& step = draft.definition().step(index);
    if (const auto* error = std::get_if<BodyError>(&reply.body)) {
        return fail(ErrorCode::InvalidArgument, "reply body: " + error->message);
    }
    if (!step.output) {
        return within_limit(draft, std::get<Value>(reply.body));
    }
    auto output = step.output->render(
        SagaScope(draft.definition(), draft.saga()).in(index, Phase::Action).with(reply));
    if (!output) {
        return fail(ErrorCode::InvalidArgument, "output: " + output.error().message);
    }
    return within_limit(draft, make_value(std::move(*output)));
}

/// The action of a step took effect. `Cause`: AnsweredCause or CalledBackCause.
template <typename Cause>
void succeed(Draft& draft, const Reply& reply, Cause cause) {
    const StepIndex index = cause.step;
    const std::uint32_t attempt = cause.attempt;
    const Step& step = draft.definition().step(index);
    const bool is_backward = draft.saga().direction == Direction::Backward;
    Result<Value> output = output_of(draft, index, reply);
    if (output) {
        cause.output = std::move(*output);
        draft.accept(std::move(cause));
        draft.set(index, Succeeded{});
    } else {
        cause.error = output.error().message;
        draft.accept(std::move(cause));
        const bool is_stuck =
            step.position != Position::Before && step.necessity == Necessity::Required;
        if (is_stuck) {
            draft.set(index, StuckAction{StuckReason::OutputError, attempt, false});
        } else {
            draft.set(index, Succeeded{});
            if (step.necessity == Necessity::Required && !is_backward) {
                turn_back(draft, {index, output.error().message});
            }
        }
    }
    if (step.position == Position::Pivot) {
        draft.drop_wanted_turn();
    }
}

void succeed(Draft& draft, const Answer& success, AnsweredCause cause) {
    if (const auto* child = std::get_if<ChildEnd>(&success)) {
        succeed(draft, reply_of(child->output), std::move(cause));
    } else {
        succeed(draft, std::get<Reply>(success), std::move(cause));
    }
}

// ---- An action ---------------------------------------------------------------------------------

/// The try asks for another one. `not_before`: from now.
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

/// Whether this bad answer says nothing that the journal doesn't say already (kQuietAfter).
bool is_said_already(const Draft& draft, const RetryPolicy& policy, const Answered& event,
                     const Classified& answer) {
    const StepRun& run = draft.saga().step(event.step);
    const bool goes_on = answer.outcome == Outcome::Retry || answer.outcome == Outcome::Unknown;
    return goes_on && is_quiet(policy, event.attempt) && tell_the_same(run.error, answer.error) &&
           run.error_at && draft.now() - *run.error_at < kQuietFor;
}

AnsweredCause cause_of(const Answered& event, const Classified& answer) {
    return {event.step,         event.phase,  event.attempt, answer.outcome,
            answer.http_status, answer.error, nullptr};
}

/// Whether the participant that `phase` calls may call back.
bool may_call_back(const Step& step, Phase phase) {
    const auto* compensation = std::get_if<Compensation>(&step.undo);
    const auto* call = phase == Phase::Action    ? std::get_if<HttpCall>(&step.action)
                       : compensation != nullptr ? std::get_if<HttpCall>(&compensation->call)
                                                 : nullptr;
    return call != nullptr && call->reply == ReplyMode::Callback;
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
    if (is_said_already(draft, step.retry, event, answer)) {
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
        succeed(draft, event.answer, cause_of(event, answer));
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

/// What a settling step comes to: it is not tried again, and the saga goes back in any case.
/// `is_denied`: it surely did nothing, whatever was in doubt.
StepState settled(const Settling& settling, Outcome outcome, bool is_denied) {
    if (outcome == Outcome::Unknown || (settling.is_doubtful && !is_denied)) {
        return InDoubt{};
    }
    return outcome == Outcome::Failure ? StepState{Failed{}} : StepState{Cancelled{}};
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
        succeed(draft, event.answer, cause_of(event, answer));
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
    if (is_said_already(draft, policy, event, answer)) {
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
/// called, a reply where none was.
bool can_answer(const Step& step, Phase phase, const Answer& answer) {
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

// ---- A callback --------------------------------------------------------------------------------

/// The action's try that a callback answers: any that is open, for its URL is the same for all.
std::optional<Calling> open_try(const StepState& state) {
    if (const auto* calling = std::get_if<Calling>(&state)) {
        return *calling;
    }
    if (const auto* awaiting = std::get_if<AwaitingCallback>(&state)) {
        return Calling{awaiting->attempt, awaiting->budget_from, awaiting->is_doubtful};
    }
    if (const auto* waiting = std::get_if<BackingOff>(&state)) {
        return Calling{waiting->attempt - 1, waiting->budget_from, waiting->is_doubtful};
    }
    return std::nullopt;
}

std::optional<Compensating> open_undo(const StepState& state) {
    if (const auto* compensating = std::get_if<Compensating>(&state)) {
        return *compensating;
    }
    if (const auto* awaiting = std::get_if<CompensationAwaitingCallback>(&state)) {
        return Compensating{awaiting->attempt, awaiting->budget_from};
    }
    if (const auto* waiting = std::get_if<CompensationBackingOff>(&state)) {
        return Compensating{waiting->attempt - 1, waiting->budget_from};
    }
    return std::nullopt;
}

/// Why the callback is no success. What it says is left out where it may repeat what the definition
/// calls sensitive.
std::string error_of(const Draft& draft, const CalledBack& event) {
    if (event.outcome == Outcome::Success) {
        return {};
    }
    const std::string text = "called back: ";
    if (event.error.empty()) {
        return text + std::string(to_text(event.outcome));
    }
    const bool is_hidden = draft.definition().sensitive.hides_replies(event.step);
    return text + (is_hidden ? std::string(kMasked) : event.error);
}

CalledBackCause cause_of(const Draft& draft, const CalledBack& event, std::uint32_t attempt) {
    return {event.step, event.phase, attempt, event.outcome, error_of(draft, event), nullptr};
}

/// Whether it says that the action did nothing, and may say so of an earlier try than the one which
/// is open: participants may call back twice, and by the same URL for all tries.
bool may_be_repeated(const CalledBack& event, std::uint32_t attempt) {
    return event.outcome == Outcome::Retry && attempt > 1;
}

void on_action_callback(Draft& draft, const CalledBack& event, Calling calling) {
    CalledBackCause cause = cause_of(draft, event, calling.attempt);
    if (event.outcome == Outcome::Success) {
        succeed(draft, reply_of(event.output), std::move(cause));
        return advance(draft);
    }
    draft.accept(std::move(cause));
    if (event.outcome == Outcome::Failure) {
        calling.is_doubtful = false;  // It speaks for every try.
        give_up(draft, event.step, calling, StuckReason::Refused);
    } else {
        calling.is_doubtful |=
            event.outcome == Outcome::Unknown || may_be_repeated(event, calling.attempt);
        try_again(draft, event.step, calling, std::nullopt);
    }
    advance(draft);
}

/// The next try comes in any case: all that a callback can add is doubt.
void doubt_backing_off(Draft& draft, const CalledBack& event, BackingOff waiting) {
    draft.accept(cause_of(draft, event, waiting.attempt - 1));
    waiting.is_doubtful = true;
    draft.set(event.step, waiting);
}

void on_settling_callback(Draft& draft, const CalledBack& event, const Settling& settling) {
    CalledBackCause cause = cause_of(draft, event, settling.attempt);
    if (event.outcome == Outcome::Success) {
        succeed(draft, reply_of(event.output), std::move(cause));
    } else if (event.outcome == Outcome::Unknown || may_be_repeated(event, settling.attempt)) {
        draft.accept(std::move(cause));  // The reply, or that none comes, settles it.
        draft.set(event.step, Settling{settling.attempt, true});
    } else {
        draft.accept(std::move(cause));
        const bool is_denied = event.outcome == Outcome::Failure;
        draft.set(event.step, settled(settling, event.outcome, is_denied));
    }
    advance(draft);
}

/// Parked doubt is cleared by a callback that says what happened.
void on_parked_callback(Draft& draft, const CalledBack& event, const StuckAction& stuck) {
    CalledBackCause cause = cause_of(draft, event, stuck.attempt);
    if (event.outcome == Outcome::Success) {
        succeed(draft, reply_of(event.output), std::move(cause));
    } else {
        draft.accept(std::move(cause));
        settle_failed(draft, event.step, stuck.attempt, StuckReason::Refused);
    }
    advance(draft);
}

void on_compensation_callback(Draft& draft, const CalledBack& event,
                              const Compensating& compensating) {
    draft.accept(cause_of(draft, event, compensating.attempt));
    if (event.outcome == Outcome::Success) {
        draft.set(event.step, Compensated{UndoneBy::Call});
    } else if (event.outcome == Outcome::Failure) {
        draft.set(event.step,
                  StuckCompensation{StuckReason::CompensationRefused, compensating.attempt});
    } else {
        undo_again(draft, event.step, compensating, std::nullopt);
    }
    advance(draft);
}

/// A callback that nobody waits for is noted once for each try that was given up.
void on_unawaited(Draft& draft, const CalledBack& event) {
    const auto& unanswered = draft.saga().step(event.step).unanswered;
    const auto last =
        std::find_if(unanswered.rbegin(), unanswered.rend(),
                     [&event](const Unanswered& each) { return each.phase == event.phase; });
    if (last != unanswered.rend()) {
        draft.accept(LateCause{event.step, event.phase, last->attempt, event.outcome, 0,
                               error_of(draft, event)});
    }
}

void on_callback_of_action(Draft& draft, const CalledBack& event) {
    const StepState state = draft.state(event.step);
    const bool says_how_it_ended =
        event.outcome == Outcome::Success || event.outcome == Outcome::Failure;
    const auto* waiting = std::get_if<BackingOff>(&state);
    if (waiting != nullptr && !says_how_it_ended) {
        const bool is_new = event.outcome == Outcome::Unknown && !waiting->is_doubtful;
        return is_new ? doubt_backing_off(draft, event, *waiting) : on_unawaited(draft, event);
    }
    if (const auto calling = open_try(state)) {
        return on_action_callback(draft, event, *calling);
    }
    if (const auto* settling = std::get_if<Settling>(&state)) {
        const bool is_new = says_how_it_ended || !settling->is_doubtful;
        return is_new ? on_settling_callback(draft, event, *settling) : on_unawaited(draft, event);
    }
    const auto* stuck = std::get_if<StuckAction>(&state);
    if (stuck != nullptr && stuck->is_doubtful && says_how_it_ended) {
        return on_parked_callback(draft, event, *stuck);
    }
    return on_unawaited(draft, event);
}

void on_callback_of_compensation(Draft& draft, const CalledBack& event) {
    const StepState state = draft.state(event.step);
    const auto undo = open_undo(state);
    const bool says_how_it_ended =
        event.outcome == Outcome::Success || event.outcome == Outcome::Failure;
    if (undo && (says_how_it_ended || !std::holds_alternative<CompensationBackingOff>(state))) {
        return on_compensation_callback(draft, event, *undo);
    }
    const auto* stuck = std::get_if<StuckCompensation>(&state);
    const bool is_cleared = stuck != nullptr && event.outcome == Outcome::Success &&
                            stuck->reason == StuckReason::CompensationExhausted;
    if (is_cleared) {  // Its tries ended without an answer; this is one.
        return on_compensation_callback(draft, event, {stuck->attempt, stuck->attempt});
    }
    return on_unawaited(draft, event);
}

}  // namespace

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

void on(Draft& draft, const CalledBack& event) {
    const bool is_asked = draft.saga().has(event.step) &&
                          may_call_back(draft.definition().step(event.step), event.phase);
    if (!is_asked) {
        return;
    }
    if (draft.saga().end) {
        return on_unawaited(draft, event);
    }
    return event.phase == Phase::Action ? on_callback_of_action(draft, event)
                                        : on_callback_of_compensation(draft, event);
}

}  // namespace skald::sagas
