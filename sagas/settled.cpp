#include "sagas/settled.h"

#include <string>
#include <utility>

#include "sagas/advance.h"
#include "sagas/saga_scope.h"

namespace skald::sagas {

namespace {

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

/// `Cause`: AnsweredCause or CalledBackCause.
template <typename Cause>
void take_effect(Draft& draft, const Reply& reply, Cause cause) {
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

}  // namespace

Reply reply_of(const Value& output) {
    return {200, {}, output ? output : make_value(Json()), std::nullopt};
}

void succeed(Draft& draft, const Reply& reply, AnsweredCause cause) {
    take_effect(draft, reply, std::move(cause));
}

void succeed(Draft& draft, const Reply& reply, CalledBackCause cause) {
    take_effect(draft, reply, std::move(cause));
}

StepState settled(const Settling& settling, Outcome outcome, bool is_denied) {
    if (outcome == Outcome::Unknown || (settling.is_doubtful && !is_denied)) {
        return InDoubt{};
    }
    return outcome == Outcome::Failure ? StepState{Failed{}} : StepState{Cancelled{}};
}

}  // namespace skald::sagas
