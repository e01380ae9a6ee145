#include <algorithm>
#include <array>
#include <limits>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

bool is_under_way(std::string_view status) {
    constexpr std::array kUnderWay{"calling",      "backing_off", "settling",
                                   "compensating", "waiting",     "iterating"};
    return std::find(kUnderWay.begin(), kUnderWay.end(), status) != kUnderWay.end();
}

bool is_over(std::string_view status) {
    return status == "completed" || status == "compensated" || status == "abandoned";
}

/// end-state: how one saga stands when all is over.
class End {
 public:
    End(const History& history, const Facts& facts, const SagaFacts& saga, const FinalSaga& end,
        Breaches& breaches)
        : history_(history), facts_(facts), saga_(saga), end_(end), breaches_(breaches) {}

    void judge() {
        const bool is_turned_child =
            saga_.turned_by_parent_at.has_value() && saga_.ended_as == "completed";
        if (!saga_.ended_as.empty() && saga_.ended_as != end_.status && !is_turned_child) {
            fault("I14", "it is " + end_.status + " and had been " + std::string(saga_.ended_as));
        }
        if (end_.steps.size() != saga_.steps.size()) {
            fault("end-state", "it has not the steps of its definition");
            return;
        }
        judge_liveness();
        judge_children();
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

    std::string name(Place place) const {
        const std::string& step = saga_.plan(place.step).name;
        return place.item ? step + "/" + std::to_string(*place.item) : step;
    }
    /// Of an element that its step never came to: that of the step.
    const std::string& status(Place place) const {
        const bool is_there = place.item && place.step < end_.elements.size() &&
                              *place.item < end_.elements[place.step].size();
        return is_there ? end_.elements[place.step][*place.item] : end_.steps[place.step];
    }
    std::string_view end_of(const SagaFacts& child) const {
        const auto end = history_.sagas.find(std::string(child.id));
        return end == history_.sagas.end() ? std::string_view() : end->second.status;
    }

    // ---- What is still to come
    /// I20. What was left suspended waits for people; what waits for a child that waits for people,
    /// or for a lock that is held by somebody who does, does so too.
    void judge_liveness() {
        if (end_.is_suspended || is_over(end_.status)) return;
        bool is_waiting = is_queued();
        for (std::size_t step = 0; step < end_.steps.size(); ++step) {
            for (const Place place : saga_.places(step)) {
                if (!is_under_way(status(place))) continue;
                if (waits_for_child(place)) {
                    is_waiting = true;
                } else {
                    fault("I20", name(place) + " is still " + status(place));
                }
            }
        }
        const bool is_moving = end_.status == "running" || end_.status == "compensating";
        if (is_moving && !is_waiting) fault("I20", "it is still " + end_.status);
    }

    bool waits_for_child(Place place) const {
        const StepFacts& step = saga_.at(place);
        const auto lives = [this](const SagaFacts* child) { return !is_over(end_of(*child)); };
        return std::any_of(step.children.begin(), step.children.end(), lives) ||
               std::any_of(step.undo_children.begin(), step.undo_children.end(), lives);
    }

    bool is_queued() const {
        if (!saga_.graph->has_lock() || saga_.parent != nullptr || saga_.granted_at) return false;
        const auto& sagas = facts_.sagas();
        return std::any_of(sagas.begin(), sagas.end(), [this](const SagaFacts& other) {
            return other.parent == nullptr && other.graph->name() == saga_.graph->name() &&
                   other.start->lock == saga_.start->lock && other.begun_at <= saga_.begun_at &&
                   &other != &saga_ && !is_over(end_of(other));
        });
    }

    // ---- Parents and children
    /// A saga does not end before its children, unless it was given up.
    void judge_children() {
        if (!is_over(end_.status) || end_.status == "abandoned") return;
        for (const Place place : saga_.places()) {
            for (const Phase phase : {Phase::Action, Phase::Undo}) {
                for (const SagaFacts* child : saga_.at(place).called(phase)) {
                    if (is_over(end_of(*child))) continue;
                    fault("end-state", end_.status + ", and its child " + std::string(child->id) +
                                           " is " + std::string(end_of(*child)));
                }
            }
        }
    }

    bool has_child(Place place, std::string_view status) const {
        const auto& children = saga_.at(place).children;
        return std::any_of(children.begin(), children.end(),
                           [&](const SagaFacts* child) { return end_of(*child) == status; });
    }

    bool is_undone_by_child(Place place) const {
        const auto& children = saga_.at(place).undo_children;
        return std::any_of(children.begin(), children.end(),
                           [&](const SagaFacts* child) { return end_of(*child) == "completed"; });
    }

    // ---- Ends
    void judge_completed() {
        const auto well = saga_.well_since(saga_.steps.size());
        for (std::size_t step = 0; step < saga_.steps.size(); ++step) {
            if (!well[step]) {
                fault("end-state", "completed, and " + name({step}) + " did not do well");
            } else if (*well[step] > completed_at()) {
                fault("wait", "completed before " + name({step}) + " was over");
            }
            const bool is_skipped = saga_.is_skipped(step);
            if (!may_be_resolved({step}) && is_skipped != (end_.steps[step] == "skipped")) {
                fault("end-state", name({step}) + " is " + end_.steps[step]);
            }
            for (const Place place : saga_.places(step)) judge_done(place);
        }
        if (saga_.is_cancelled && !saga_.graph->pivot()) {
            fault("I26", "completed, and a cancel was applied");
        }
    }

    void judge_done(Place place) {
        const StepFacts& facts = saga_.at(place);
        const StepPlan& plan = saga_.plan(place.step);
        if (facts.undo.is_begun() || !facts.undo_children.empty()) {
            fault("end-state", "completed, and " + name(place) + " was compensated");
        }
        if (may_be_resolved(place) || saga_.is_skipped(place.step) || plan.is_optional) return;
        const bool is_sure = !expects_no_reply(plan, Phase::Action);
        if (plan.kind == StepPlan::Kind::Call && is_sure && !saga_.effect_stands(place)) {
            fault("end-state", "completed, and " + name(place) + " took no effect");
        }
        if (plan.kind == StepPlan::Kind::Child && !has_child(place, "completed")) {
            fault("end-state", "completed, and the child of " + name(place) + " is not");
        }
    }

    /// Of the row by which it ended; where no journal says it, whenever.
    std::int64_t completed_at() const {
        const auto rows = history_.journals.find(std::string(saga_.id));
        std::int64_t at = std::numeric_limits<std::int64_t>::max();
        if (rows == history_.journals.end()) return at;
        for (const JournalRow& row : rows->second) {
            if (row.ends_as == "completed") at = row.at;
        }
        return at;
    }

    void judge_compensated() {
        if (is_past_pivot(saga_)) fault("I11", "compensated, and its pivot succeeded");
        for (std::size_t step = 0; step < saga_.steps.size(); ++step) {
            for (const Place place : saga_.places(step)) {
                if (status(place) == "pending" || status(place) == "stuck") {
                    fault("end-state", "compensated, and " + name(place) + " is " + status(place));
                }
                // An operator may have said to leave the effect, or that it is undone.
                const bool is_excused =
                    saga_.plan(step).undo == StepPlan::Undo::Nothing || may_be_resolved(place);
                if (!is_excused) judge_undone(place);
            }
        }
    }

    void judge_undone(Place place) {
        const StepFacts& facts = saga_.at(place);
        const StepPlan& plan = saga_.plan(place.step);
        if (plan.kind == StepPlan::Kind::Child) {
            judge_child_undone(place);
            return;
        }
        const bool is_undone = plan.undo == StepPlan::Undo::Child
                                   ? is_undone_by_child(place)
                                   : facts.undo.is_told(Outcome::Success);
        if (saga_.effect_stands(place) && !facts.is_denied && !is_undone) {
            fault("end-state", "compensated, and the effect of " + name(place) + " stands");
        }
        // In doubt is never "did nothing", also where nothing shows it.
        if (saga_.must_be_undone(place) && !is_undone && plan.kind == StepPlan::Kind::Call) {
            fault("end-state", "compensated, and " + name(place) + " was not undone");
        }
    }

    /// What a child left, something declared undid; or it undid itself.
    void judge_child_undone(Place place) {
        const StepPlan& plan = saga_.plan(place.step);
        const bool is_left = has_child(place, "completed");
        const bool is_undone = plan.undo == StepPlan::Undo::Child
                                   ? is_undone_by_child(place)
                                   : saga_.at(place).undo.is_told(Outcome::Success);
        if (undoes_itself(plan) && is_left) {
            fault("end-state", "compensated, and the child of " + name(place) + " is completed");
        }
        if (!undoes_itself(plan) && (is_left || has_child(place, "abandoned")) && !is_undone) {
            fault("end-state", "compensated, and the child of " + name(place) + " was not undone");
        }
    }

    void judge_abandoned() {
        if (!saga_.may_be_abandoned()) fault("end-state", "abandoned by nobody");
    }

    bool may_be_resolved(Place place) const {
        return saga_.at(place).may_be_resolved() || saga_.steps[place.step].may_be_resolved();
    }

    // ---- Stuck
    void judge_stuck() {
        bool is_any = false;
        for (const Place place : saga_.places()) {
            if (status(place) != "stuck") continue;
            is_any = true;
            if (!may_act_be_stuck(place) && !may_undo_be_stuck(place)) {
                fault("end-state", name(place) + " has no reason to be stuck");
            }
        }
        if (!is_any) fault("end-state", "stuck, and no step is");
    }

    /// Optional steps and steps before the pivot always have a way on, but for parked doubt.
    bool may_act_be_stuck(Place place) const {
        const StepPlan& plan = saga_.plan(place.step);
        const StepFacts& facts = saga_.at(place);
        if (plan.is_optional) return false;
        const bool is_forward = saga_.graph->is_at_or_after_pivot(place.step);
        if (is_forward && (plan.output_fails || plan.cannot_be_made)) return true;
        if (plan.kind == StepPlan::Kind::Child) {
            const bool is_doubtful = has_child(place, "abandoned");
            const bool has_failed = is_doubtful || has_child(place, "compensated");
            return is_forward ? has_failed : plan.parks_in_doubt && is_doubtful;
        }
        if (is_forward) return facts.action.was_told_bad;
        return plan.parks_in_doubt && (facts.action.was_told_unknown || saga_.outlived_crash);
    }

    bool may_undo_be_stuck(Place place) const {
        const StepPlan& plan = saga_.plan(place.step);
        const StepFacts& facts = saga_.at(place);
        if (plan.undo == StepPlan::Undo::Child) {
            return !facts.undo_children.empty() && !is_undone_by_child(place);
        }
        if (undoes_itself(plan)) return has_child(place, "abandoned");
        const bool has_limit = plan.undo_tries_max.has_value();
        return facts.undo.was_told_failure || (has_limit && facts.undo.was_told_bad);
    }

    const History& history_;
    const Facts& facts_;
    const SagaFacts& saga_;
    const FinalSaga& end_;
    Breaches& breaches_;
};

}  // namespace

void judge_ends(const History& history, const Facts& facts, Breaches& breaches) {
    for (const SagaFacts& saga : facts.sagas()) {
        const auto end = history.sagas.find(std::string(saga.id));
        if (end != history.sagas.end()) {
            End(history, facts, saga, end->second, breaches).judge();
        }
    }
}

}  // namespace skald::simulation::oracle
