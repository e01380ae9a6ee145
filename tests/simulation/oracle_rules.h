#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/simulation/oracle.h"
#include "tests/simulation/oracle_facts.h"

/// The oracle's rules. Each is judged with the facts from before the thing that was seen.
///
/// Breach::rule is a number of the invariants that a saga engine must hold (I1 to I33), or a word:
///
/// I1    a start that was acknowledged is never lost
/// I2    one start, one saga; every repeat is told the same one
/// I5    journals only grow, without gaps, and times never go back; the summary agrees with them
/// I6    what a call follows from is durable before it is sent; an action follows what it is after
/// I7    no compensation while its action is out
/// I8    compensations run in reverse
/// I9    what was settled is not sent again
/// I10   what surely did nothing, or has nothing to undo, is not compensated
/// I11   no way back behind the pivot
/// I12   no action once the saga turned
/// I13   one try at a time, under a number of its own
/// I14   what ended never changes
/// I17   one idempotency key for each call
/// I18   tries are counted over restarts, and are not more than allowed
/// I20   everything comes to rest
/// I26   a cancel and a completion have one winner
/// I29   counts agree with the sagas
/// acknowledged-callback, acknowledged-command, acknowledged-delivery, acknowledged-event,
/// all-delivered, backoff, callback-timeout, child, dead-letter, effect-once, element-order,
/// end-state, filter, foreign, integrity, invented-delivery, invented-reply, lock, lost-delivery,
/// made-once, max-parallel, no-echo, no-lost-reply, one-lease, published-once, relay-order,
/// relayed-once, settled-once, stale-lease, subject-order, suspended, told-once, trigger, wait,
/// when: as their functions say
namespace skald::simulation::oracle {

class Breaches {
 public:
    void add(std::string rule, std::string_view saga, std::string text) {
        all_.push_back({std::move(rule), std::string(saga), std::move(text)});
    }
    std::vector<Breach> take() { return std::move(all_); }

 private:
    std::vector<Breach> all_;
};

/// "compensation 2 of reserve", for people.
std::string described(const SagaFacts& saga, const CallName& call);

// ---- oracle_calls.cpp: each call by itself
using Keys = std::unordered_map<std::string_view, const CallName*>;
/// False, with its breach: the call is of nobody's saga or step, and nothing else can be said.
bool judge_foreign(const Facts& facts, const CallName& call, Breaches& breaches);
void judge_alive(const Facts& facts, const CallName& call, Breaches& breaches);
/// Of requests and published tries. `now`: engine time.
void judge_try(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches);
void judge_key(const Facts& facts, const Sent& sent, Keys& keys, Breaches& breaches);
void judge_told(const Facts& facts, const Told& told, Breaches& breaches);
void judge_handled(const Facts& facts, const Handled& handled, Breaches& breaches);

// ---- oracle_order.cpp: calls of one saga among each other
void judge_action(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches);
void judge_undo(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches);
/// Whether the pivot is known to have succeeded, and no operator's word can have undone that.
bool is_past_pivot(const SagaFacts& saga);

// ---- oracle_callbacks.cpp, oracle_children.cpp, oracle_elements.cpp, oracle_locks.cpp
void judge_callbacks(const History& history, const Facts& facts, Breaches& breaches);
void judge_children(const History& history, const Facts& facts, Breaches& breaches);
void judge_elements(const History& history, const Facts& facts, Breaches& breaches);
void judge_locks(const History& history, const Facts& facts, Breaches& breaches);

// ---- oracle_events.cpp, oracle_replies.cpp: the log, and what sagas hear by it
/// A row began this try, or wait: as any other call.
void judge_begun(const Facts& facts, const Journaled& journaled, const CallName& begun,
                 Breaches& breaches);
void judge_log(const History& history, const Facts& facts, Breaches& breaches);
void judge_replies(const History& history, const Facts& facts, Breaches& breaches);

// ---- oracle_deliveries.cpp, oracle_triggers.cpp, oracle_relays.cpp: subscriptions
void judge_deliveries(const History& history, Breaches& breaches);
void judge_triggers(const History& history, Breaches& breaches);
void judge_relays(const History& history, Breaches& breaches);
/// The start that the event makes of that definition; null: none.
const StartPlan* start_by(const History& history, const std::string& definition,
                          const LogEvent& event);

// ---- oracle_rest.cpp: what must rest
void judge_rest(const Facts& facts, std::int64_t now, const CallName& call, Breaches& breaches);
void judge_told_rest(const Facts& facts, const Seen& seen, const RestTold& rest,
                     Breaches& breaches);

// ---- oracle_journal.cpp
void judge_journals(const History& history, Breaches& breaches);
/// What was sent in the life that ended, against what the store held after it.
void judge_written_ahead(const Facts& facts, Breaches& breaches);
void judge_store(const History& history, Breaches& breaches);

// ---- oracle_starts.cpp, oracle_commands.cpp
void judge_starts(const History& history, const Facts& facts, Breaches& breaches);
void judge_commands(const History& history, const Facts& facts, Breaches& breaches);

// ---- oracle_ends.cpp
void judge_ends(const History& history, const Facts& facts, Breaches& breaches);

}  // namespace skald::simulation::oracle
