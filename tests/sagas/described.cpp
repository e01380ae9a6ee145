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
    std::string operator()(const Waiting&) const { return "waiting"; }
    std::string operator()(const AwaitingCallback& state) const {
        return "awaiting_callback" + tries(state.attempt, state.budget_from) +
               doubt(state.is_doubtful);
    }
    std::string operator()(const Iterating&) const { return "iterating"; }
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
    std::string operator()(const CompensationAwaitingCallback& state) const {
        return "compensation_awaiting_callback" + tries(state.attempt, state.budget_from);
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
    return place_name(definition, step) + " " + std::string(to_text(phase)) + " " +
           std::to_string(attempt);
}

std::string in(Timestamp at, Timestamp now) {
    return at <= now ? " now" : " in " + to_duration_text(at - now);
}

std::string because(const std::string& error) { return error.empty() ? "" : " (" + error + ")"; }

std::string by(const std::optional<EventRef>& event) {
    return event ? " by " + event->topic + " " + std::to_string(event->offset) : "";
}

struct DescribeCause {
    const Definition& definition;

    std::string operator()(const Begin& cause) const {
        std::string text = "begun";
        if (cause.lock) text += ", wants the lock " + *cause.lock;
        if (cause.parent) text += ", a child of " + cause.parent->saga;
        return text;
    }
    std::string operator()(const LockGranted&) const { return "lock_granted"; }
    std::string operator()(const ParentTurned&) const { return "parent_turned"; }
    std::string operator()(const AnsweredCause& cause) const {
        std::string text = "answered " + tried(definition, cause.step, cause.phase, cause.attempt) +
                           ": " + std::string(to_text(cause.outcome)) + because(cause.error);
        if (cause.output) text += " output " + cause.output->dump();
        return text;
    }
    std::string operator()(const CalledBackCause& cause) const {
        std::string text =
            "called_back " + tried(definition, cause.step, cause.phase, cause.attempt) +
            by(cause.event) + ": " + std::string(to_text(cause.outcome)) + because(cause.error);
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
        return "retried" + (cause.step ? " " + place_name(definition, *cause.step) : "");
    }
    std::string operator()(const Resolve& cause) const {
        return "resolved " + place_name(definition, cause.step) + " as " +
               std::string(to_text(cause.as));
    }
    std::string operator()(const Abandon&) const { return "abandoned"; }
    std::string operator()(const Suspend&) const { return "suspended"; }
    std::string operator()(const Resume&) const { return "resumed"; }
    std::string operator()(const LateCause& cause) const {
        return "late " + tried(definition, cause.step, cause.phase, cause.attempt) +
               by(cause.event) + ": " + std::string(to_text(cause.outcome)) + because(cause.error);
    }
};

std::string describe(const Definition& definition, const Failure& failure) {
    return (failure.step ? place_name(definition, *failure.step) + ": " : "") + failure.reason;
}

struct DescribeEffect {
    const Definition& definition;
    Timestamp now;

    std::string operator()(const Call& call) const {
        return "call " + tried(definition, call.step, call.phase, call.attempt);
    }
    std::string operator()(const Settle& settle) const {
        return "settle " + tried(definition, settle.step, Phase::Action, settle.attempt);
    }
    std::string operator()(const WakeStep& wake) const {
        return "wake " + tried(definition, wake.step, wake.phase, wake.attempt) + in(wake.at, now);
    }
    std::string operator()(const WakeDeadline& wake) const {
        return "wake for the deadline" + in(wake.at, now);
    }
    std::string operator()(const HoldLock&) const { return "hold the lock"; }
    std::string operator()(const Child& child) const {
        const std::string of =
            " child of " + tried(definition, child.step, child.phase, child.attempt);
        switch (child.wish) {
            case Child::Wish::Run:
                return "run" + of;
            case Child::Wish::Stop:
                return "stop" + of;
            case Child::Wish::TurnBack:
                break;
        }
        return "turn back" + of;
    }
};

}  // namespace

std::string place_name(const Definition& definition, StepIndex place) {
    const auto item = item_of(place);
    return definition.step(place).name + (item ? "/" + std::to_string(*item) : "");
}

std::string describe(const StepState& state) { return std::visit(DescribeState{}, state); }

std::string describe(const Definition& definition, const Effect& effect, Timestamp now) {
    return std::visit(DescribeEffect{definition, now}, effect);
}

std::string describe(const Definition& definition, const std::vector<Effect>& effects,
                     Timestamp now) {
    std::string text;
    for (const Effect& effect : effects) {
        text += (text.empty() ? "" : ", ") + describe(definition, effect, now);
    }
    return text;
}

std::string describe(const Definition& definition, const Publication& publication) {
    return tried(definition, publication.step, publication.phase, publication.attempt) + " on " +
           publication.topic + ": " + publication.event.type;
}

std::string describe(const Definition& definition, const Expectation& expectation) {
    return place_name(definition, expectation.step) + " " + std::string(to_text(expectation.phase));
}

std::string describe(const Definition& definition, const Record& record) {
    std::string text = std::visit(DescribeCause{definition}, record.cause);
    const Decision& decision = record.decision;
    for (const auto& [step, error] : decision.errors) {
        text += "; " + place_name(definition, step) + because(error);
    }
    for (const auto& [step, items] : decision.items) {
        text += "; " + place_name(definition, step) + " items " + items->dump();
    }
    if (decision.turned) text += "; turned: " + describe(definition, *decision.turned);
    if (decision.wanted == Wanted::Set) {
        text += "; turn wanted: " + describe(definition, *decision.turn_wanted);
    }
    if (decision.wanted == Wanted::Lapsed) text += "; wanted turn lapsed";
    for (const StepChange& change : decision.steps) {
        text += "; " + place_name(definition, change.step) + " " + describe(change.state);
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
