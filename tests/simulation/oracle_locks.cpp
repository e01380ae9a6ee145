#include <algorithm>
#include <map>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using Rows = std::vector<JournalRow>;

/// A saga in the queue for its lock.
struct Queued {
    const SagaFacts* saga;
    std::uint64_t begun = 0;  ///< Positions in the journal of all sagas; 0: never.
    std::uint64_t granted = 0;
    std::uint64_t ended = 0;
};

const SagaFacts& top_of(const SagaFacts& saga) {
    return saga.parent == nullptr ? saga : top_of(*saga.parent);
}

/// lock: of the sagas of one definition with one value, one at a time runs, in the order of starts.
class Locks {
 public:
    Locks(const History& history, const Facts& facts, Breaches& breaches)
        : history_(history), facts_(facts), breaches_(breaches) {
        for (const SagaFacts& saga : facts.sagas()) {
            const auto rows = history.journals.find(std::string(saga.id));
            if (rows != history.journals.end()) add(saga, rows->second);
        }
        for (auto& [lock, queue] : queues_) {
            std::sort(queue.begin(), queue.end(), [](const Queued& left, const Queued& right) {
                return left.begun < right.begun;
            });
        }
    }

    void judge() {
        for (const auto& [lock, queue] : queues_) {
            for (std::size_t i = 0; i < queue.size(); ++i) {
                order_.emplace(queue[i].saga, i);
                for (std::size_t before = 0; before < i; ++before) {
                    judge_grant(queue[i], queue[before]);
                }
            }
        }
        for (const Seen& seen : history_.seen) {
            if (const auto* sent = std::get_if<Sent>(&seen.what)) judge_sent(seen, sent->call);
        }
    }

 private:
    using Lock = std::pair<std::string, std::string>;  ///< The definition's name, and the value.

    static Lock lock_of(const SagaFacts& saga) { return {saga.graph->name(), saga.start->lock}; }

    void fault(const SagaFacts& saga, const std::string& text) {
        breaches_.add("lock", saga.id, text);
    }

    void add(const SagaFacts& saga, const Rows& rows) {
        const bool wants_one = saga.graph->has_lock() && saga.parent == nullptr;
        if (rows[0].lock != (wants_one ? saga.start->lock : "")) {
            fault(saga, "it wants the lock \"" + rows[0].lock + "\"");
        }
        Queued queued{&saga, rows[0].position};
        for (const JournalRow& row : rows) {
            if (!row.ends_as.empty()) queued.ended = row.position;
            if (row.type != "lock_granted") continue;
            if (queued.granted != 0 || !wants_one) fault(saga, "it was granted a lock once more");
            queued.granted = row.position;
        }
        if (wants_one) queues_[lock_of(saga)].push_back(queued);
    }

    void judge_grant(const Queued& queued, const Queued& before) {
        const bool is_free = before.ended != 0 && before.ended < queued.granted;
        if (queued.granted != 0 && !is_free) {
            fault(*queued.saga, "it was granted the lock before " + std::string(before.saga->id) +
                                    " had ended, which started first");
        }
    }

    void judge_sent(const Seen& seen, const CallName& call) {
        const SagaFacts* saga = facts_.saga(call.saga);
        if (saga == nullptr) return;
        const SagaFacts& top = top_of(*saga);
        const auto place = order_.find(&top);
        // Children of what was given up go on by themselves.
        const bool is_left_alone = saga != &top && top.may_be_abandoned();
        if (place == order_.end() || is_left_alone) return;
        if (!top.granted_at || *top.granted_at > seen.engine_time) {
            fault(top, "a call of it was sent before it had the lock");
        }
        const auto [last, is_first] = last_.emplace(lock_of(top), place->second);
        if (last->second > place->second) {
            fault(top, "a call of it was sent after one of a saga that waited for it");
        }
        last->second = std::max(last->second, place->second);
    }

    const History& history_;
    const Facts& facts_;
    Breaches& breaches_;
    std::map<Lock, std::vector<Queued>> queues_;
    std::map<const SagaFacts*, std::size_t> order_;  ///< In its queue.
    std::map<Lock, std::size_t> last_;               ///< The highest of whom something was sent.
};

}  // namespace

void judge_locks(const History& history, const Facts& facts, Breaches& breaches) {
    Locks(history, facts, breaches).judge();
}

}  // namespace skald::simulation::oracle
