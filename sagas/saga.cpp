#include "sagas/saga.h"

#include <algorithm>
#include <utility>

#include "sagas/check.h"

namespace skald::sagas {

namespace {

bool equal(const Value& left, const Value& right) {
    if (!left || !right) {
        return left == right;
    }
    return *left == *right;
}

struct StatusText {
    std::string_view operator()(const Pending&) const { return "pending"; }
    std::string_view operator()(const Calling&) const { return "calling"; }
    std::string_view operator()(const BackingOff&) const { return "backing_off"; }
    std::string_view operator()(const Waiting&) const { return "waiting"; }
    std::string_view operator()(const AwaitingCallback&) const { return "waiting"; }
    std::string_view operator()(const Iterating&) const { return "iterating"; }
    std::string_view operator()(const Settling&) const { return "settling"; }
    std::string_view operator()(const Succeeded&) const { return "succeeded"; }
    std::string_view operator()(const Skipped&) const { return "skipped"; }
    std::string_view operator()(const Failed&) const { return "failed"; }
    std::string_view operator()(const InDoubt&) const { return "in_doubt"; }
    std::string_view operator()(const Cancelled&) const { return "cancelled"; }
    std::string_view operator()(const StuckAction&) const { return "stuck"; }
    std::string_view operator()(const Compensating&) const { return "compensating"; }
    std::string_view operator()(const CompensationBackingOff&) const { return "compensating"; }
    std::string_view operator()(const CompensationAwaitingCallback&) const {
        return "compensating";
    }
    std::string_view operator()(const StuckCompensation&) const { return "stuck"; }
    std::string_view operator()(const Compensated&) const { return "compensated"; }
};

bool has_stuck(const StepRun& run) {
    return std::holds_alternative<StuckAction>(run.state) ||
           std::holds_alternative<StuckCompensation>(run.state) ||
           std::any_of(run.elements.begin(), run.elements.end(), has_stuck);
}

}  // namespace

std::string_view status_text(const StepState& state) { return std::visit(StatusText{}, state); }

std::string_view to_text(StuckReason reason) {
    switch (reason) {
        case StuckReason::InDoubt:
            return "in_doubt";
        case StuckReason::Refused:
            return "refused";
        case StuckReason::Exhausted:
            return "exhausted";
        case StuckReason::ExpressionError:
            return "expression_error";
        case StuckReason::OutputError:
            return "output_error";
        case StuckReason::CompensationRefused:
            return "compensation_refused";
        case StuckReason::CompensationExhausted:
            return "compensation_exhausted";
        case StuckReason::CompensationExpressionError:
            return "compensation_expression_error";
        case StuckReason::GivenUp:
            return "given_up";
    }
    SKALD_CHECK(false);
}

std::string_view to_text(Status status) {
    switch (status) {
        case Status::Running:
            return "running";
        case Status::Compensating:
            return "compensating";
        case Status::Stuck:
            return "stuck";
        case Status::Completed:
            return "completed";
        case Status::Compensated:
            return "compensated";
        case Status::Abandoned:
            return "abandoned";
    }
    SKALD_CHECK(false);
}

std::string_view to_text(Phase phase) { return phase == Phase::Action ? "action" : "compensation"; }

std::string_view to_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::Success:
            return "success";
        case Outcome::Failure:
            return "failure";
        case Outcome::Retry:
            return "retry";
        case Outcome::Unknown:
            return "unknown";
    }
    SKALD_CHECK(false);
}

bool is_terminal(Status status) {
    return status == Status::Completed || status == Status::Compensated ||
           status == Status::Abandoned;
}

bool StepRun::operator==(const StepRun& other) const {
    return state == other.state && equal(output, other.output) && attempts == other.attempts &&
           compensation_attempts == other.compensation_attempts && started_at == other.started_at &&
           ended_at == other.ended_at && has_taken_effect == other.has_taken_effect &&
           error == other.error && error_at == other.error_at &&
           failing_since == other.failing_since && unanswered == other.unanswered &&
           equal(items, other.items) && elements == other.elements;
}

bool End::operator==(const End& other) const {
    return status == other.status && at == other.at && equal(output, other.output) &&
           output_error == other.output_error;
}

bool Saga::operator==(const Saga& other) const {
    return id == other.id && started_at == other.started_at && deadline_at == other.deadline_at &&
           equal(input, other.input) && bytes == other.bytes && is_begun == other.is_begun &&
           direction == other.direction && suspension == other.suspension && steps == other.steps &&
           turned == other.turned && turn_wanted == other.turn_wanted && end == other.end &&
           requests == other.requests && heard == other.heard && replay_of == other.replay_of &&
           lock == other.lock && parent == other.parent && pins == other.pins;
}

bool Saga::has(StepIndex index) const {
    if (to_size(index) >= steps.size()) {
        return false;
    }
    const auto item = item_of(index);
    return !item || *item < steps[to_size(index)].elements.size();
}

const StepRun& Saga::step(StepIndex index) const {
    SKALD_CHECK(has(index));
    const StepRun& run = steps[to_size(index)];
    const auto item = item_of(index);
    return item ? run.elements[*item] : run;
}

StepRun& Saga::step(StepIndex index) {
    return const_cast<StepRun&>(std::as_const(*this).step(index));
}

Saga make_saga(const Definition& definition, std::string id, Timestamp started_at, Value input) {
    Saga saga;
    saga.id = std::move(id);
    saga.started_at = started_at;
    saga.bytes = input ? size_of(*input) : 0;
    saga.input = std::move(input);
    saga.steps.resize(definition.steps.size());
    if (definition.deadline) {
        saga.deadline_at = started_at + *definition.deadline;
    }
    return saga;
}

Status status(const Saga& saga) {
    if (saga.end) {
        return saga.end->status;
    }
    if (std::any_of(saga.steps.begin(), saga.steps.end(), has_stuck)) {
        return Status::Stuck;
    }
    return saga.direction == Direction::Forward ? Status::Running : Status::Compensating;
}

std::string idempotency_key(const Definition& definition, const Saga& saga, StepIndex step,
                            Phase phase) {
    const std::string& name = definition.step(step).name;
    const std::string_view suffix = to_text(phase);
    std::string key;
    key.reserve(saga.id.size() + name.size() + suffix.size() + 2);
    key.append(saga.id).append(1, '/').append(name).append(1, '/');
    if (const auto item = item_of(step)) {
        key.append(std::to_string(*item)).append(1, '/');
    }
    key.append(suffix);
    return key;
}

}  // namespace skald::sagas
