#include "sagas/publish.h"

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/advance.h"
#include "sagas/event_call.h"
#include "sagas/event_match.h"
#include "sagas/tries.h"

namespace skald::sagas {

namespace {

/// Whether a step in some state surely began to wait for the event of `phase`. Where that isn't
/// sure it will say so again, if it ever waits.
struct HasAwaited {
    Phase phase;
    const StepRun& run;

    bool is_action() const { return phase == Phase::Action; }

    bool operator()(const Pending&) const { return false; }
    bool operator()(const Calling&) const { return false; }
    bool operator()(const Waiting&) const { return false; }
    bool operator()(const Iterating&) const { return false; }
    bool operator()(const Skipped&) const { return is_action() && run.started_at; }
    bool operator()(const Cancelled&) const { return is_action() && run.started_at; }
    bool operator()(const BackingOff&) const { return is_action(); }
    bool operator()(const AwaitingCallback&) const { return is_action(); }
    bool operator()(const Settling&) const { return is_action(); }
    bool operator()(const Succeeded&) const { return is_action(); }
    bool operator()(const Failed&) const { return is_action(); }
    bool operator()(const InDoubt&) const { return is_action(); }
    bool operator()(const StuckAction& state) const {
        return is_action() && state.reason != StuckReason::ExpressionError;
    }
    bool operator()(const Compensating&) const { return is_action(); }
    bool operator()(const CompensationBackingOff&) const { return true; }
    bool operator()(const CompensationAwaitingCallback&) const { return true; }
    bool operator()(const StuckCompensation& state) const {
        return is_action() || state.reason != StuckReason::CompensationExpressionError;
    }
    bool operator()(const Compensated&) const { return true; }
};

/// What one try brings, made before anything is changed.
struct MadeTry {
    Publication publication;
    std::optional<Expectation> expectation;  ///< None: there is no reply.
};

Result<Expectation> make_expectation(const Draft& draft, StepIndex place, Phase phase) {
    auto keys = keys_awaited(draft.definition(), draft.saga(), place, phase);
    if (!keys) {
        return tl::unexpected<Error>(std::move(keys.error()));
    }
    return Expectation{place, phase, std::move(*keys)};
}

Result<MadeTry> make_try(const Draft& draft, StepIndex place, Phase phase, std::uint32_t attempt,
                         const EventCall& call) {
    auto event = render_event(draft.definition(), draft.saga(), place, phase, attempt, draft.now());
    if (!event) {
        return tl::unexpected<Error>(std::move(event.error()));
    }
    MadeTry made{{place, phase, attempt, call.topic, std::move(*event)}, std::nullopt};
    if (call.reply) {
        auto expectation = make_expectation(draft, place, phase);
        if (!expectation) {
            return tl::unexpected<Error>(std::move(expectation.error()));
        }
        made.expectation = std::move(*expectation);
    }
    return made;
}

/// True: the reply is awaited.
bool add_try(Draft& draft, MadeTry made) {
    draft.publish(std::move(made.publication));
    if (!made.expectation) {
        return false;
    }
    draft.expect(std::move(*made.expectation));
    return true;
}

void publish_action(Draft& draft, StepIndex place, const EventCall& call, const Calling& calling) {
    auto made = make_try(draft, place, Phase::Action, calling.attempt, call);
    if (!made) {
        draft.set_error(place, made.error().message);
        give_up(draft, place, calling, StuckReason::ExpressionError);
    } else if (add_try(draft, std::move(*made))) {
        draft.set(place,
                  AwaitingCallback{calling.attempt, calling.budget_from, calling.is_doubtful,
                                   draft.now() + draft.definition().step(place).callback_timeout});
    } else {
        draft.set(place, Succeeded{});
    }
}

void publish_undo(Draft& draft, StepIndex place, const EventCall& call,
                  const Compensating& compensating) {
    const std::uint32_t attempt = compensating.attempt;
    auto made = make_try(draft, place, Phase::Compensation, attempt, call);
    if (!made) {
        draft.set_error(place, made.error().message);
        draft.set(place, StuckCompensation{StuckReason::CompensationExpressionError, attempt});
    } else if (add_try(draft, std::move(*made))) {
        const auto& undo = std::get<Compensation>(draft.definition().step(place).undo);
        draft.set(place, CompensationAwaitingCallback{attempt, compensating.budget_from,
                                                      draft.now() + undo.callback_timeout});
    } else {
        draft.set(place, Compensated{UndoneBy::Call});
    }
}

/// True: something settled by it.
bool publish_try(Draft& draft, StepIndex place) {
    const Step& step = draft.definition().step(place);
    const StepState state = draft.state(place);
    if (const auto* calling = std::get_if<Calling>(&state)) {
        const EventCall* const call = event_called(step, Phase::Action);
        if (call == nullptr) {
            return false;
        }
        publish_action(draft, place, *call, *calling);
        return !std::holds_alternative<AwaitingCallback>(draft.state(place));
    }
    if (const auto* compensating = std::get_if<Compensating>(&state)) {
        const EventCall* const call = event_called(step, Phase::Compensation);
        if (call == nullptr) {
            return false;
        }
        publish_undo(draft, place, *call, *compensating);
        return !std::holds_alternative<CompensationAwaitingCallback>(draft.state(place));
    }
    return false;
}

}  // namespace

void publish_tries(Draft& draft) {
    bool has_settled = true;
    for (std::size_t at = 0; has_settled;) {
        has_settled = false;
        while (at < draft.touched_count() && draft.saga().suspension == Suspension::None) {
            has_settled = publish_try(draft, draft.touched(at)) || has_settled;
            ++at;
        }
        if (has_settled) {
            advance(draft);
        }
    }
}

void begin_awaiting(Draft& draft, StepIndex step) {
    auto expectation = make_expectation(draft, step, Phase::Action);
    if (!expectation) {
        draft.set_error(step, expectation.error().message);
        settle_failed(draft, step, 0, StuckReason::ExpressionError);
        return;
    }
    draft.expect(std::move(*expectation));
    draft.set(step, AwaitingCallback{1, 1, false,
                                     draft.now() + draft.definition().step(step).callback_timeout});
}

std::vector<Expectation> standing_expectations(const Definition& definition, const Saga& saga) {
    std::vector<Expectation> standing;
    if (!speaks_events(definition) || saga.end) {
        return standing;
    }
    for (const StepIndex place : all_places(saga)) {
        for (const Phase phase : {Phase::Action, Phase::Compensation}) {
            const bool is_awaited =
                awaited_event(definition.step(place), phase) != nullptr &&
                std::visit(HasAwaited{phase, saga.step(place)}, saga.step(place).state);
            if (!is_awaited) {
                continue;
            }
            if (auto keys = keys_awaited(definition, saga, place, phase)) {
                standing.push_back({place, phase, std::move(*keys)});
            }
        }
    }
    return standing;
}

bool is_surely_undone(const Step& step, const StepState& state) {
    if (std::holds_alternative<AwaitingCallback>(state)) {
        return std::holds_alternative<Wait>(step.action);
    }
    const auto* calling = std::get_if<Calling>(&state);
    return calling != nullptr && !calling->is_doubtful &&
           std::holds_alternative<EventCall>(step.action);
}

}  // namespace skald::sagas
