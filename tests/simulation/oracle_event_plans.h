#pragma once

#include <optional>
#include <string_view>

#include "tests/simulation/history.h"

/// The oracle's reading of docs/events.md: what a step publishes, what it waits for, and which
/// events are meant for it.
namespace skald::simulation::oracle {

/// What `phase` of the step publishes; null: nothing.
const EventPlan* published(const StepPlan& step, Phase phase);
/// The event that it waits for; null: none.
const AwaitedPlan* awaited(const StepPlan& step, Phase phase);
inline bool speaks_events(const StepPlan& step, Phase phase) {
    return published(step, phase) != nullptr || awaited(step, phase) != nullptr;
}
/// To publish it is all that it does.
inline bool expects_no_reply(const StepPlan& step, Phase phase) {
    return published(step, phase) != nullptr && awaited(step, phase) == nullptr;
}

/// What an event of that type says to whom waits by `awaited`; none: nothing.
std::optional<Word> word_of(const AwaitedPlan& awaited, std::string_view type);

/// Whether the event, on `topic`, is meant for the one that waits, whatever it says. Precondition:
/// `waits` (its attempt says nothing) waits for one; `step` is its plan, and `start` that of the
/// topmost saga.
bool is_meant(const std::string& topic, const LogEvent& event, const StepPlan& step,
              const StartPlan& start, const CallName& waits);

/// Whether a saga published it.
bool is_of_saga(const LogEvent& event);

}  // namespace skald::simulation::oracle
