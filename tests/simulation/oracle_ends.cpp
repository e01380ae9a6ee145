#include <algorithm>
#include <array>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

bool is_under_way(std::string_view status) {
    constexpr std::array kUnderWay{"calling", "backing_off", "settling", "compensating"};
    return std::find(kUnderWay.begin(), kUnderWay.end(), status) != kUnderWay.end();
}

/// end-state: how one saga stands when all is over.
class End {
 public:
    End(const SagaFacts& saga, const FinalSaga& end, Breaches& breaches)
        : saga_(saga), end_(end), breaches_(breaches) {}

    void judge() {
        if (!saga_.ended_as.empty() && saga_.ended_as != end_.status) {
            fault("I14", "it is " + end_.status + " and had been " + std::string(saga_.ended_as));
        }
        if (end_.steps.size() != saga_.steps.size()) {
            fault("end-state", "it has not the steps of its definition");
            return;
        }
        judge_liveness();
        if (end_.status == "completed") {
            judge_completed();
        } else if (end_.status == "compensated") {
            judge_compensated();
        } else if (end_.status == "abandoned") {
            judge_abandoned();
        } else if (end_.status == "stuck") {
            judge_stuck();
        } else if (end_.status != "running" && end_.status != "compensating") {
            fault("end-state", "there is no status " + end_.status);
        }
    }

 private:
    void fault(const char* rule, const std::string& text) { breaches_.add(rule, saga_.id, text); }
    const std::string& name(std::size_t step) const { return saga_.plan(step).name; }

    /// I20. What was left suspended waits for people.
    void judge_liveness() {
        if (end_.is_suspended) return;
        if (end_.status == "running" || end_.status == "compensating") {
            fault("I20", "it is still " + end_.status);
        }
        for (std::size_t step = 0; step < end_.steps.size(); ++step) {
            if (is_under_way(end_.steps[step])) {
                fault("I20", name(step) + " is still " + end_.steps[step]);
            }
        }
    }

    void judge_completed() {
        const std::vector<bool> well = saga_.settled_well(saga_.steps.size());
        for (std::size_t step = 0; step < saga_.steps.size(); ++step) {
            const StepFacts& facts = saga_.steps[step];
            if (!well[step])
                fault("end-state", "completed, and " + name(step) + " did not do well");
            if (!facts.undo.key.empty()) {
                fault("end-state", "completed, and " + name(step) + " was compensated");
            }
            if (facts.may_be_resolved()) continue;
            const bool is_skipped = saga_.is_skipped(step);
            if (is_skipped != (end_.steps[step] == "skipped")) {
                fault("end-state", name(step) + " is " + end_.steps[step]);
            }
            const bool is_wanted = !is_skipped && !saga_.plan(step).is_optional;
            if (is_wanted && !facts.effect_stands()) {
                fault("end-state", "completed, and " + name(step) + " took no effect");
            }
        }
        if (saga_.is_cancelled && !saga_.graph->pivot()) {
            fault("I26", "completed, and a cancel was applied");
        }
    }

    void judge_compensated() {
        if (is_past_pivot(saga_)) fault("I11", "compensated, and its pivot succeeded");
        for (std::size_t step = 0; step < saga_.steps.size(); ++step) {
            const StepFacts& facts = saga_.steps[step];
            const StepPlan::Undo undo = saga_.plan(step).undo;
            if (end_.steps[step] == "pending" || end_.steps[step] == "stuck") {
                fault("end-state", "compensated, and " + name(step) + " is " + end_.steps[step]);
            }
            // An operator may have said to leave the effect, or that it is undone.
            if (undo == StepPlan::Undo::Nothing || facts.may_be_resolved()) continue;
            if (facts.effect_stands() && !facts.is_denied) {
                fault("end-state", "compensated, and the effect of " + name(step) + " stands");
            }
            // In doubt is never "did nothing", also where nothing shows it.
            const bool must_be_undone = facts.is_doubtful || facts.action.is_told(Outcome::Success);
            if (must_be_undone && !facts.undo.is_told(Outcome::Success)) {
                fault("end-state", "compensated, and " + name(step) + " was not undone");
            }
        }
    }

    void judge_abandoned() {
        const bool may_be = std::any_of(saga_.abandons.begin(), saga_.abandons.end(),
                                        [](const auto* each) { return each->may_have_worked(); });
        if (!may_be) fault("end-state", "abandoned by nobody");
    }

    void judge_stuck() {
        bool is_any = false;
        for (std::size_t step = 0; step < end_.steps.size(); ++step) {
            if (end_.steps[step] != "stuck") continue;
            is_any = true;
            if (!may_act_be_stuck(step) && !may_undo_be_stuck(step)) {
                fault("end-state", name(step) + " has no reason to be stuck");
            }
        }
        if (!is_any) fault("end-state", "stuck, and no step is");
    }

    /// Optional steps and steps before the pivot always have a way on, but for parked doubt.
    bool may_act_be_stuck(std::size_t step) const {
        const StepPlan& plan = saga_.plan(step);
        const StepFacts& facts = saga_.steps[step];
        if (plan.is_optional) return false;
        if (saga_.graph->is_at_or_after_pivot(step)) {
            return facts.action.was_told_bad || plan.output_fails || plan.cannot_be_made;
        }
        return plan.parks_in_doubt && (facts.action.was_told_unknown || saga_.outlived_crash);
    }

    bool may_undo_be_stuck(std::size_t step) const {
        const CallFacts& undo = saga_.steps[step].undo;
        const bool has_limit = saga_.plan(step).undo_tries_max.has_value();
        return undo.was_told_failure || (has_limit && undo.was_told_bad);
    }

    const SagaFacts& saga_;
    const FinalSaga& end_;
    Breaches& breaches_;
};

}  // namespace

void judge_ends(const History& history, const Facts& facts, Breaches& breaches) {
    for (const SagaFacts& saga : facts.sagas()) {
        const auto end = history.sagas.find(std::string(saga.id));
        if (end != history.sagas.end()) End(saga, end->second, breaches).judge();
    }
}

}  // namespace skald::simulation::oracle
