#include "tests/sagas/described.h"

namespace skald::sagas {

namespace {

std::string tries(std::uint32_t attempt, std::uint32_t budget_from) {
    std::string text = " " + std::to_string(attempt);
    if (budget_from != 1) text += " (budget from " + std::to_string(budget_from) + ")";
    return text;
}

std::string doubt(bool is_doubtful) { return is_doubtful ? " in doubt" : ""; }

struct DescribeState {
    std::string operator()(const Pending&) const { return "pending"; }
    std::string operator()(const Calling& state) const {
        return "calling" + tries(state.attempt, state.budget_from) + doubt(state.is_doubtful);
    }
    std::string operator()(const BackingOff& state) const {
        return "backing_off" + tries(state.attempt, state.budget_from) + doubt(state.is_doubtful);
    }
    std::string operator()(const Settling& state) const {
        return "settling" + tries(state.attempt, 1) + doubt(state.is_doubtful);
    }
    std::string operator()(const Succeeded&) const { return "succeeded"; }
    std::string operator()(const Skipped&) const { return "skipped"; }
    std::string operator()(const Failed&) const { return "failed"; }
    std::string operator()(const InDoubt&) const { return "in_doubt"; }
    std::string operator()(const Cancelled&) const { return "cancelled"; }
    std::string operator()(const StuckAction& state) const {
        return "stuck:" + std::string(to_text(state.reason)) + tries(state.attempt, 1) +
               doubt(state.is_doubtful);
    }
    std::string operator()(const Compensating& state) const {
        return "compensating" + tries(state.attempt, state.budget_from);
    }
    std::string operator()(const CompensationBackingOff& state) const {
        return "compensation_backing_off" + tries(state.attempt, state.budget_from);
    }
    std::string operator()(const StuckCompensation& state) const {
        return "stuck:" + std::string(to_text(state.reason)) + tries(state.attempt, 1);
    }
    std::string operator()(const Compensated& state) const {
        switch (state.by) {
            case UndoneBy::Call:
                return "compensated";
            case UndoneBy::Operator:
                return "compensated by operator";
            case UndoneBy::Waived:
                break;
        }
        return "compensated (waived)";
    }
};

std::string tried(const Definition& definition, StepIndex step, Phase phase,
                  std::uint32_t attempt) {
    return definition.step(step).name + " " + std::string(to_text(phase)) + " " +
           std::to_string(attempt);
}

std::string in(Timestamp at, Timestamp now) {
    return at <= now ? " now" : " in " + to_duration_text(at - now);
}

std::string because(const std::string& error) { return error.empty() ? "" : " (" + error + ")"; }

struct DescribeCause {
    const Definition& definition;

    std::string operator()(const Begin&) const { return "begun"; }
    std::string operator()(const AnsweredCause& cause) const {
        std::string text = "answered " + tried(definition, cause.step, cause.phase, cause.attempt) +
                           ": " + std::string(to_text(cause.outcome)) + because(cause.error);
        if (cause.output) text += " output " + cause.output->dump();
        return text;
    }
    std::string operator()(const UnsendableCause& cause) const {
        return "unsendable " + tried(definition, cause.step, cause.phase, cause.attempt) +
               because(cause.error);
    }
    std::string operator()(const Due& cause) const {
        return "due " + tried(definition, cause.step, cause.phase, cause.attempt);
    }
    std::string operator()(const DeadlinePassed&) const { return "deadline_passed"; }
    std::string operator()(const Cancel&) const { return "cancelled"; }
    std::string operator()(const Retry& cause) const {
        return "retried" + (cause.step ? " " + definition.step(*cause.step).name : "");
    }
    std::string operator()(const Resolve& cause) const {
        return "resolved " + definition.step(cause.step).name + " as " +
               std::string(to_text(cause.as));
    }
    std::string operator()(const Abandon&) const { return "abandoned"; }
    std::string operator()(const Suspend&) const { return "suspended"; }
    std::string operator()(const Resume&) const { return "resumed"; }
    std::string operator()(const LateCause& cause) const {
        return "late " + tried(definition, cause.step, cause.phase, cause.attempt) + ": " +
               std::string(to_text(cause.outcome)) + because(cause.error);
    }
};

std::string describe(const Definition& definition, const Failure& failure) {
    return (failure.step ? definition.step(*failure.step).name + ": " : "") + failure.reason;
}

}  // namespace

std::string describe(const StepState& state) { return std::visit(DescribeState{}, state); }

std::string describe(const Definition& definition, const Effect& effect, Timestamp now) {
    if (const auto* call = std::get_if<Call>(&effect)) {
        return "call " + tried(definition, call->step, call->phase, call->attempt);
    }
    if (const auto* settle = std::get_if<Settle>(&effect)) {
        return "settle " + tried(definition, settle->step, Phase::Action, settle->attempt);
    }
    if (const auto* wake = std::get_if<WakeStep>(&effect)) {
        return "wake " + tried(definition, wake->step, wake->phase, wake->attempt) +
               in(wake->at, now);
    }
    return "wake for the deadline" + in(std::get<WakeDeadline>(effect).at, now);
}

std::string describe(const Definition& definition, const std::vector<Effect>& effects,
                     Timestamp now) {
    std::string text;
    for (const Effect& effect : effects) {
        text += (text.empty() ? "" : ", ") + describe(definition, effect, now);
    }
    return text;
}

std::string describe(const Definition& definition, const Record& record) {
    std::string text = std::visit(DescribeCause{definition}, record.cause);
    const Decision& decision = record.decision;
    for (const auto& [step, error] : decision.errors) {
        text += "; " + definition.step(step).name + because(error);
    }
    if (decision.turned) text += "; turned: " + describe(definition, *decision.turned);
    if (decision.wanted == Wanted::Set) {
        text += "; turn wanted: " + describe(definition, *decision.turn_wanted);
    }
    if (decision.wanted == Wanted::Lapsed) text += "; wanted turn lapsed";
    for (const StepChange& change : decision.steps) {
        text += "; " + definition.step(change.step).name + " " + describe(change.state);
    }
    if (decision.end) {
        text +=
            "; " + std::string(to_text(decision.end->status)) + because(decision.end->output_error);
        if (decision.end->output) text += " output " + decision.end->output->dump();
    }
    return text;
}

std::string_view to_text(RefusalCode code) {
    switch (code) {
        case RefusalCode::AlreadyEnded:
            return "already_ended";
        case RefusalCode::PastPivot:
            return "past_pivot";
        case RefusalCode::PivotInDoubt:
            return "pivot_in_doubt";
        case RefusalCode::NotStuck:
            return "not_stuck";
        case RefusalCode::OutputRequired:
            return "output_required";
        case RefusalCode::NotApplicable:
            return "not_applicable";
        case RefusalCode::AlreadySo:
            break;
    }
    return "already_so";
}

}  // namespace skald::sagas
