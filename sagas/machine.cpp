#include "sagas/machine.h"

#include <algorithm>
#include <utility>

#include "sagas/advance.h"
#include "sagas/backoff.h"
#include "sagas/classify.h"
#include "sagas/draft.h"
#include "sagas/operator_events.h"
#include "sagas/saga_scope.h"

namespace skald::sagas {

namespace {

Transition unchanged(Draft draft) { return std::move(draft).finish(); }

/// One more try of `policy`'s budget, or none left.
struct NextTry {
    std::uint32_t attempt;
    Timestamp due_at;
};

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

Result<Value> within_limit(const Draft& draft, Value output) {
    if (draft.saga().bytes + size_of(*output) > kSagaBytesMax) {
        return fail(ErrorCode::InvalidArgument,
                    "output: the input and outputs of the saga together grow over 4 MiB");
    }
    return output;
}

/// The output of a successful try; an error is an output error.
Result<Value> output_of(const Draft& draft, const Answered& event) {
    const Reply& reply = std::get<Reply>(event.answer);
    const Step& step = draft.definition().step(event.step);
    if (const auto* error = std::get_if<BodyError>(&reply.body)) {
        return fail(ErrorCode::InvalidArgument, "reply body: " + error->message);
    }
    if (!step.output) {
        return within_limit(draft, std::get<Value>(reply.body));
    }
    auto output = step.output->render(
        SagaScope(draft.definition(), draft.saga()).in(event.step, Phase::Action).with(reply));
    if (!output) {
        return fail(ErrorCode::InvalidArgument, "output: " + output.error().message);
    }
    return within_limit(draft, make_value(std::move(*output)));
}

void succeed(Draft& draft, const Answered& event, AnsweredCause cause) {
    const Step& step = draft.definition().step(event.step);
    const bool is_backward = draft.saga().direction == Direction::Backward;
    Result<Value> output = output_of(draft, event);
    if (output) {
        cause.output = std::move(*output);
        draft.accept(std::move(cause));
        draft.set(event.step, Succeeded{});
    } else {
        cause.error = output.error().message;
        draft.accept(std::move(cause));
        const bool is_stuck =
            step.position != Position::Before && step.necessity == Necessity::Required;
        if (is_stuck) {
            draft.set(event.step, StuckAction{StuckReason::OutputError, event.attempt, false});
        } else {
            draft.set(event.step, Succeeded{});
            if (step.necessity == Necessity::Required && !is_backward) {
                turn_back(draft, {event.step, output.error().message});
            }
        }
    }
    if (step.position == Position::Pivot) {
        draft.drop_wanted_turn();
    }
}

/// The tries of an action end without success.
void give_up(Draft& draft, StepIndex step, const Calling& calling, StuckReason after_pivot) {
    if (calling.is_doubtful) {
        settle_in_doubt(draft, step, calling.attempt, after_pivot);
    } else {
        settle_failed(draft, step, calling.attempt, after_pivot);
    }
}

/// An answer, to the try that is out, which asks for another one.
void try_again(Draft& draft, const Answered& event, Calling calling, const Classified& answer) {
    const Step& step = draft.definition().step(event.step);
    calling.is_doubtful |= answer.outcome == Outcome::Unknown;
    if (draft.saga().turn_wanted) {  // The pivot settles, without a further try.
        if (calling.is_doubtful) {
            settle_in_doubt(draft, event.step, calling.attempt, StuckReason::InDoubt);
        } else {
            draft.set(event.step, Cancelled{});
            turn_back(draft, *draft.saga().turn_wanted);
        }
        return;
    }
    const auto next = next_try(draft, step.retry, event.step, Phase::Action, calling.attempt,
                               calling.budget_from, answer.retry_after);
    if (next) {
        draft.set(event.step, BackingOff{next->attempt, calling.budget_from, calling.is_doubtful,
                                         next->due_at});
    } else {
        give_up(draft, event.step, calling, StuckReason::Exhausted);
    }
}

Transition on_action_answer(Draft draft, const Answered& event, Calling calling) {
    const Step& step = draft.definition().step(event.step);
    const Classified answer =
        classify(draft.definition(), draft.saga(), event.step, Phase::Action, event.answer);
    if (is_said_already(draft, step.retry, event, answer)) {
        const auto next = next_try(draft, step.retry, event.step, Phase::Action, calling.attempt,
                                   calling.budget_from, answer.retry_after);
        calling.is_doubtful |= answer.outcome == Outcome::Unknown;
        draft.set(event.step, BackingOff{calling.attempt, calling.budget_from, calling.is_doubtful,
                                         next->due_at});
        return std::move(draft).finish();
    }
    if (answer.outcome == Outcome::Success) {
        succeed(draft, event, cause_of(event, answer));
    } else {
        draft.accept(cause_of(event, answer));
        if (answer.outcome == Outcome::Failure) {
            calling.is_doubtful &= answer.basis == Basis::Table;
            give_up(draft, event.step, calling, StuckReason::Refused);
        } else {
            try_again(draft, event, calling, answer);
        }
    }
    advance(draft);
    return std::move(draft).finish();
}

/// What a settling step comes to: it is not tried again, and the saga goes back in any case.
Transition on_settled(Draft draft, const Answered& event, const Settling& settling) {
    const Classified answer =
        classify(draft.definition(), draft.saga(), event.step, Phase::Action, event.answer);
    if (answer.outcome == Outcome::Success) {
        succeed(draft, event, cause_of(event, answer));
        advance(draft);
        return std::move(draft).finish();
    }
    draft.accept(cause_of(event, answer));
    const bool is_denied = answer.outcome == Outcome::Failure && answer.basis == Basis::Rule;
    if (answer.outcome == Outcome::Unknown || (settling.is_doubtful && !is_denied)) {
        draft.set(event.step, InDoubt{});
    } else if (answer.outcome == Outcome::Failure) {
        draft.set(event.step, Failed{});
    } else {
        draft.set(event.step, Cancelled{});
    }
    advance(draft);
    return std::move(draft).finish();
}

Transition on_compensation_answer(Draft draft, const Answered& event,
                                  const Compensating& compensating) {
    const Step& step = draft.definition().step(event.step);
    const RetryPolicy& policy = std::get<Compensation>(step.undo).retry;
    const Classified answer =
        classify(draft.definition(), draft.saga(), event.step, Phase::Compensation, event.answer);
    const auto next = next_try(draft, policy, event.step, Phase::Compensation, event.attempt,
                               compensating.budget_from, answer.retry_after);
    if (is_said_already(draft, policy, event, answer)) {
        draft.set(event.step, CompensationBackingOff{compensating.attempt, compensating.budget_from,
                                                     next->due_at});
        return std::move(draft).finish();
    }
    draft.accept(cause_of(event, answer));
    if (answer.outcome == Outcome::Success) {
        draft.set(event.step, Compensated{UndoneBy::Call});
    } else if (answer.outcome == Outcome::Failure) {
        draft.set(event.step,
                  StuckCompensation{StuckReason::CompensationRefused, compensating.attempt});
    } else if (next) {
        draft.set(event.step,
                  CompensationBackingOff{next->attempt, compensating.budget_from, next->due_at});
    } else {
        draft.set(event.step,
                  StuckCompensation{StuckReason::CompensationExhausted, compensating.attempt});
    }
    advance(draft);
    return std::move(draft).finish();
}

/// An answer to a try that was given up is noted once; any other one is repeated or foreign.
Transition on_unawaited(Draft draft, const Answered& event) {
    const auto& unanswered = draft.saga().step(event.step).unanswered;
    const bool is_late = std::find(unanswered.begin(), unanswered.end(),
                                   Unanswered{event.phase, event.attempt}) != unanswered.end();
    if (is_late) {
        const Classified answer =
            classify(draft.definition(), draft.saga(), event.step, event.phase, event.answer);
        draft.accept(LateCause{event.step, event.phase, event.attempt, answer.outcome,
                               answer.http_status, answer.error});
    }
    return std::move(draft).finish();
}

Transition on(Draft draft, const Begin& event) {
    if (draft.saga().is_begun) {
        return unchanged(std::move(draft));
    }
    draft.accept(event);
    advance(draft);
    return std::move(draft).finish();
}

Transition on(Draft draft, const Answered& event) {
    if (to_size(event.step) >= draft.saga().steps.size()) {
        return unchanged(std::move(draft));
    }
    const bool is_open = !draft.saga().end;
    const StepState state = draft.state(event.step);
    if (event.phase == Phase::Action && is_open) {
        const auto* calling = std::get_if<Calling>(&state);
        if (calling != nullptr && calling->attempt == event.attempt) {
            return on_action_answer(std::move(draft), event, *calling);
        }
        const auto* settling = std::get_if<Settling>(&state);
        if (settling != nullptr && settling->attempt == event.attempt) {
            return on_settled(std::move(draft), event, *settling);
        }
    }
    if (event.phase == Phase::Compensation && is_open) {
        const auto* compensating = std::get_if<Compensating>(&state);
        if (compensating != nullptr && compensating->attempt == event.attempt) {
            return on_compensation_answer(std::move(draft), event, *compensating);
        }
    }
    return on_unawaited(std::move(draft), event);
}

Transition on(Draft draft, const Unsendable& event) {
    if (to_size(event.step) >= draft.saga().steps.size() || draft.saga().end) {
        return unchanged(std::move(draft));
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
               compensating->attempt == event.attempt) {
        draft.accept(cause);
        draft.set(event.step, StuckCompensation{StuckReason::CompensationExpressionError,
                                                compensating->attempt});
    } else {
        return unchanged(std::move(draft));
    }
    advance(draft);
    return std::move(draft).finish();
}

Transition on(Draft draft, const Due& event) {
    const bool is_foreign = to_size(event.step) >= draft.saga().steps.size();
    if (is_foreign || draft.saga().end || draft.saga().suspension == Suspension::Suspended) {
        return unchanged(std::move(draft));
    }
    const Step& step = draft.definition().step(event.step);
    const StepState state = draft.state(event.step);
    if (const auto* waiting = std::get_if<BackingOff>(&state);
        waiting && event.phase == Phase::Action && waiting->attempt == event.attempt) {
        if (!is_quiet(step.retry, event.attempt)) {
            draft.accept(event);
        }
        draft.set(event.step,
                  Calling{waiting->attempt, waiting->budget_from, waiting->is_doubtful});
    } else if (const auto* undoing = std::get_if<CompensationBackingOff>(&state);
               undoing && event.phase == Phase::Compensation && undoing->attempt == event.attempt) {
        if (!is_quiet(std::get<Compensation>(step.undo).retry, event.attempt)) {
            draft.accept(event);
        }
        draft.set(event.step, Compensating{undoing->attempt, undoing->budget_from});
    }
    return std::move(draft).finish();
}

Transition on(Draft draft, const DeadlinePassed& event) {
    const Saga& saga = draft.saga();
    if (!owed_by_deadline(draft.definition(), saga) || draft.now() < *saga.deadline_at) {
        return unchanged(std::move(draft));
    }
    draft.accept(event);
    request_turn(draft, {std::nullopt, "deadline"});
    advance(draft);
    return std::move(draft).finish();
}

}  // namespace

Transition apply(const Definition& definition, Saga saga, const Event& event, Timestamp now) {
    if (!saga.is_begun && !std::holds_alternative<Begin>(event)) {
        return unchanged(Draft(definition, std::move(saga), now));
    }
    return std::visit(
        [&](const auto& what) { return on(Draft(definition, std::move(saga), now), what); }, event);
}

}  // namespace skald::sagas
