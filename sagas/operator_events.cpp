#include "sagas/operator_events.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sagas/advance.h"
#include "sagas/publish.h"

namespace skald::sagas {

namespace {

/// The saga is already as `event` wants it. That is journaled where it was asked for with a key, so
/// that the same request has the same answer when things have changed.
template <typename Event>
void already_so(Draft& draft, const Event& event, std::string detail) {
    if (event.who.request) {
        draft.accept(event);
    }
    draft.refuse(RefusalCode::AlreadySo, std::move(detail));
}

std::string ended_text(const Saga& saga) {
    return "the saga is " + std::string(to_text(saga.end->status)) + " and never changes again";
}

bool uses_output(const Path& path, StepIndex step) {
    return path.root.kind == RootKind::StepOutput && path.root.step == step_of(step);
}

bool uses_output(const Template& document, StepIndex step) {
    const auto uses = document.uses();
    return std::any_of(uses.begin(), uses.end(),
                       [step](const Template::Use& use) { return uses_output(use.path, step); });
}

bool uses_output(const Condition& condition, StepIndex step) {
    const auto uses = condition.uses();
    return std::any_of(uses.begin(), uses.end(),
                       [step](const Path& path) { return uses_output(path, step); });
}

bool uses_output(const AwaitedEvent& awaited, StepIndex step) {
    return awaited.match && uses_output(awaited.match->saga, step);
}

bool uses_output(const Wait& wait, StepIndex step) {
    const auto* until = std::get_if<Template>(&wait.until);
    const auto* awaited = std::get_if<AwaitedEvent>(&wait.until);
    return (until != nullptr && uses_output(*until, step)) ||
           (awaited != nullptr && uses_output(*awaited, step));
}

bool uses_output(const EventCall& call, StepIndex step) {
    return (call.subject && uses_output(*call.subject, step)) ||
           (call.data && uses_output(*call.data, step)) ||
           (call.reply && uses_output(*call.reply, step));
}

bool uses_output(const ChildSaga& child, StepIndex step) { return uses_output(child.input, step); }

bool uses_output(const HttpCall& call, StepIndex step) {
    const auto in_second = [step](const auto& pair) { return uses_output(pair.second, step); };
    return uses_output(call.target, step) ||
           std::any_of(call.query.begin(), call.query.end(), in_second) ||
           std::any_of(call.headers.begin(), call.headers.end(), in_second) ||
           (call.body && uses_output(*call.body, step));
}

template <typename... Kinds>
bool uses_output(const std::variant<Kinds...>& call, StepIndex step) {
    return std::visit([step](const auto& kind) { return uses_output(kind, step); }, call);
}

/// Whether anything but the step itself refers to its output.
bool is_output_used(const Definition& definition, StepIndex index) {
    for (const Step& step : definition.steps) {
        if (&step == &definition.step(index)) {
            continue;
        }
        if (step.when && uses_output(*step.when, index)) return true;
        for (const OutcomeRule& rule : step.outcome) {
            if (uses_output(rule.when, index)) return true;
        }
        const auto* compensation = std::get_if<Compensation>(&step.undo);
        if (uses_output(step.action, index) ||
            (step.for_each && uses_output(step.for_each->items, index)) ||
            (step.output && uses_output(*step.output, index)) ||
            (compensation && uses_output(compensation->call, index))) {
            return true;
        }
    }
    return definition.output && uses_output(*definition.output, index);
}

/// The attempt that a retry makes. A child that completed is asked once more: another one would do
/// it all again.
std::uint32_t attempt_of_retry(const Draft& draft, StepIndex step, const StuckAction& stuck) {
    const bool has_done = draft.saga().step(step).has_taken_effect &&
                          std::holds_alternative<ChildSaga>(draft.definition().step(step).action);
    return has_done ? stuck.attempt : stuck.attempt + 1;
}

/// Fresh tries for a stuck step.
StepState retried(const Draft& draft, StepIndex step, const StuckAction& stuck) {
    if (stuck.attempt == 0 || std::holds_alternative<Wait>(draft.definition().step(step).action)) {
        return Pending{};  // Its `when` failed, or what it waited for did: it begins again.
    }
    const std::uint32_t next = attempt_of_retry(draft, step, stuck);
    if (draft.saga().suspension == Suspension::Suspended) {
        return BackingOff{next, next, stuck.is_doubtful, draft.now()};
    }
    return Calling{next, next, stuck.is_doubtful};
}

StepState retried(const Draft& draft, const StuckCompensation& stuck) {
    const std::uint32_t next = stuck.attempt + 1;
    if (draft.saga().suspension == Suspension::Suspended) {
        return CompensationBackingOff{next, next, draft.now()};
    }
    return Compensating{next, next};
}

std::optional<StepState> retried(const Draft& draft, StepIndex step) {
    if (const auto* action = std::get_if<StuckAction>(&draft.state(step))) {
        return retried(draft, step, *action);
    }
    if (const auto* compensation = std::get_if<StuckCompensation>(&draft.state(step))) {
        if (item_of(step)) {  // It is undone when there is room for it (max_parallel).
            const bool is_certain = draft.saga().step(step).output != nullptr;
            return is_certain ? StepState{Succeeded{}} : StepState{InDoubt{}};
        }
        return retried(draft, *compensation);
    }
    return std::nullopt;
}

/// What an open step of an abandoned saga is left as; none: as it is.
std::optional<StepState> given_up(const Step& step, const StepState& state) {
    const bool is_idle = std::holds_alternative<Pending>(state) ||
                         std::holds_alternative<Waiting>(state) || is_surely_undone(step, state);
    if (is_idle) {
        return Cancelled{};
    }
    if (std::holds_alternative<Calling>(state) || std::holds_alternative<Settling>(state) ||
        std::holds_alternative<AwaitingCallback>(state) ||
        std::holds_alternative<Iterating>(state)) {
        return InDoubt{};
    }
    if (const auto* waiting = std::get_if<BackingOff>(&state)) {
        return waiting->is_doubtful ? StepState{InDoubt{}} : StepState{Cancelled{}};
    }
    if (const auto* compensating = std::get_if<Compensating>(&state)) {
        return StuckCompensation{StuckReason::GivenUp, compensating->attempt};
    }
    if (const auto* waiting = std::get_if<CompensationBackingOff>(&state)) {
        return StuckCompensation{StuckReason::GivenUp, waiting->attempt - 1};
    }
    if (const auto* awaiting = std::get_if<CompensationAwaitingCallback>(&state)) {
        return StuckCompensation{StuckReason::GivenUp, awaiting->attempt};
    }
    return std::nullopt;
}

void resolve_action(Draft& draft, const Resolve& event, const StuckAction& stuck) {
    const Step& step = draft.definition().step(event.step);
    const bool is_effective = stuck.reason == StuckReason::OutputError;
    switch (event.as) {
        case ResolveAs::Succeeded:
            if (!event.output && is_output_used(draft.definition(), event.step)) {
                return draft.refuse(
                    RefusalCode::OutputRequired,
                    "other expressions refer to the output of step " + step.name + ": give it");
            }
            draft.accept(event);
            draft.set(event.step, Succeeded{});
            break;
        case ResolveAs::Skipped:
            draft.accept(event);
            draft.set(event.step, Skipped{});
            break;
        case ResolveAs::Compensated: {
            const bool is_past = step.position == Position::After ||
                                 (step.position == Position::Pivot && is_effective);
            if (is_past) {
                return draft.refuse(
                    RefusalCode::PastPivot,
                    "step " + step.name + " is past the pivot: the saga only goes forward now");
            }
            draft.accept(event);
            draft.set(event.step, Compensated{UndoneBy::Operator});
            const Saga& saga = draft.saga();
            turn_back(draft, saga.turn_wanted ? *saga.turn_wanted
                                              : Failure{event.step, saga.step(event.step).error});
            advance(draft);
            return;
        }
    }
    if (step.position == Position::Pivot) {
        draft.drop_wanted_turn();
    }
    advance(draft);
}

void resolve_compensation(Draft& draft, const Resolve& event) {
    if (event.as == ResolveAs::Succeeded) {
        return draft.refuse(RefusalCode::NotApplicable,
                            "the compensation of step " + draft.definition().step(event.step).name +
                                " is stuck: resolve it as compensated (it is undone) or "
                                "skipped (leave the effect)");
    }
    const UndoneBy by = event.as == ResolveAs::Compensated ? UndoneBy::Operator : UndoneBy::Waived;
    draft.accept(event);
    draft.set(event.step, Compensated{by});
    advance(draft);
}

}  // namespace

void on(Draft& draft, const Cancel& event) {
    const Saga& saga = draft.saga();
    if (saga.end) {
        const bool is_undone = saga.end->status == Status::Compensated;
        return draft.refuse(is_undone ? RefusalCode::AlreadySo : RefusalCode::AlreadyEnded,
                            ended_text(saga));
    }
    if (saga.direction == Direction::Backward) {
        return already_so(draft, event, "the saga is being undone already");
    }
    if (is_past_pivot(draft.definition(), saga)) {
        return draft.refuse(RefusalCode::PastPivot,
                            "the pivot succeeded: the saga only goes forward now");
    }
    if (is_pivot_parked(draft.definition(), saga)) {
        return draft.refuse(
            RefusalCode::PivotInDoubt,
            "the pivot is in doubt: say first what happened to it (resolve as succeeded, "
            "compensated or skipped)");
    }
    if (saga.turn_wanted) {
        return already_so(draft, event, "the saga will be undone unless its pivot succeeds");
    }
    draft.accept(event);
    request_turn(draft, {std::nullopt, "cancelled"});
    advance(draft);
}

void on(Draft& draft, const Retry& event) {
    if (draft.saga().end) {
        return draft.refuse(RefusalCode::AlreadyEnded, ended_text(draft.saga()));
    }
    std::vector<std::pair<StepIndex, StepState>> changes;
    for (const StepIndex place : all_places(draft.saga())) {
        const bool is_meant = !event.step || *event.step == place || *event.step == step_of(place);
        if (!is_meant) {
            continue;
        }
        if (auto state = retried(draft, place)) {
            changes.emplace_back(place, *state);
        }
    }
    if (changes.empty()) {
        return draft.refuse(RefusalCode::NotStuck,
                            event.step ? "that step is not stuck" : "no step is stuck");
    }
    draft.accept(event);
    for (auto& [step, state] : changes) {
        draft.set(step, std::move(state));
    }
    advance(draft);
}

void on(Draft& draft, const Resolve& event) {
    if (draft.saga().end) {
        return draft.refuse(RefusalCode::AlreadyEnded, ended_text(draft.saga()));
    }
    if (!draft.saga().has(event.step)) {
        return draft.refuse(RefusalCode::NotStuck, "there is no such step");
    }
    if (event.output && event.as != ResolveAs::Succeeded) {
        return draft.refuse(RefusalCode::NotApplicable, "an output goes with \"succeeded\" only");
    }
    if (const auto* action = std::get_if<StuckAction>(&draft.state(event.step))) {
        const StuckAction stuck = *action;
        return resolve_action(draft, event, stuck);
    }
    if (std::holds_alternative<StuckCompensation>(draft.state(event.step))) {
        return resolve_compensation(draft, event);
    }
    const bool has_elements = !draft.saga().step(event.step).elements.empty();
    return draft.refuse(RefusalCode::NotStuck,
                        has_elements ? "that step is not stuck; of a for_each step name "
                                       "the element, as STEP/INDEX"
                                     : "that step is not stuck");
}

void on(Draft& draft, const Abandon& event) {
    if (draft.saga().end) {
        return draft.refuse(RefusalCode::AlreadyEnded, ended_text(draft.saga()));
    }
    if (status(draft.saga()) != Status::Stuck) {
        return draft.refuse(RefusalCode::NotStuck,
                            "only a stuck saga can be abandoned; cancel it instead");
    }
    draft.accept(event);
    for (const StepIndex place : all_places(draft.saga())) {
        if (auto state = given_up(draft.definition().step(place), draft.state(place))) {
            draft.set(place, *state);
        }
    }
    draft.end({Status::Abandoned, draft.now(), nullptr, {}});
}

void on(Draft& draft, const Suspend& event) {
    if (draft.saga().end) {
        return draft.refuse(RefusalCode::AlreadyEnded, ended_text(draft.saga()));
    }
    if (draft.saga().suspension == Suspension::Suspended) {
        return already_so(draft, event, "the saga is suspended already");
    }
    draft.accept(event);
}

void on(Draft& draft, const Resume& event) {
    if (draft.saga().end) {
        return draft.refuse(RefusalCode::AlreadyEnded, ended_text(draft.saga()));
    }
    if (draft.saga().suspension == Suspension::None) {
        return already_so(draft, event, "the saga is not suspended");
    }
    draft.accept(event);
    advance(draft);
}

}  // namespace skald::sagas
