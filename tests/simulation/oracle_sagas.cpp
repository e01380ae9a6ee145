#include "tests/simulation/oracle_sagas.h"

#include <algorithm>

namespace skald::simulation::oracle {
namespace {

using Since = std::optional<std::int64_t>;

bool any_may_have_worked(const std::vector<const Command*>& commands) {
    return std::any_of(commands.begin(), commands.end(),
                       [](const Command* command) { return command->may_have_worked(); });
}

}  // namespace

// ---- One call, one place -----------------------------------------------------------------------

bool CallFacts::is_out() const {
    return std::any_of(out.begin(), out.end(), [](const Out& each) { return !each.is_over; });
}

void CallFacts::rely_on_success() {
    if (is_told(Outcome::Success)) relied_on = std::max(relied_on, told->attempt);
}

bool StepFacts::may_be_resolved() const { return any_may_have_worked(resolves); }

bool StepFacts::may_be_resolved(std::string_view as) const {
    return std::any_of(resolves.begin(), resolves.end(), [as](const Command* command) {
        return command->may_have_worked() && command->asked->as == as;
    });
}

// ---- Places ------------------------------------------------------------------------------------

bool SagaFacts::has(Place place) const {
    if (place.step >= steps.size()) return false;
    return has_elements(place.step) == place.item.has_value() &&
           (!place.item || *place.item < elements[place.step].size());
}

StepFacts& SagaFacts::at(Place place) {
    return place.item ? elements[place.step][*place.item] : steps[place.step];
}

const StepFacts& SagaFacts::at(Place place) const {
    return place.item ? elements[place.step][*place.item] : steps[place.step];
}

std::vector<Place> SagaFacts::places(std::size_t step) const {
    if (!has_elements(step)) return {{step}};
    std::vector<Place> places;
    for (std::uint32_t item = 0; item < elements[step].size(); ++item) {
        places.push_back({step, item});
    }
    return places;
}

std::vector<Place> SagaFacts::places() const {
    std::vector<Place> all;
    for (std::size_t step = 0; step < steps.size(); ++step) {
        for (const Place place : places(step)) all.push_back(place);
    }
    return all;
}

// ---- Operators ---------------------------------------------------------------------------------

bool SagaFacts::is_skipped(std::size_t step) const {
    const auto& when = plan(step).when;
    if (!when) return false;
    const auto member = start->input.find(*when);
    return member != start->input.end() && !member->second;
}

bool SagaFacts::may_be_retried_since(Place place, std::size_t seen_at) const {
    return std::max({retry_asked_at, steps[place.step].retry_asked_at, at(place).retry_asked_at}) >
           seen_at;
}

std::uint32_t SagaFacts::retries_of(Place place) const {
    return static_cast<std::uint32_t>(
        std::count_if(retries.begin(), retries.end(), [place](const Command* command) {
            const Asked& asked = *command->asked;
            const bool is_meant = !asked.step || (*asked.step == place.step &&
                                                  (!asked.item || asked.item == place.item));
            return is_meant && command->may_have_worked();
        }));
}

bool SagaFacts::may_be_abandoned() const { return any_may_have_worked(abandons); }

// ---- Forward -----------------------------------------------------------------------------------

Since SagaFacts::ready_since(std::size_t step, const std::vector<Since>& well) const {
    if (graph->has_lock() && !granted_at) return std::nullopt;
    std::int64_t since = std::max(begun_at, granted_at.value_or(0));
    for (const std::size_t before : plan(step).after) {
        if (!well[before]) return std::nullopt;
        since = std::max(since, *well[before]);
    }
    return since;
}

std::vector<Since> SagaFacts::well_since(std::size_t count) const {
    std::vector<Since> well(count);
    for (std::size_t step = 0; step < count; ++step) {
        // `when` is asked, and a request made, when the step's turn has come.
        const Since ready = ready_since(step, well);
        if (is_skipped(step)) {
            well[step] = ready;
            continue;
        }
        const std::vector<Place> all = places(step);
        Since since = all.empty() ? ready : std::optional(begun_at);
        for (const Place place : all) {
            const Since ended = ended_well(place, ready);
            since = since && ended ? std::optional(std::max(*since, *ended)) : std::nullopt;
        }
        const bool is_resolved =
            steps[step].may_be_resolved("succeeded") || steps[step].may_be_resolved("skipped");
        well[step] = !since && is_resolved ? std::optional(begun_at) : since;
    }
    return well;
}

/// By an answer, by time, or by an operator's word.
Since SagaFacts::ended_well(Place place, Since ready) const {
    const StepFacts& facts = at(place);
    const StepPlan& step = plan(place.step);
    if (facts.may_be_resolved("succeeded") || facts.may_be_resolved("skipped")) return begun_at;
    if (step.kind == StepPlan::Kind::Wait && !step.event) {
        if (!ready || !step.wait_until)
            return ready ? Since(*ready + step.wait_for.count()) : ready;
        const auto until = start->times.find(*step.wait_until);
        return until == start->times.end() ? ready : std::max(*ready, until->second);
    }
    if (step.cannot_be_made && step.is_optional) return ready;
    if (step.kind == StepPlan::Kind::Child) return child_ended_well(step, facts);
    const auto& told = facts.action.told;
    if (!told) return std::nullopt;
    if (!step.is_optional) {
        const bool is_well = told->outcome == Outcome::Success && !step.output_fails;
        return is_well ? Since(told->at) : std::nullopt;
    }
    if (told->outcome == Outcome::PutOff) {
        // Where the reply of an event does not come, that is a row.
        return step.event ? Since() : Since(told->at + step.callback_timeout.count());
    }
    const bool is_over =
        !goes_on(told->outcome) || (step.tries_max && told->tries() >= *step.tries_max);
    return is_over ? Since(told->at) : std::nullopt;
}

Since SagaFacts::child_ended_well(const StepPlan& step, const StepFacts& facts) const {
    if (facts.children.empty()) return std::nullopt;
    const SagaFacts& last = *facts.children.back();
    const Since complete = last.complete_since();
    // One that failed is over too, whenever that was.
    if (step.is_optional) return complete || !last.has_call_out() ? Since(last.begun_at) : complete;
    return step.output_fails ? std::nullopt : complete;
}

Since SagaFacts::complete_since() const {
    if (is_undoing) return std::nullopt;
    std::int64_t since = begun_at;
    for (const Since& well : well_since(steps.size())) {
        if (!well) return std::nullopt;
        since = std::max(since, *well);
    }
    return since;
}

// ---- Back --------------------------------------------------------------------------------------

bool SagaFacts::effect_stands(Place place) const {
    const StepPlan& step = plan(place.step);
    const StepFacts& facts = at(place);
    if (step.undo == StepPlan::Undo::Call && facts.undo.has_effect) return false;
    // When it is, nobody knows.
    if (expects_no_reply(step, Phase::Undo) && facts.undo.is_told(Outcome::Success)) return false;
    if (step.undo == StepPlan::Undo::Child && is_undone(place)) return false;
    if (step.kind == StepPlan::Kind::Call) return facts.action.has_effect;
    return std::any_of(facts.children.begin(), facts.children.end(),
                       [](const SagaFacts* child) { return child->leaves_any_effect(); });
}

bool SagaFacts::leaves_effect(Place place) const {
    const StepFacts& facts = at(place);
    const bool is_excused = plan(place.step).undo == StepPlan::Undo::Nothing ||
                            facts.may_be_resolved() || facts.is_denied;
    return !is_excused && effect_stands(place);
}

bool SagaFacts::leaves_any_effect() const {
    if (may_be_abandoned()) return false;
    const std::vector<Place> all = places();
    return std::any_of(all.begin(), all.end(),
                       [this](Place place) { return leaves_effect(place); });
}

bool SagaFacts::must_be_undone(Place place) const {
    const StepFacts& facts = at(place);
    if (plan(place.step).kind == StepPlan::Kind::Call) {
        return facts.is_doubtful || facts.action.is_told(Outcome::Success) ||
               facts.action.is_told(Outcome::PutOff);
    }
    return std::any_of(facts.children.begin(), facts.children.end(), [](const SagaFacts* child) {
        return child->is_surely_complete() || child->ended_as == "abandoned";
    });
}

bool SagaFacts::is_undone(Place place) const {
    const StepFacts& facts = at(place);
    if (plan(place.step).undo != StepPlan::Undo::Child) return facts.undo.is_told(Outcome::Success);
    return std::any_of(facts.undo_children.begin(), facts.undo_children.end(),
                       [](const SagaFacts* child) {
                           return child->ended_as == "completed" || child->complete_since();
                       });
}

bool SagaFacts::has_open_undo(Place place) const {
    const StepPlan& step = plan(place.step);
    const StepFacts& facts = at(place);
    if (facts.may_be_resolved()) return false;
    if (undoes_itself(step)) {
        return std::any_of(facts.children.begin(), facts.children.end(),
                           [](const SagaFacts* child) { return child->has_open_undo(); });
    }
    const bool has_undo = step.undo == StepPlan::Undo::Call || step.undo == StepPlan::Undo::Child;
    return has_undo && must_be_undone(place) && !is_undone(place);
}

bool SagaFacts::has_open_undo() const {
    if (may_be_abandoned()) return false;
    const std::vector<Place> all = places();
    return std::any_of(all.begin(), all.end(),
                       [this](Place place) { return has_open_undo(place); });
}

bool SagaFacts::has_call_out(Place place) const {
    const StepFacts& facts = at(place);
    if (facts.action.is_out() || facts.undo.is_out()) return true;
    const auto is_out = [](const SagaFacts* child) { return child->has_call_out(); };
    return std::any_of(facts.children.begin(), facts.children.end(), is_out) ||
           std::any_of(facts.undo_children.begin(), facts.undo_children.end(), is_out);
}

bool SagaFacts::awaits_reply(Place place, Phase phase) const {
    return published(plan(place.step), phase) != nullptr &&
           at(place).call(phase).is_told(Outcome::PutOff);
}

bool SagaFacts::has_call_out() const {
    if (may_be_abandoned()) return false;
    const std::vector<Place> all = places();
    return std::any_of(all.begin(), all.end(), [this](Place place) { return has_call_out(place); });
}

// ---- What others rest on -----------------------------------------------------------------------

void SagaFacts::note_way(const CallName& call) {
    if (call.phase == Phase::Undo) is_undoing = true;
    if (call.phase == Phase::Action && graph->is_after_pivot(call.step)) is_past_pivot_sent = true;
    if (parent == nullptr) return;
    // What undoes itself may have failed by itself: that says nothing about its parent.
    if (call.phase == Phase::Action || parent_call->phase == Phase::Undo) {
        parent->note_way(*parent_call);
    }
}

void SagaFacts::rely_on_predecessors(const CallName& name) {
    const bool is_action = name.phase == Phase::Action;
    const auto& before = is_action ? graph->ancestors(name.step) : graph->descendants(name.step);
    for (const std::size_t step : before) rely_on(step, name.phase);
    if (!is_action) at(name.place()).action.rely_on_success();
    if (parent != nullptr) parent->rely_on_predecessors(*parent_call);
}

void SagaFacts::rely_on(std::size_t step, Phase phase) {
    for (const Place place : places(step)) {
        StepFacts& facts = at(place);
        facts.call(phase).rely_on_success();
        const bool is_turned = phase == Phase::Undo && undoes_itself(plan(step));
        for (SagaFacts* child : is_turned ? facts.children : facts.called(phase)) {
            child->rely_on_all(is_turned ? Phase::Undo : Phase::Action);
        }
    }
}

void SagaFacts::rely_on_all(Phase phase) {
    for (std::size_t step = 0; step < steps.size(); ++step) rely_on(step, phase);
}

}  // namespace skald::simulation::oracle
