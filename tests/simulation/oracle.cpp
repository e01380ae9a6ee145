#include "tests/simulation/oracle.h"

#include "tests/simulation/oracle_facts.h"
#include "tests/simulation/oracle_rules.h"

namespace skald::simulation {
namespace oracle {
namespace {

/// Walks through a history: judges each thing by what was known before it.
class Walk {
 public:
    Walk(const History& history, Breaches& breaches)
        : history_(history), facts_(history), breaches_(breaches) {}

    void go() {
        for (const Seen& seen : history_.seen) {
            std::visit([&](const auto& what) { see(seen, what); }, seen.what);
            facts_.move_on();
        }
        facts_.read(history_.journals);
        judge_written_ahead(facts_, breaches_);
    }
    const Facts& facts() const { return facts_; }

 private:
    void see(const Seen& seen, const Sent& sent) {
        if (judge_foreign(facts_, sent.call, breaches_)) {
            const std::int64_t now = seen.engine_time;
            judge_alive(facts_, sent.call, breaches_);
            judge_key(facts_, sent, keys_, breaches_);
            judge_try(facts_, now, sent.call, breaches_);
            judge_rest(facts_, now, sent.call, breaches_);
            const bool is_action = sent.call.phase == Phase::Action;
            (is_action ? judge_action : judge_undo)(facts_, now, sent.call, breaches_);
        }
        facts_.add(seen, sent);
    }
    void see(const Seen& seen, const Handled& handled) {
        judge_handled(facts_, handled, breaches_);
        facts_.add(seen, handled);
    }
    void see(const Seen& seen, const Told& told) {
        judge_told(facts_, told, breaches_);
        facts_.add(seen, told);
    }
    void see(const Seen& seen, const RestTold& rest) {
        judge_told_rest(facts_, seen, rest, breaches_);
        facts_.add(seen, rest);
    }
    void see(const Seen&, const Started& started) {
        facts_.read(started.journals);
        judge_written_ahead(facts_, breaches_);
        facts_.begin_life();
    }
    void see(const Seen&, const Journaled& journaled) {
        facts_.settle(journaled);
        const SagaFacts* saga = facts_.saga(journaled.saga);
        if (saga == nullptr) return;  // See judge_starts and judge_children.
        for (const CallName& begun : begun_by(*saga, journaled.row)) {
            judge_begun(facts_, journaled, begun, breaches_);
            facts_.begin(journaled, begun);
        }
    }
    template <typename What>
    void see(const Seen& seen, const What& what) {
        facts_.add(seen, what);
    }

    const History& history_;
    Facts facts_;
    Keys keys_;
    Breaches& breaches_;
};

}  // namespace
}  // namespace oracle

std::vector<Breach> find_breaches(const History& history) {
    oracle::Breaches breaches;
    oracle::Walk walk(history, breaches);
    walk.go();
    oracle::judge_journals(history, breaches);
    oracle::judge_store(history, breaches);
    oracle::judge_starts(history, walk.facts(), breaches);
    oracle::judge_commands(history, walk.facts(), breaches);
    oracle::judge_callbacks(history, walk.facts(), breaches);
    oracle::judge_children(history, walk.facts(), breaches);
    oracle::judge_elements(history, walk.facts(), breaches);
    oracle::judge_locks(history, walk.facts(), breaches);
    oracle::judge_log(history, walk.facts(), breaches);
    oracle::judge_replies(history, walk.facts(), breaches);
    oracle::judge_deliveries(history, breaches);
    oracle::judge_triggers(history, breaches);
    oracle::judge_relays(history, breaches);
    oracle::judge_ends(history, walk.facts(), breaches);
    return breaches.take();
}

}  // namespace skald::simulation
