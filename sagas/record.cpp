#include "sagas/record.h"

#include <algorithm>
#include <utility>

#include "sagas/assign.h"
#include "sagas/check.h"

namespace skald::sagas {

namespace {

void await_late_answer(StepRun& run, Phase phase, std::uint32_t attempt) {
    const Unanswered unanswered{phase, attempt};
    if (std::find(run.unanswered.begin(), run.unanswered.end(), unanswered) !=
        run.unanswered.end()) {
        return;
    }
    if (run.unanswered.size() == kUnansweredMax) {
        run.unanswered.erase(run.unanswered.begin());
    }
    run.unanswered.push_back(unanswered);
}

void hear(Saga& saga, StepIndex step, Phase phase, const std::optional<EventRef>& event) {
    if (!event) {
        return;
    }
    if (saga.heard.size() == kHeardMax) {
        saga.heard.erase(saga.heard.begin());
    }
    saga.heard.push_back({step, phase, *event});
}

void remember(Saga& saga, const Operator& who) {
    if (who.request) {
        saga.requests.push_back(*who.request);
    }
}

/// What a cause alone says about the saga; the states that follow are the decision's.
class Absorb {
 public:
    Absorb(Saga& saga, Timestamp at) : saga_(saga), at_(at) {}

    void operator()(const Begin& cause) const {
        saga_.is_begun = true;
        if (cause.replay) {
            saga_.replay_of = cause.replay->of;
        }
        if (cause.lock) {
            saga_.lock = SagaLock{*cause.lock, false};
        }
        saga_.parent = cause.parent;
        saga_.pins = cause.pins;
    }
    void operator()(const LockGranted&) const {
        if (saga_.lock) {
            saga_.lock->is_held = true;
        }
    }
    void operator()(const ParentTurned&) const { saga_.end.reset(); }
    void operator()(const Due&) const {}
    void operator()(const DeadlinePassed&) const {}

    void operator()(const AnsweredCause& cause) const {
        StepRun& run = saga_.step(cause.step);
        std::uint32_t& attempts =
            cause.phase == Phase::Action ? run.attempts : run.compensation_attempts;
        attempts = std::max(attempts, cause.attempt);
        if (cause.output) {
            keep_output(run, cause.output);
        }
        if (cause.outcome == Outcome::Success) {
            run.failing_since.reset();
            if (cause.phase == Phase::Action) {
                run.error = cause.error;
            }
            return;
        }
        set_error(run, cause.error, at_);
        if (cause.outcome != Outcome::Failure && !run.failing_since) {
            run.failing_since = at_;
        }
        const bool is_without_reply = cause.outcome == Outcome::Unknown && cause.http_status == 0;
        if (is_without_reply) {
            await_late_answer(run, cause.phase, cause.attempt);
        }
    }
    void operator()(const CalledBackCause& cause) const {
        hear(saga_, cause.step, cause.phase, cause.event);
        StepRun& run = saga_.step(cause.step);
        if (cause.output) {
            keep_output(run, cause.output);
        }
        if (cause.outcome != Outcome::Success) {
            set_error(run, cause.error, at_);
            if (cause.outcome != Outcome::Failure && !run.failing_since) {
                run.failing_since = at_;
            }
            return;
        }
        run.failing_since.reset();
        if (cause.phase == Phase::Action) {
            run.error = cause.error;
        }
    }
    void operator()(const UnsendableCause& cause) const {
        set_error(saga_.step(cause.step), cause.error, at_);
    }
    void operator()(const LateCause& cause) const {
        hear(saga_, cause.step, cause.phase, cause.event);
        std::erase(saga_.step(cause.step).unanswered, Unanswered{cause.phase, cause.attempt});
    }
    void operator()(const Cancel& cause) const { remember(saga_, cause.who); }
    void operator()(const Retry& cause) const { remember(saga_, cause.who); }
    void operator()(const Resolve& cause) const {
        remember(saga_, cause.who);
        if (cause.output) {
            keep_output(saga_.step(cause.step), cause.output);
        }
    }
    void operator()(const Abandon& cause) const {
        remember(saga_, cause.who);
        for (StepRun& run : saga_.steps) {
            give_up_call(run);
            for (StepRun& element : run.elements) {
                give_up_call(element);
            }
        }
    }
    void operator()(const Suspend& cause) const {
        remember(saga_, cause.who);
        saga_.suspension = Suspension::Suspended;
    }
    void operator()(const Resume& cause) const {
        remember(saga_, cause.who);
        saga_.suspension = Suspension::None;
    }

 private:
    static void give_up_call(StepRun& run) {
        if (const auto* calling = std::get_if<Calling>(&run.state)) {
            await_late_answer(run, Phase::Action, calling->attempt);
        } else if (const auto* settling = std::get_if<Settling>(&run.state)) {
            await_late_answer(run, Phase::Action, settling->attempt);
        } else if (const auto* compensating = std::get_if<Compensating>(&run.state)) {
            await_late_answer(run, Phase::Compensation, compensating->attempt);
        }
    }

    void keep_output(StepRun& run, const Value& output) const {
        saga_.bytes += size_of(*output);
        run.output = output;
    }

    Saga& saga_;
    Timestamp at_;
};

bool is_settled(const StepState& state) {
    return std::holds_alternative<Succeeded>(state) || std::holds_alternative<Skipped>(state) ||
           std::holds_alternative<Failed>(state) || std::holds_alternative<InDoubt>(state) ||
           std::holds_alternative<Cancelled>(state) || std::holds_alternative<Compensated>(state);
}

bool is_stuck(const StepState& state) {
    return std::holds_alternative<StuckAction>(state) ||
           std::holds_alternative<StuckCompensation>(state);
}

bool is_undone(const StepState& state) { return std::holds_alternative<Compensated>(state); }

/// A callback that nobody waits for any more may still come.
void expect_late_callback(StepRun& run, const StepState& next) {
    const auto* awaiting = std::get_if<AwaitingCallback>(&run.state);
    const bool is_given_up = std::holds_alternative<InDoubt>(next) || is_stuck(next);
    if (awaiting != nullptr && is_given_up) {
        await_late_answer(run, Phase::Action, awaiting->attempt);
    }
    const auto* undoing = std::get_if<CompensationAwaitingCallback>(&run.state);
    if (undoing != nullptr && !is_undone(next)) {
        await_late_answer(run, Phase::Compensation, undoing->attempt);
    }
}

/// Whether what a try waited for did not come, and it is tried again.
bool has_been_missed(const StepState& before, const StepState& next) {
    return std::holds_alternative<AwaitingCallback>(before) &&
           std::holds_alternative<BackingOff>(next);
}

/// The outputs of the elements, in their order; null where one has none.
Value list_of_outputs(const std::vector<StepRun>& elements) {
    Json list = Json::array();
    for (const StepRun& element : elements) {
        list.push_back(element.output ? *element.output : Json());
    }
    return make_value(std::move(list));
}

}  // namespace

void absorb(Saga& saga, const Cause& cause, Timestamp at) { std::visit(Absorb(saga, at), cause); }

void assign(Saga& saga, StepIndex step, const StepState& state, Timestamp at) {
    StepRun& run = saga.step(step);
    expect_late_callback(run, state);
    if (has_been_missed(run.state, state) && !run.failing_since) {
        run.failing_since = at;
    }
    run.state = state;
    const bool has_begun = std::holds_alternative<Waiting>(state) ||
                           std::holds_alternative<AwaitingCallback>(state) ||
                           std::holds_alternative<Iterating>(state);
    if (has_begun && !run.started_at) {
        run.started_at = at;
    }
    if (std::holds_alternative<Succeeded>(state) && run.items) {
        run.output = list_of_outputs(run.elements);
    }
    if (const auto* calling = std::get_if<Calling>(&state)) {
        run.attempts = calling->attempt;
        if (!run.started_at) {
            run.started_at = at;
        }
    } else if (const auto* compensating = std::get_if<Compensating>(&state)) {
        run.compensation_attempts = compensating->attempt;
    } else if (is_settled(state)) {
        run.ended_at = at;
        run.failing_since.reset();
    } else if (is_stuck(state)) {
        run.failing_since.reset();
        const auto* stuck = std::get_if<StuckAction>(&state);
        run.has_taken_effect |= stuck != nullptr && stuck->reason == StuckReason::OutputError;
    }
}

void set_error(StepRun& run, std::string error, Timestamp at) {
    run.error = std::move(error);
    run.error_at = at;
}

void begin_elements(Saga& saga, StepIndex step, Value items) {
    StepRun& run = saga.step(step);
    run.elements.resize(items->size());
    saga.bytes += size_of(*items);
    run.items = std::move(items);
}

void turn(Saga& saga, Failure failure) {
    saga.direction = Direction::Backward;
    saga.turned = std::move(failure);
    saga.turn_wanted.reset();
}

Saga fold(Saga saga, const Record& record) {
    absorb(saga, record.cause, record.at);
    const Decision& decision = record.decision;
    for (const auto& [step, items] : decision.items) {
        begin_elements(saga, step, items);
    }
    for (const auto& [step, error] : decision.errors) {
        set_error(saga.step(step), error, record.at);
    }
    for (const StepChange& change : decision.steps) {
        assign(saga, change.step, change.state, record.at);
    }
    if (decision.wanted == Wanted::Set) {
        saga.turn_wanted = decision.turn_wanted;
    } else if (decision.wanted == Wanted::Lapsed) {
        saga.turn_wanted.reset();
    }
    if (decision.turned) {
        turn(saga, *decision.turned);
    }
    if (decision.end) {
        saga.end = decision.end;
    }
    return saga;
}

RecordType type(const Cause& cause) {
    static constexpr RecordType kTypes[] = {
        RecordType::Begun,       RecordType::Answered,       RecordType::Unsendable,
        RecordType::Due,         RecordType::DeadlinePassed, RecordType::Cancelled,
        RecordType::Retried,     RecordType::Resolved,       RecordType::Abandoned,
        RecordType::Suspended,   RecordType::Resumed,        RecordType::Late,
        RecordType::LockGranted, RecordType::CalledBack,     RecordType::ParentTurned,
    };
    static_assert(std::size(kTypes) == std::variant_size_v<Cause>);
    return kTypes[cause.index()];
}

std::string_view to_text(ResolveAs as) {
    switch (as) {
        case ResolveAs::Succeeded:
            return "succeeded";
        case ResolveAs::Compensated:
            return "compensated";
        case ResolveAs::Skipped:
            return "skipped";
    }
    SKALD_CHECK(false);
}

std::string_view to_text(RecordType type) {
    switch (type) {
        case RecordType::Begun:
            return "begun";
        case RecordType::Answered:
            return "answered";
        case RecordType::Unsendable:
            return "unsendable";
        case RecordType::Due:
            return "due";
        case RecordType::DeadlinePassed:
            return "deadline_passed";
        case RecordType::Cancelled:
            return "cancelled";
        case RecordType::Retried:
            return "retried";
        case RecordType::Resolved:
            return "resolved";
        case RecordType::Abandoned:
            return "abandoned";
        case RecordType::Suspended:
            return "suspended";
        case RecordType::Resumed:
            return "resumed";
        case RecordType::Late:
            return "late";
        case RecordType::LockGranted:
            return "lock_granted";
        case RecordType::CalledBack:
            return "called_back";
        case RecordType::ParentTurned:
            return "parent_turned";
    }
    SKALD_CHECK(false);
}

}  // namespace skald::sagas
