#include <algorithm>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

/// I6: what an action is after settled well before. Only the first try in each life is looked at:
/// what is doubtful after a crash, if anything, is the action itself. wait: and not before its
/// time.
void judge_order(const SagaFacts& saga, const CallName& call, std::int64_t engine_time,
                 Breaches& breaches) {
    const auto well = saga.well_since(call.step);
    for (const std::size_t before : saga.plan(call.step).after) {
        const std::string what =
            described(saga, call) + " was sent before " + saga.plan(before).name;
        if (!well[before]) {
            breaches.add("I6", saga.id, what + " had settled well");
        } else if (*well[before] > engine_time) {
            breaches.add("wait", saga.id,
                         what + " was over, " + std::to_string(*well[before] - engine_time) +
                             " ms too early");
        }
    }
}

/// I12. A call that waited in skald's queue may leave until it is taken back. A cancel that was
/// applied turns the saga, unless the pivot is in flight: then all steps before it have settled.
void judge_fence(const Facts& facts, const SagaFacts& saga, const CallName& call,
                 Breaches& breaches) {
    const bool was_queued =
        published(saga.plan(call.step), call.phase) == nullptr && facts.may_not_know_of_turn(saga);
    if (saga.is_undoing && !was_queued) {
        breaches.add("I12", saga.id, described(saga, call) + " was sent after a compensation");
    } else if (saga.is_cancelled && !saga.graph->is_at_or_after_pivot(call.step)) {
        breaches.add("I12", saga.id, described(saga, call) + " was sent after a cancel");
    }
}

/// when: a step whose condition is false is skipped, and one whose request cannot be made is not
/// sent.
void judge_when(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    if (saga.is_skipped(call.step)) {
        breaches.add("when", saga.id, described(saga, call) + " was sent, which is to be skipped");
    } else if (call.phase == Phase::Action && saga.plan(call.step).cannot_be_made) {
        breaches.add("when", saga.id, described(saga, call) + " was sent, which cannot be made");
    }
}

/// max-parallel: so many elements of a step are under way at once.
void judge_parallel(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    if (!call.item) return;
    const std::vector<Place> all = saga.places(call.step);
    const auto others = std::count_if(all.begin(), all.end(), [&](Place place) {
        return place != call.place() &&
               (saga.has_call_out(place) || saga.awaits_reply(place, call.phase));
    });
    const std::uint32_t most = saga.plan(call.step).max_parallel;
    if (others < most) return;
    breaches.add("max-parallel", saga.id,
                 described(saga, call) + " was sent while " + std::to_string(others) +
                     " others are out, of at most " + std::to_string(most));
}

/// A child that is not known to have ended otherwise than done.
bool may_be_done(const SagaFacts& child) {
    return child.complete_since() || child.ended_as == "completed" || child.ended_as == "abandoned";
}

bool may_stand(const SagaFacts& saga, Place place) {
    const StepFacts& step = saga.at(place);
    return step.may_be_resolved() || step.may_be_doubtful || saga.must_be_undone(place) ||
           std::any_of(step.children.begin(), step.children.end(),
                       [](const SagaFacts* child) { return may_be_done(*child); });
}

/// I10. A try that may have been out at a crash counts as one that may have taken effect, and
/// whether it was owed at that moment is not to be seen: so nothing is said of sagas that lived
/// through a crash. What an operator said to have succeeded may be undone too.
void judge_cause(const SagaFacts& saga, const CallName& call, StepPlan::Undo undo,
                 Breaches& breaches) {
    if (saga.plan(call.step).undo != undo) {
        breaches.add("I10", saga.id, described(saga, call) + " was sent, which has none");
    } else if (!may_stand(saga, call.place()) && !saga.outlived_crash) {
        breaches.add("I10", saga.id, described(saga, call) + " was sent, which surely did nothing");
    }
}

/// I8, for one descendant, or an element of it. What an operator resolved may be left as it is;
/// what the definition says to have nothing to undo too.
void judge_descendant(const SagaFacts& saga, const CallName& call, Place after,
                      Breaches& breaches) {
    const std::string when = described(saga, call) + " was sent before " +
                             described(saga, {"", after.step, Phase::Undo, 0, after.item});
    const StepFacts& step = saga.at(after);
    const bool is_resolved = step.may_be_resolved() || saga.steps[after.step].may_be_resolved();
    if (saga.has_call_out(after)) {
        breaches.add("I8", saga.id, when + " had settled");
    } else if (saga.plan(after.step).undo == StepPlan::Undo::Nothing || is_resolved) {
        return;
    } else if (saga.effect_stands(after) && !step.is_denied) {
        breaches.add("I8", saga.id, when + " was undone");
    } else if (saga.has_open_undo(after)) {
        breaches.add("I8", saga.id, when + " was settled");
    }
}

void judge_descendants(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    for (const std::size_t after : saga.graph->descendants(call.step)) {
        for (const Place place : saga.places(after)) judge_descendant(saga, call, place, breaches);
    }
}

void judge_way_back(const SagaFacts& saga, const CallName& call, StepPlan::Undo undo,
                    Breaches& breaches) {
    judge_when(saga, call, breaches);
    judge_cause(saga, call, undo, breaches);
    if (saga.graph->is_after_pivot(call.step) || is_past_pivot(saga)) {
        breaches.add("I11", saga.id, described(saga, call) + " was sent behind the pivot");
    }
    if (saga.at(call.place()).action.is_out()) {
        breaches.add("I7", saga.id, described(saga, call) + " was sent while its action is out");
    }
    judge_descendants(saga, call, breaches);
}

/// What a child sends is sent for a step of its parent, whose turn must have come: forward or back.
/// A child that fails by itself goes back while nothing that comes after it was done.
void judge_parents(const SagaFacts& child, Phase phase, std::int64_t engine_time,
                   Breaches& breaches) {
    const SagaFacts* saga = child.parent;
    if (saga == nullptr) return;
    const CallName& call = *child.parent_call;
    if (call.phase == Phase::Undo) {
        judge_way_back(*saga, call, StepPlan::Undo::Child, breaches);
    } else if (phase == Phase::Action) {
        judge_when(*saga, call, breaches);
        judge_order(*saga, call, engine_time, breaches);
    } else {
        judge_descendants(*saga, call, breaches);
    }
    judge_parents(*saga, call.phase == Phase::Undo ? Phase::Undo : phase, engine_time, breaches);
}

}  // namespace

void judge_action(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(call.saga);
    judge_when(saga, call, breaches);
    judge_fence(facts, saga, call, breaches);
    judge_parallel(saga, call, breaches);
    if (saga.at(call.place()).action.is_sent_in_life) return;
    judge_order(saga, call, now, breaches);
    judge_parents(saga, Phase::Action, now, breaches);
}

/// A pivot whose output could not be made is stuck, and an operator may have it tried again; what
/// comes of that can be a doubt that he resolves as compensated.
bool is_past_pivot(const SagaFacts& saga) {
    if (saga.is_past_pivot_sent) return true;
    const auto pivot = saga.graph->pivot();
    if (!pivot) return false;
    const StepFacts& facts = saga.steps[*pivot];
    const bool has_succeeded =
        facts.action.is_told(Outcome::Success) ||
        std::any_of(facts.children.begin(), facts.children.end(),
                    [](const SagaFacts* child) { return child->is_surely_complete(); });
    return has_succeeded &&
           (!saga.plan(*pivot).output_fails || !facts.may_be_resolved("compensated"));
}

void judge_undo(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(call.saga);
    judge_way_back(saga, call, StepPlan::Undo::Call, breaches);
    judge_parallel(saga, call, breaches);
    if (!saga.at(call.place()).undo.is_sent_in_life) {
        judge_parents(saga, Phase::Undo, now, breaches);
    }
}

}  // namespace skald::simulation::oracle
