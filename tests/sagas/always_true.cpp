#include "tests/sagas/always_true.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sagas/draft.h"
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
        return after == before || is_undone || has_undone;
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

}  // namespace

bool is_undone_somehow(const Step& step) {
    const bool is_by_child = std::holds_alternative<ChildSaga>(step.action) &&
                             std::holds_alternative<NoCompensation>(step.undo);
    return is_by_child || std::holds_alternative<Compensation>(step.undo);
}

Saga but_for_late_answers(Saga saga) {
    for (const StepIndex place : all_places(saga)) saga.step(place).unanswered.clear();
    return saga;
}

void expect_always_true(const Definition& definition, const Saga& before, const Event& event,
                        const Transition& transition, Timestamp now) {
    expect_effects(definition, before, transition, now);
    const bool is_taken_back =
        std::holds_alternative<ParentTurned>(event) && transition.record.has_value();
    if (before.end && !is_taken_back) expect_end_stays(definition, before, transition);
    expect_settled_stays(definition, before, transition.saga);
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
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        if (!definition.steps[i].for_each) continue;
        expect_elements(definition.steps[i], before.steps[i], transition.saga.steps[i]);
    }
}

}  // namespace skald::sagas
