#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

/// I6: what an action is after settled well before. Only the first try in each life is looked at:
/// what is doubtful after a crash, if anything, is the action itself.
void judge_order(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    if (saga.steps[call.step].action.is_sent_in_life) return;
    const std::vector<bool> well = saga.settled_well(call.step);
    for (const std::size_t before : saga.plan(call.step).after) {
        if (well[before]) continue;
        breaches.add("I6", saga.id,
                     described(saga, call) + " was sent before " + saga.plan(before).name +
                         " had settled well");
    }
}

/// I12. A cancel that was applied turns the saga, unless the pivot is in flight: then all steps
/// before it have settled.
void judge_fence(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    if (saga.is_undoing) {
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

/// I10. A try that may have been out at a crash counts as one that may have taken effect, and
/// whether it was owed at that moment is not to be seen: so nothing is said of sagas that lived
/// through a crash. What an operator said to have succeeded may be undone too.
void judge_cause(const SagaFacts& saga, const CallName& call, Breaches& breaches) {
    const StepFacts& step = saga.steps[call.step];
    if (saga.plan(call.step).undo != StepPlan::Undo::Call) {
        breaches.add("I10", saga.id, described(saga, call) + " was sent, which has none");
        return;
    }
    const bool may_stand =
        step.action.is_told(Outcome::Success) || step.is_doubtful || step.may_be_resolved();
    if (!may_stand && !saga.outlived_crash) {
        breaches.add("I10", saga.id, described(saga, call) + " was sent, which surely did nothing");
    }
}

/// I8, for one descendant. What an operator resolved may be left as it is; what the definition
/// says to have nothing to undo too.
void judge_descendant(const SagaFacts& saga, const CallName& call, std::size_t after,
                      Breaches& breaches) {
    const StepFacts& step = saga.steps[after];
    const std::string when = described(saga, call) + " was sent before " + saga.plan(after).name;
    if (step.action.is_open || step.undo.is_open) {
        breaches.add("I8", saga.id, when + " had settled");
        return;
    }
    const StepPlan::Undo undo = saga.plan(after).undo;
    if (undo == StepPlan::Undo::Nothing || step.may_be_resolved()) return;
    if (step.effect_stands() && !step.is_denied) {
        breaches.add("I8", saga.id, when + " was undone");
        return;
    }
    const bool must_be_undone = step.is_doubtful || step.action.is_told(Outcome::Success);
    if (undo == StepPlan::Undo::Call && must_be_undone && !step.undo.is_told(Outcome::Success)) {
        breaches.add("I8", saga.id, when + " was compensated");
    }
}

}  // namespace

void judge_action(const Facts& facts, const CallName& call, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(call.saga);
    judge_when(saga, call, breaches);
    judge_order(saga, call, breaches);
    judge_fence(saga, call, breaches);
}

/// A pivot whose output could not be made is stuck, and an operator may have it tried again; what
/// comes of that can be a doubt that he resolves as compensated.
bool is_past_pivot(const SagaFacts& saga) {
    if (saga.is_past_pivot_sent) return true;
    const auto pivot = saga.graph->pivot();
    if (!pivot || !saga.steps[*pivot].action.is_told(Outcome::Success)) return false;
    return !saga.plan(*pivot).output_fails || !saga.steps[*pivot].may_be_resolved("compensated");
}

void judge_undo(const Facts& facts, const CallName& call, Breaches& breaches) {
    const SagaFacts& saga = *facts.saga(call.saga);
    judge_when(saga, call, breaches);
    judge_cause(saga, call, breaches);
    if (saga.graph->is_after_pivot(call.step) || is_past_pivot(saga)) {
        breaches.add("I11", saga.id, described(saga, call) + " was sent behind the pivot");
    }
    if (saga.steps[call.step].action.is_open) {
        breaches.add("I7", saga.id, described(saga, call) + " was sent while its action is out");
    }
    for (const std::size_t after : saga.graph->descendants(call.step)) {
        judge_descendant(saga, call, after, breaches);
    }
}

}  // namespace skald::simulation::oracle
