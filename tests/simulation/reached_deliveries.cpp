#include "tests/simulation/reached_deliveries.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/simulation/oracle_delivery_facts.h"

namespace skald::simulation {
namespace {

class ReachedDeliveries {
 public:
    ReachedDeliveries(const History& history, Counters& counters)
        : history_(history), counters_(counters), events_(history) {}

    void count() {
        for (const Seen& seen : history_.seen) {
            std::visit([this](const auto& what) { see(what); }, seen.what);
        }
        see_stands(history_.stands);
        for (const auto& [name, keys] : keys_) {
            if (keys.size() > 1) counters_.count("a subscription was made again");
        }
        for (const auto& [key, stand] : last_) count_passed_over(stand);
        for (const StartPlan& start : history_.starts) {
            if (begun_.contains(start.request_key) && start.event) {
                counters_.count("a saga was started by an event");
            }
        }
    }

 private:
    void see(const HandedOut& out) {
        ++out_;
        const bool is_relay = out.subscription.starts_with("bridge:");
        if (topics_[out.subscription] == "skald.sagas") {
            counters_.count("a change of a saga was delivered");
        }
        if (is_relay) counters_.count("an event went out over a bridge");
    }
    void see(const PushTold&) { --out_; }
    void see(const LeasesAsked& asked) { out_ -= static_cast<std::int64_t>(asked.leases.size()); }
    void see(const Crashed&) {
        if (out_ > 0) counters_.count("a crash while events were out");
        out_ = 0;
        is_new_life_ = true;
    }
    void see(const Journaled& journaled) {
        if (!journaled.row.request_key.empty()) begun_.insert(journaled.row.request_key);
    }
    void see(const Started&) {
        if (is_new_life_) count_unsettled();
        is_new_life_ = false;
    }
    void see(const StandsSeen& seen) { see_stands(seen.stands); }
    template <typename Other>
    void see(const Other&) {}

    void see_stands(const Stands& stands) {
        for (const auto& [key, stand] : stands) {
            keys_[stand.name].insert(key);
            topics_[stand.name] = stand.topic;
            const auto before = last_.find(key);
            const bool is_changed = before == last_.end() || before->second != stand;
            if (is_changed) count_stand(before == last_.end() ? Stand() : before->second, stand);
        }
        for (const auto& [key, stand] : stands) last_[key] = stand;
    }

    void count_stand(const Stand& before, const Stand& stand) {
        if (!stand.settled.empty()) counters_.count("an event was settled before an earlier one");
        if (stand.cursor < before.cursor) counters_.count("a subscription went back");
        if (before.version > 0 && stand.version > before.version) {
            counters_.count("a subscription has another version");
        }
        if (stand.letters.size() <= before.letters.size()) return;
        const auto plan = history_.subscriptions.find(stand.document);
        if (plan == history_.subscriptions.end()) return;
        static constexpr const char* kWhose[] = {
            "a dead letter of a pull subscription", "a dead letter of a push subscription",
            "a dead letter of a trigger", "a dead letter of a bridge"};
        counters_.count(kWhose[static_cast<std::size_t>(plan->second.how)]);
    }

    /// The saga is there, and the subscription has not heard of it.
    void count_unsettled() {
        for (const auto& [key, stand] : last_) {
            const auto plan = history_.subscriptions.find(stand.document);
            const bool is_trigger = plan != history_.subscriptions.end() &&
                                    plan->second.how == SubscriptionPlan::How::Trigger;
            if (!is_trigger) continue;
            for (const StartPlan& start : history_.starts) {
                if (!start.event || !begun_.contains(start.request_key)) continue;
                const bool is_its = start.event->topic == stand.topic &&
                                    start.event->type == plan->second.filter.type->text;
                const std::int64_t offset =
                    events_.offset_of(start.event->topic, start.event->source, start.event->id);
                if (is_its && offset > 0 && !oracle::is_settled(stand, offset)) {
                    counters_.count("a crash between a trigger's start and its settling");
                }
            }
        }
    }

    void count_passed_over(const Stand& stand) {
        const auto plan = history_.subscriptions.find(stand.document);
        if (plan == history_.subscriptions.end()) return;
        for (std::int64_t offset = 1; offset <= stand.cursor; ++offset) {
            const LogEvent* event = events_.find(stand.topic, offset);
            if (event == nullptr || oracle::wants(plan->second, *event)) continue;
            const bool is_relay = plan->second.how == SubscriptionPlan::How::Relay;
            counters_.count(is_relay ? "what came in over a bridge did not go out"
                                     : "a filter passed over an event");
        }
    }

    const History& history_;
    Counters& counters_;
    const oracle::EventIndex events_;
    std::map<std::string, std::set<std::int64_t>> keys_;
    std::map<std::string, std::string> topics_;
    std::map<std::int64_t, Stand> last_;
    std::set<std::string> begun_;
    std::int64_t out_ = 0;
    bool is_new_life_ = false;
};

}  // namespace

void count_reached_deliveries(const History& history, Counters& counters) {
    ReachedDeliveries(history, counters).count();
}

}  // namespace skald::simulation
