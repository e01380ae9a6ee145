#include <algorithm>
#include <map>
#include <optional>

#include "tests/simulation/oracle_delivery_facts.h"
#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using What = ChangeAsked::What;

/// trigger: an event starts a saga only where its definition has a trigger for it that has not
/// passed it; with the newest version, or a newer one than there was when it was published. That it
/// starts one at least is lost-delivery's to say, that it starts one at most I2's.
class Triggers {
 public:
    Triggers(const History& history, Breaches& breaches)
        : history_(history), facts_(history), breaches_(breaches) {
        for (const StartPlan& start : history.starts) {
            if (start.event) by_key_.emplace(start.request_key, &start);
        }
    }

    void judge() {
        for (const Seen& seen : history_.seen) {
            std::visit([&](const auto& what) { see(seen, what); }, seen.what);
            facts_.move_on();
        }
    }

 private:
    void see(const Seen&, const Journaled& journaled) {
        const auto found = by_key_.find(journaled.row.request_key);
        if (journaled.row.seq != 1 || found == by_key_.end()) return;
        const StartPlan& start = *found->second;
        if (!is_wanted(start)) {
            breaches_.add("trigger", journaled.saga, "no trigger was there for its event");
        }
        judge_version(journaled.saga, start);
    }

    bool is_wanted(const StartPlan& start) {
        const std::string& definition = history_.definitions[start.definition].name;
        const std::int64_t offset =
            facts_.events().offset_of(start.event->topic, start.event->source, start.event->id);
        if (offset == 0) return false;
        return std::any_of(facts_.all().begin(), facts_.all().end(), [&](const auto& each) {
            const SubscriberFacts& subscriber = each.second;
            const Stand& stand = subscriber.stand;
            if (stand.owner != "definition/" + definition) return false;
            return stand.topic == start.event->topic &&
                   (!is_settled(stand, offset) ||
                    facts_.may_be_rewound(stand.name, offset, subscriber.stand_at) ||
                    facts_.may_be_revived(stand.name, offset, subscriber.stand_at) ||
                    may_be_on_its_way(stand.name, offset));
        });
    }

    /// Somebody passed over it when its start was made already.
    bool may_be_on_its_way(const std::string& name, std::int64_t offset) const {
        return facts_.may_be_passed_over(name, offset, life_began_) ||
               facts_.may_be_discarded(name, offset, life_began_);
    }

    void judge_version(const std::string& saga, const StartPlan& start) {
        const auto end = history_.sagas.find(saga);
        const auto posted = posted_.find(start.event->id);
        if (end == history_.sagas.end() || !end->second.definition || posted == posted_.end()) {
            return;
        }
        const std::size_t version = *end->second.definition;
        const auto newest = posted->second.find(history_.definitions[start.definition].name);
        const bool is_of_name =
            history_.definitions[version].name == history_.definitions[start.definition].name;
        if (!is_of_name || (newest != posted->second.end() && version < newest->second)) {
            breaches_.add("trigger", saga, "it is of another version than its definition's latest");
        }
    }

    /// Which versions were registered when an event was published first.
    void see(const Seen&, const EventsPosted& posted) {
        for (const EventsPosted::Event& event : posted.events)
            posted_.try_emplace(event.id, newest_);
    }
    void see(const Seen&, const Registered& registered) {
        newest_[history_.definitions[registered.definition].name] = registered.definition;
    }
    void see(const Seen&, const StandsSeen& seen) {
        for (const auto& [key, stand] : seen.stands) facts_.add(key, stand);
    }
    void see(const Seen&, const ChangeAsked& asked) { facts_.add(asked); }
    void see(const Seen&, const ChangeAnswered& answered) { facts_.add(answered); }
    void see(const Seen& seen, const Crashed& crashed) {
        facts_.add(seen, crashed);
        life_began_ = facts_.now();
    }
    template <typename Other>
    void see(const Seen&, const Other&) {}

    using Versions = std::map<std::string, std::size_t>;

    const History& history_;
    DeliveryFacts facts_;
    Breaches& breaches_;
    std::map<std::string, const StartPlan*> by_key_;
    std::size_t life_began_ = 0;
    Versions newest_;  ///< Index of History::definitions, by name.
    std::map<std::string, Versions> posted_;
};

}  // namespace

void judge_triggers(const History& history, Breaches& breaches) {
    Triggers(history, breaches).judge();
}

}  // namespace skald::simulation::oracle
