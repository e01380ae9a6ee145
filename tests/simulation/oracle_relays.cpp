#include <map>
#include <set>
#include <tuple>

#include "tests/simulation/oracle_delivery_facts.h"
#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using What = ChangeAsked::What;

/// What the broker has.
///
/// relayed-once: each event under one id, and each id for one event.
/// relay-order: of one subject in the order of the log, as they were stored first; but not where
/// somebody began anew.
/// no-echo: nothing of what came in over the bridge.
class Relays {
 public:
    Relays(const History& history, Breaches& breaches)
        : history_(history), events_(history), breaches_(breaches) {}

    void judge() {
        note_new_beginnings();
        for (const Seen& seen : history_.seen) {
            if (const auto* stored = std::get_if<BrokerStored>(&seen.what)) judge(*stored);
        }
    }

 private:
    using Event = std::tuple<std::string, std::string, std::string, std::string>;

    void note_new_beginnings() {
        std::map<std::string, std::set<std::int64_t>> keys;
        for (const Seen& seen : history_.seen) {
            if (const auto* asked = std::get_if<ChangeAsked>(&seen.what)) {
                if (asked->what == What::Rewind) begun_anew_.insert(asked->name);
            } else if (const auto* stands = std::get_if<StandsSeen>(&seen.what)) {
                for (const auto& [key, stand] : stands->stands) {
                    if (!stand.owner.starts_with("bridge/")) continue;
                    topics_[{stand.owner.substr(7), subject_of(stand.name)}] = stand.topic;
                    keys[stand.name].insert(key);
                }
            }
        }
        for (const auto& [name, all] : keys) {
            if (all.size() > 1) begun_anew_.insert(name);
        }
    }

    /// "bridge:BRIDGE:TOPIC:SUBJECT".
    static std::string subject_of(const std::string& name) {
        return name.substr(name.rfind(':') + 1);
    }

    void judge(const BrokerStored& stored) {
        const auto topic = topics_.find({stored.bridge, stored.subject});
        const std::int64_t offset =
            topic == topics_.end() ? 0 : events_.offset_of(topic->second, stored.source, stored.id);
        if (offset == 0) {
            fault("invented-delivery", stored, "is at the broker, and not in the log");
            return;
        }
        const LogEvent& event = *events_.find(topic->second, offset);
        if (!event.bridge.empty() && event.bridge == stored.bridge) {
            fault("no-echo", stored, "came in over the bridge, and went out over it");
        }
        judge_id(stored);
        const std::string name =
            "bridge:" + stored.bridge + ":" + topic->second + ":" + stored.subject;
        if (!begun_anew_.contains(name)) judge_order(stored, name, event);
    }

    void judge_id(const BrokerStored& stored) {
        const Event event{stored.bridge, stored.subject, stored.source, stored.id};
        const auto [message, is_new] = ids_.emplace(event, stored.message);
        const auto [of_id, is_free] =
            by_id_.emplace(std::pair(stored.bridge, stored.message), event);
        if (message->second != stored.message || of_id->second != event) {
            fault("relayed-once", stored, "has the id " + stored.message);
        }
    }

    void judge_order(const BrokerStored& stored, const std::string& name, const LogEvent& event) {
        if (event.subject.empty() || stored.is_repeat) return;
        std::int64_t& last = last_[{name, event.subject}];
        if (event.offset < last) {
            fault("relay-order", stored, "was stored after offset " + std::to_string(last));
        }
        last = event.offset;
    }

    void fault(const char* rule, const BrokerStored& stored, const std::string& text) {
        breaches_.add(rule, stored.bridge, stored.id + " " + text);
    }

    const History& history_;
    const EventIndex events_;
    Breaches& breaches_;
    std::set<std::string> begun_anew_;
    std::map<std::pair<std::string, std::string>, std::string> topics_;
    std::map<Event, std::string> ids_;
    std::map<std::pair<std::string, std::string>, Event> by_id_;
    std::map<std::pair<std::string, std::string>, std::int64_t> last_;
};

}  // namespace

void judge_relays(const History& history, Breaches& breaches) { Relays(history, breaches).judge(); }

}  // namespace skald::simulation::oracle
