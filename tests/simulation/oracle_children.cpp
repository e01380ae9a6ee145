#include <algorithm>
#include <map>
#include <set>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using Rows = std::vector<JournalRow>;

constexpr std::size_t kIdBytesMax = 128;

/// docs/definitions.md: what the child of that call is called, as long as that is short enough.
std::string child_id(const SagaFacts& parent, const ParentCall& call) {
    std::string id = std::string(parent.id) + "." + parent.plan(call.step).name;
    if (call.item) id += "." + std::to_string(*call.item);
    if (call.phase == Phase::Undo) id += "~undo";
    if (call.attempt > 1) id += "~" + std::to_string(call.attempt);
    return id;
}

/// The definition that the call is for; empty: it calls none.
std::string callee(const SagaFacts& parent, const ParentCall& call) {
    const StepPlan& plan = parent.plan(call.step);
    if (call.phase == Phase::Action) {
        return plan.kind == StepPlan::Kind::Child ? plan.child : "";
    }
    return plan.undo == StepPlan::Undo::Child ? plan.undo_child : "";
}

/// Positions in the journal of all sagas; 0: it never did.
struct Milestones {
    std::uint64_t turned = 0, ended = 0;
};

Milestones milestones(const Rows& rows) {
    Milestones found;
    for (const JournalRow& row : rows) {
        if (row.turns) found.turned = row.position;
        if (!row.ends_as.empty()) found.ended = row.position;
        if (row.type == "parent_turned") found.ended = 0;
    }
    return found;
}

/// child: each is there for one call of its parent, and as the parent's start said.
class Children {
 public:
    Children(const History& history, const Facts& facts, Breaches& breaches)
        : history_(history), facts_(facts), breaches_(breaches) {
        std::map<std::string, std::uint32_t> versions;
        for (const DefinitionPlan& plan : history.definitions) {
            versions_.push_back(++versions[plan.name]);
        }
        for (const Seen& seen : history.seen) {
            const auto* asked = std::get_if<StartAsked>(&seen.what);
            if (asked != nullptr) pins_[asked->number].push_back(&asked->pins);
        }
    }

    void judge() {
        for (const auto& [id, rows] : history_.journals) {
            if (rows.empty() || !rows[0].parent) continue;
            const SagaFacts* child = facts_.saga(id);
            if (child == nullptr) {
                breaches_.add("child", id, "no saga has such a step");
                continue;
            }
            judge_call(*child);
            judge_version(*child);
            judge_time(*child, rows);
        }
        for (const SagaFacts& saga : facts_.sagas()) judge_attempts(saga);
    }

 private:
    void fault(const SagaFacts& child, const std::string& text) {
        breaches_.add("child", child.id, text);
    }

    void judge_call(const SagaFacts& child) {
        const ParentCall& call = *child.parent_call;
        const SagaFacts& parent = *child.parent;
        if (callee(parent, call) != child.graph->name()) {
            fault(child, "its parent does not call " + child.graph->name() + " there");
        }
        const std::string id = child_id(parent, call);
        if (id.size() <= kIdBytesMax ? id != child.id : child.id.size() > kIdBytesMax) {
            fault(child, "it should be called " + id);
        }
        const bool is_first =
            calls_.insert({&parent, call.place(), call.phase, call.attempt}).second;
        if (!is_first) fault(child, "its call has another child too");
        const bool is_makeable =
            call.phase == Phase::Undo || !parent.plan(call.step).cannot_be_made;
        if (parent.is_skipped(call.step) || !is_makeable) {
            fault(child, "its step is skipped, or its input cannot be made");
        }
    }

    /// I3: one that a start of its tree was asked with, and the same for all of that tree.
    void judge_version(const SagaFacts& child) {
        const std::string& name = child.graph->name();
        const std::uint32_t version =
            versions_[*history_.sagas.at(std::string(child.id)).definition];
        const SagaFacts* top = child.parent;
        while (top->parent != nullptr) top = top->parent;
        const auto [known, is_new] = of_tree_.emplace(std::pair(top, name), version);
        if (known->second != version) fault(child, "another one of its tree has another version");
        const auto& pins = pins_[child.start->number];
        const bool is_pinned = std::any_of(pins.begin(), pins.end(), [&](const auto* each) {
            const auto pin = each->find(name);
            return pin != each->end() && pin->second == version;
        });
        if (!is_pinned) fault(child, "no start asked for version " + std::to_string(version));
    }

    /// I12: none is begun for what has turned, or is over; none is turned for what has not.
    void judge_time(const SagaFacts& child, const Rows& rows) {
        const auto found = history_.journals.find(std::string(child.parent->id));
        if (found == history_.journals.end()) return;
        const Milestones parent = milestones(found->second);
        const std::uint64_t begun = rows[0].position;
        const bool is_action = child.parent_call->phase == Phase::Action;
        if (is_action && parent.turned != 0 && parent.turned < begun) {
            breaches_.add("I12", child.id, "it was begun after its parent had turned");
        }
        if (parent.ended != 0 && parent.ended < begun) {
            breaches_.add("I14", child.id, "it was begun after its parent had ended");
        }
        if (!is_action && (parent.turned == 0 || parent.turned > begun)) {
            fault(child, "it undoes a step of what has not turned");
        }
        for (const JournalRow& row : rows) {
            const bool is_by_parent = row.type == "parent_turned" || row.by == "parent";
            if (!is_by_parent) continue;
            if (parent.turned == 0 || parent.turned > row.position) {
                fault(child, "it was " + row.type + " for its parent, which had not turned");
            }
        }
    }

    /// I18, of children.
    void judge_attempts(const SagaFacts& saga) {
        for (const Place place : saga.places()) {
            for (const Phase phase : {Phase::Action, Phase::Undo}) {
                const std::size_t most = 1 + saga.retries_of(place);
                if (saga.at(place).called(phase).size() <= most) continue;
                breaches_.add("I18", saga.id,
                              described(saga, {"", place.step, phase, 0, place.item}) +
                                  " had more than " + std::to_string(most) + " children");
            }
        }
    }

    using Call = std::tuple<const SagaFacts*, Place, Phase, std::uint32_t>;

    const History& history_;
    const Facts& facts_;
    Breaches& breaches_;
    std::vector<std::uint32_t> versions_;  ///< By index of History::definitions.
    std::map<std::uint64_t, std::vector<const std::map<std::string, std::uint32_t>*>> pins_;
    std::map<std::pair<const SagaFacts*, std::string>, std::uint32_t> of_tree_;
    std::set<Call> calls_;
};

}  // namespace

void judge_children(const History& history, const Facts& facts, Breaches& breaches) {
    Children(history, facts, breaches).judge();
}

}  // namespace skald::simulation::oracle
