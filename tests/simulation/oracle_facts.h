#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/simulation/history.h"
#include "tests/simulation/oracle_sagas.h"

/// What could be known from outside up to some moment of a history. Judges nothing: that is what
/// oracle_rules.h is for.
namespace skald::simulation::oracle {

struct TouchedCall {
    SagaFacts* saga;
    Place place;
    Phase phase;
    CallFacts& facts() const { return saga->at(place).call(phase); }
};

class Facts {
 public:
    /// Sagas are those of the final journals that a StartPlan made, and their children.
    explicit Facts(const History& history);

    /// None: no start made such a saga.
    const SagaFacts* saga(std::string_view id) const;
    /// None: the saga, the step or the element is nobody's.
    const SagaFacts* saga_with(const CallName& call) const;
    const std::vector<SagaFacts>& sagas() const { return sagas_; }
    /// Whose plan a journal belongs to, by the key or id that its start had; none: nobody's.
    const StartPlan* plan_of(std::string_view id, const std::vector<JournalRow>& journal) const;
    const std::unordered_map<std::uint64_t, Command>& commands() const { return commands_; }
    bool is_alive() const { return is_alive_; }
    /// The saga turned by the last commit, and skald has not heard of that yet perhaps: calls that
    /// wait in its queue may still leave, for they are taken back only then.
    bool may_not_know_of_turn(const SagaFacts& saga) const {
        return is_alive_ && saga.undo_published_at > last_commit_;
    }

    // ---- Moves on
    void add(const Seen& seen, const Sent& sent);
    void add(const Seen& seen, const Handled& handled);
    void add(const Seen& seen, const Told& told);
    void add(const Seen& seen, const CallbackPosted& posted);
    void add(const Seen& seen, const CallbackAnswered& answered);
    void add(const Seen& seen, const Asked& asked);
    void add(const Seen& seen, const Answered& answered);
    void add(const Seen& seen, const RestTold& rest);
    void add(const Seen& seen, const Crashed& crashed);
    /// Of the rest nothing is kept here.
    template <typename Other>
    void add(const Seen&, const Other&) {}
    void move_on();
    /// What the store held when a process took up its work, or at the end.
    void read(const Journals& journals);
    /// What a row that is durable now says of tries before; oracle_event_facts.cpp.
    void settle(const Journaled& journaled);
    /// By that row a try was published, or a wait for an event began.
    void begin(const Journaled& journaled, const CallName& begun);
    /// After `read`: what the store does not hold is forgotten; a new life begins.
    void begin_life();

 private:
    struct Callback {
        const CallbackPosted* posted;
        std::size_t posted_at;  ///< Index in History::seen.
        std::int64_t engine_time;
    };
    struct TakenAt {
        std::uint32_t attempt;
        std::int64_t at;     ///< Not before that.
        std::int64_t until;  ///< Not after that.
    };

    SagaFacts* add_saga(std::string_view id);
    SagaFacts* find(std::string_view id);
    StepFacts* find(const CallName& call);
    void touch(const CallName& call);
    void read_row(SagaFacts& saga, const JournalRow& row);
    void take(SagaFacts& saga, const CallName& name, Word word, TakenAt taken);
    void hear(SagaFacts& saga, const CallName& name, const JournalRow& row);
    void miss(SagaFacts& saga, const CallName& name, const JournalRow& row);
    void take_ahead(SagaFacts& saga, const CallName& name, const JournalRow& row);

    const History& history_;
    std::vector<Graph> graphs_;
    std::unordered_map<std::string_view, const StartPlan*> by_key_, by_id_;
    std::vector<SagaFacts> sagas_;
    std::unordered_map<std::string_view, SagaFacts*> by_saga_;
    std::unordered_map<std::uint64_t, Command> commands_;
    std::unordered_map<std::uint64_t, Callback> callbacks_;
    std::vector<TouchedCall> touched_;
    std::size_t now_ = 0;
    std::size_t last_commit_ = 0;  ///< Index of the first row that was seen of it.
    bool was_row_ = false;         ///< What was seen last is a row.
    bool is_alive_ = true;
};

/// Tries that are events, and waits for one, that `row` began, in order. Attempt 0: the row does
/// not say which.
std::vector<CallName> begun_by(const SagaFacts& saga, const JournalRow& row);

}  // namespace skald::simulation::oracle
