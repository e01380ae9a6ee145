#include "tests/simulation/oracle_event_plans.h"

#include <algorithm>
#include <string>

namespace skald::simulation::oracle {
namespace {

bool is_among(const std::vector<std::string>& types, std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

/// A member of the event's data, and its value.
struct Match {
    std::string member;
    std::string value;
};

Match match_of(MatchBy by, const StepPlan& step, const StartPlan& start, const CallName& waits) {
    const bool is_undo = waits.phase == Phase::Undo;
    switch (by) {
        case MatchBy::Order: {
            const std::string item = waits.item ? "/" + std::to_string(*waits.item) : "";
            return {"order", quoted("o-" + std::to_string(start.number) + "/" + step.name + item +
                                    (is_undo ? "/undo" : ""))};
        }
        case MatchBy::Number:
            return {(is_undo ? "undo_" : "") + step.name, std::to_string(start.number)};
        case MatchBy::Group:
            return {"group", quoted(start.group + "/" + step.name)};
        case MatchBy::Saga:
            break;
    }
    return {};
}

}  // namespace

const EventPlan* published(const StepPlan& step, Phase phase) {
    if (phase == Phase::Action) {
        return step.kind == StepPlan::Kind::Call && step.event ? &*step.event : nullptr;
    }
    return step.undo == StepPlan::Undo::Call && step.undo_event ? &*step.undo_event : nullptr;
}

const AwaitedPlan* awaited(const StepPlan& step, Phase phase) {
    const EventPlan* plan = published(step, phase);
    const bool is_wait = phase == Phase::Action && step.kind == StepPlan::Kind::Wait && step.event;
    if (is_wait) plan = &*step.event;
    return plan != nullptr && plan->reply ? &*plan->reply : nullptr;
}

std::optional<Word> word_of(const AwaitedPlan& awaited, std::string_view type) {
    if (is_among(awaited.success, type)) return Word::Success;
    if (is_among(awaited.failure, type)) return Word::Failure;
    return std::nullopt;
}

bool is_meant(const std::string& topic, const LogEvent& event, const StepPlan& step,
              const StartPlan& start, const CallName& waits) {
    const AwaitedPlan& plan = *awaited(step, waits.phase);
    if (topic != plan.topic) return false;
    if (plan.by == MatchBy::Saga) {
        return event.call && event.call->saga == waits.saga && event.call->phase == waits.phase &&
               event.call->place() == waits.place();
    }
    const Match match = match_of(plan.by, step, start, waits);
    const auto found = event.data.find(match.member);
    return found != event.data.end() && found->second == match.value;
}

bool is_of_saga(const LogEvent& event) { return event.source.starts_with("/v1/sagas/"); }

}  // namespace skald::simulation::oracle
