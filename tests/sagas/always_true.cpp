#include "tests/sagas/always_true.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sagas/draft.h"
#include "sagas/event_match.h"
#include "tests/sagas/described.h"

namespace skald::sagas {

namespace {

template <typename... States>
bool is_one_of(const StepState& state) {
    return (std::holds_alternative<States>(state) || ...);
}

bool is_forward(const StepState& state) {
    return is_one_of<Pending, Calling, BackingOff, Waiting, AwaitingCallback, StuckAction>(state);
}

bool is_backward(const StepState& state) {
    return is_one_of<Settling, Cancelled, Compensating, CompensationBackingOff,
                     CompensationAwaitingCallback, StuckCompensation, Compensated>(state);
}

bool is_under_way(const StepState& state) {
    return is_one_of<Calling, BackingOff, AwaitingCallback, Settling, Compensating,
                     CompensationBackingOff, CompensationAwaitingCallback>(state);
}

void expect_effects(const Definition& definition, const Saga& before, const Transition& transition,
                    Timestamp now) {
    const std::vector<Effect> owed_before = owed(definition, before);
    std::vector<Effect> became_owed;
    for (const Effect& effect : owed(definition, transition.saga)) {
        EXPECT_TRUE(is_owed(definition, transition.saga, effect))
            << describe(definition, effect, now);
        if (std::find(owed_before.begin(), owed_before.end(), effect) == owed_before.end()) {
            became_owed.push_back(effect);
        }
    }
    EXPECT_TRUE(transition.effects == became_owed)
        << "owed: " << describe(definition, transition.effects, now)
        << "; became owed: " << describe(definition, became_owed, now);
}

void expect_end_stays(const Definition& definition, const Saga& before,
                      const Transition& transition) {
    EXPECT_EQ(but_for_late_answers(transition.saga), but_for_late_answers(before))
        << (transition.record ? describe(definition, *transition.record) : "no record");
    EXPECT_TRUE(transition.effects.empty());
}

/// Whether a place may go from the one to the other.
bool may_follow(const Step& step, const StepState& before, const StepState& after) {
    if (is_one_of<Skipped, Failed, Cancelled, Compensated>(before)) return after == before;
    if (is_one_of<Succeeded, InDoubt>(before)) {
        const bool is_undone = is_one_of<Compensating>(after);
        const bool has_undone = step.for_each && is_one_of<Iterating, Compensated>(after);
        const bool is_published =
            event_called(step, Phase::Compensation) != nullptr &&
            is_one_of<CompensationAwaitingCallback, Compensated, StuckCompensation>(after);
        return after == before || is_undone || has_undone || is_published;
    }
    return true;
}

void expect_settled_stays(const Definition& definition, const Saga& before, const Saga& after) {
    for (const StepIndex place : all_places(before)) {
        const StepState& was = before.step(place).state;
        const StepState& is = after.step(place).state;
        EXPECT_TRUE(may_follow(definition.step(place), was, is))
            << place_name(definition, place) << " was " << describe(was) << ", is " << describe(is);
    }
}

void expect_direction(const Definition& definition, const Transition& transition) {
    const Saga& saga = transition.saga;
    if (saga.end) return;
    const bool is_forth = saga.direction == Direction::Forward;
    for (const StepIndex place : all_places(saga)) {
        const StepState& state = saga.step(place).state;
        EXPECT_FALSE(is_forth ? is_backward(state) : is_forward(state))
            << place_name(definition, place) << " is " << describe(state);
    }
    for (const Effect& effect : transition.effects) {
        if (const auto* call = std::get_if<Call>(&effect)) {
            EXPECT_EQ(call->phase, is_forth ? Phase::Action : Phase::Compensation);
        } else if (const auto* child = std::get_if<Child>(&effect)) {
            const bool starts_action =
                child->wish == Child::Wish::Run && child->phase == Phase::Action;
            EXPECT_EQ(starts_action, is_forth);
        }
    }
}

void expect_lock(const Saga& saga) {
    const bool is_queued = saga.lock && !saga.lock->is_held && !saga.end;
    if (!is_queued) return;
    for (const StepRun& run : saga.steps) {
        EXPECT_TRUE(std::holds_alternative<Pending>(run.state)) << "without its lock";
    }
}

bool may_need_undo(const StepState& state) {
    return is_one_of<Succeeded, InDoubt, Settling>(state);
}

/// Of one `for_each` step.
void expect_elements(const Step& step, const StepRun& before, const StepRun& after) {
    const auto under_way =
        std::count_if(after.elements.begin(), after.elements.end(),
                      [](const StepRun& element) { return is_under_way(element.state); });
    EXPECT_LE(under_way, static_cast<std::ptrdiff_t>(step.for_each->max_parallel)) << step.name;
    bool is_later_open = false;
    for (std::size_t item = before.elements.size(); item-- > 0;) {
        const StepState& state = after.elements[item].state;
        const bool starts =
            is_one_of<Compensating>(state) && may_need_undo(before.elements[item].state);
        EXPECT_FALSE(starts && is_later_open) << step.name << "/" << item << " is undone too early";
        is_later_open = is_later_open || may_need_undo(state);
    }
}

// ---- Events ------------------------------------------------------------------------------------

/// What a try is told by: "place phase attempt".
using TryName = std::tuple<StepIndex, Phase, std::uint32_t>;

std::optional<TryName> begun_try(StepIndex place, const StepState& state) {
    if (const auto* calling = std::get_if<Calling>(&state)) {
        return TryName{place, Phase::Action, calling->attempt};
    }
    if (const auto* compensating = std::get_if<Compensating>(&state)) {
        return TryName{place, Phase::Compensation, compensating->attempt};
    }
    return std::nullopt;
}

bool is_published(const StepState& next) {
    return is_one_of<AwaitingCallback, CompensationAwaitingCallback, Succeeded>(next) ||
           next == StepState{Compensated{UndoneBy::Call}};
}

/// The tries whose event is out, by what the record says: they began, now or while the saga was
/// suspended, and the step did not come back from it.
std::vector<TryName> tries_published(const Definition& definition, const Saga& before,
                                     const Record& record) {
    std::vector<TryName> tries;
    std::map<StepIndex, StepState> states;
    for (const StepChange& change : record.decision.steps) {
        const StepState was = states.contains(change.step) ? states.at(change.step)
                              : before.has(change.step)    ? before.step(change.step).state
                                                           : StepState{Pending{}};
        const auto begun = begun_try(change.step, was);
        const bool is_event =
            begun && event_called(definition.step(change.step), std::get<Phase>(*begun)) != nullptr;
        const bool is_called_back =
            std::holds_alternative<CalledBackCause>(record.cause) && !states.contains(change.step);
        if (is_event && is_published(change.state) && !is_called_back) tries.push_back(*begun);
        states[change.step] = change.state;
    }
    return tries;
}

void expect_publications(const Definition& definition, const Saga& before,
                         const Transition& transition) {
    std::vector<TryName> published;
    for (const Publication& each : transition.publications) {
        published.emplace_back(each.step, each.phase, each.attempt);
        EXPECT_EQ(each.event.id,
                  idempotency_key(definition, transition.saga, each.step, each.phase) + "/" +
                      std::to_string(each.attempt));
    }
    std::vector<TryName> begun;
    if (transition.record) begun = tries_published(definition, before, *transition.record);
    EXPECT_EQ(published, begun);
    if (transition.saga.suspension == Suspension::Suspended) {
        EXPECT_TRUE(transition.publications.empty()) << "published though suspended";
    }
}

void expect_expectations(const Definition& definition, const Saga& before,
                         const Transition& transition) {
    for (const StepIndex place : all_places(transition.saga)) {
        const StepState& state = transition.saga.step(place).state;
        const bool is_undo = is_one_of<CompensationAwaitingCallback>(state);
        const Phase phase = is_undo ? Phase::Compensation : Phase::Action;
        const bool waits = (is_undo || is_one_of<AwaitingCallback>(state)) &&
                           awaited_event(definition.step(place), phase) != nullptr;
        const bool began = waits && (!before.has(place) || before.step(place).state != state);
        const auto& all = transition.expectations;
        const bool is_expected = std::any_of(all.begin(), all.end(), [&](const Expectation& each) {
            return each.step == place && each.phase == phase && !each.keys.empty();
        });
        EXPECT_TRUE(!began || is_expected) << place_name(definition, place);
        if (is_expected && waits) {
            EXPECT_TRUE(began) << place_name(definition, place);
        }
    }
}

/// After a restart each step that waits is found as before, and none that never did.
void expect_standing(const Definition& definition, const Transition& transition) {
    const Saga& saga = transition.saga;
    const auto standing = standing_expectations(definition, saga);
    const auto stands = [&standing](StepIndex place, Phase phase) {
        return std::find_if(standing.begin(), standing.end(), [&](const Expectation& each) {
            return each.step == place && each.phase == phase;
        });
    };
    EXPECT_TRUE(standing.empty() || !saga.end);
    for (const StepIndex place : all_places(saga)) {
        const StepState& state = saga.step(place).state;
        const bool is_undo = is_one_of<CompensationAwaitingCallback>(state);
        const Phase phase = is_undo ? Phase::Compensation : Phase::Action;
        const bool waits = !saga.end && (is_undo || is_one_of<AwaitingCallback>(state)) &&
                           awaited_event(definition.step(place), phase) != nullptr;
        EXPECT_TRUE(!waits || stands(place, phase) != standing.end())
            << place_name(definition, place);
        if (is_one_of<Pending>(state)) {
            EXPECT_EQ(stands(place, Phase::Action), standing.end());
        }
        if (!is_undo && is_one_of<Succeeded>(state)) {
            EXPECT_EQ(stands(place, Phase::Compensation), standing.end());
        }
    }
    for (const Expectation& each : transition.expectations) {
        const auto same = stands(each.step, each.phase);
        EXPECT_TRUE(same == standing.end() || same->keys == each.keys)
            << place_name(definition, each.step);
    }
}

/// An event is published at once, so that nobody has to be called for it.
void expect_no_calls_for_events(const Definition& definition, const Saga& saga) {
    for (const Effect& effect : owed(definition, saga)) {
        const auto* call = std::get_if<Call>(&effect);
        if (call == nullptr) continue;
        EXPECT_EQ(event_called(definition.step(call->step), call->phase), nullptr)
            << place_name(definition, call->step);
        EXPECT_EQ(awaited_event(definition.step(call->step), call->phase), nullptr);
    }
}

void expect_nothing_unpublished(const Definition& definition, const Saga& saga) {
    if (saga.suspension == Suspension::Suspended) return;
    for (const StepIndex place : all_places(saga)) {
        const auto begun = begun_try(place, saga.step(place).state);
        if (!begun) continue;
        EXPECT_EQ(event_called(definition.step(place), std::get<Phase>(*begun)), nullptr)
            << place_name(definition, place) << " is held back";
    }
}

}  // namespace

bool is_undone_somehow(const Step& step) {
    const bool is_by_child = std::holds_alternative<ChildSaga>(step.action) &&
                             std::holds_alternative<NoCompensation>(step.undo);
    return is_by_child || std::holds_alternative<Compensation>(step.undo);
}

Saga but_for_late_answers(Saga saga) {
    for (const StepIndex place : all_places(saga)) saga.step(place).unanswered.clear();
    saga.heard.clear();
    return saga;
}

void expect_always_true(const Definition& definition, const Saga& before, const Event& event,
                        const Transition& transition, Timestamp now) {
    expect_effects(definition, before, transition, now);
    const bool is_taken_back =
        std::holds_alternative<ParentTurned>(event) && transition.record.has_value();
    if (before.end && !is_taken_back) expect_end_stays(definition, before, transition);
    expect_settled_stays(definition, before, transition.saga);
    expect_no_calls_for_events(definition, transition.saga);
    if (transition.refusal) {
        EXPECT_FALSE(transition.record);
        EXPECT_EQ(transition.saga, before);
    }
}

void expect_fold(const Definition& definition, const Saga& before, const Transition& transition) {
    if (transition.record) {
        EXPECT_EQ(fold(before, *transition.record), transition.saga)
            << describe(definition, *transition.record);
    }
    expect_direction(definition, transition);
    expect_lock(transition.saga);
    expect_publications(definition, before, transition);
    expect_expectations(definition, before, transition);
    expect_standing(definition, transition);
    expect_nothing_unpublished(definition, transition.saga);
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        if (!definition.steps[i].for_each) continue;
        expect_elements(definition.steps[i], before.steps[i], transition.saga.steps[i]);
    }
}

}  // namespace skald::sagas
