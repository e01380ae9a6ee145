#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/simulation/history.h"
#include "tests/simulation/oracle_plans.h"

/// What could be known from outside up to some moment of a history. Judges nothing: that is what
/// oracle_rules.h is for.
namespace skald::simulation::oracle {

/// Of a step without limit, tries above it are not journaled one by one (docs/machine.md), so that
/// their numbers stand still and fall back after a crash.
inline constexpr std::uint32_t kJournaledTries = 16;

/// An operator's command: all posts with its number.
struct Command {
    const Asked* asked;
    std::size_t asked_at;  ///< Index of the first post in History::seen.
    std::uint32_t posts = 0;
    std::uint32_t noes = 0;  ///< Posts that surely changed nothing.
    bool is_applied = false;

    /// A post without an answer may have been applied, just before a crash.
    bool may_have_worked() const { return posts > noes; }
};

/// The last answer that skald was given to a call, as far as it can remember it.
struct LastTold {
    std::uint32_t attempt;
    Outcome outcome;
    std::size_t sent_at;           ///< Index of its try in History::seen.
    std::int64_t next_not_before;  ///< Engine time of the next try, where it asks for one.
};

/// One call: (saga, step, phase).
struct CallFacts {
    std::string_view key;       ///< Of its first try; empty: never sent.
    std::uint32_t attempt = 0;  ///< The last one sent.
    std::size_t sent_at = 0;    ///< Its index in History::seen.
    std::uint32_t budget_from = 1;
    bool is_open = false;          ///< Sent and not told, in this life.
    bool is_sent_in_life = false;  ///< The last one, in this life.
    bool is_touched = false;       ///< Sent or told in this life.
    std::optional<LastTold> told;
    std::uint32_t journaled = 0;  ///< The highest attempt whose answer the store held.
    std::uint32_t relied_on = 0;  ///< What came later shows that its answer had to be durable.
    bool has_effect = false;      ///< In the participant's books.
    bool was_told_bad = false, was_told_failure = false, was_told_unknown = false;  ///< Ever.

    bool is_told(Outcome outcome) const { return told && told->outcome == outcome; }
};

struct StepFacts {
    CallFacts action, undo;
    /// Skald cannot know whether the action took effect, whatever it does: a try was unknown, or it
    /// was out when the process died, or its answer was lost with it.
    bool is_doubtful = false;
    /// The participant said, definitely, that the action did nothing, and nothing was sent since:
    /// skald is not to blame for an effect that stands all the same (of a copy of the request).
    bool is_denied = false;
    std::size_t retry_asked_at = 0;  ///< Index + 1 of the last Retry of this very step.
    std::vector<const Command*> resolves;

    CallFacts& call(Phase phase) { return phase == Phase::Action ? action : undo; }
    const CallFacts& call(Phase phase) const { return phase == Phase::Action ? action : undo; }
    bool effect_stands() const { return action.has_effect && !undo.has_effect; }
    /// An operator may have said what became of it (as one of `as`, or anything).
    bool may_be_resolved() const;
    bool may_be_resolved(std::string_view as) const;
};

struct SagaFacts {
    std::string_view id;
    const StartPlan* start;
    const Graph* graph;
    std::vector<StepFacts> steps;
    std::size_t rows_read = 0;
    bool outlived_crash = false;
    bool is_undoing = false;          ///< A compensation was sent.
    bool is_past_pivot_sent = false;  ///< An action behind the pivot was sent.
    bool is_cancelled = false;        ///< A Cancel was answered as applied.
    bool is_suspended = false;        ///< For certain.
    std::size_t resume_asked_at = 0;  ///< Index + 1 of the last one.
    std::size_t retry_asked_at = 0;   ///< Index + 1 of the last Retry of all steps.
    std::string_view ended_as;        ///< Told, or read in the journal; empty: not known to be.
    std::vector<const Command*> retries, abandons;

    const StepPlan& plan(std::size_t step) const { return graph->step(step); }
    /// By `when`, for certain.
    bool is_skipped(std::size_t step) const;
    bool may_be_retried_since(std::size_t step, std::size_t seen_at) const;
    std::uint32_t retries_of(std::size_t step) const;
    /// Which steps have settled well, as docs/definitions.md says; only of the first `count`.
    std::vector<bool> settled_well(std::size_t count) const;

 private:
    bool has_ended_well(std::size_t step) const;
};

struct TouchedCall {
    SagaFacts* saga;
    std::size_t step;
    Phase phase;
    CallFacts& facts() const { return saga->steps[step].call(phase); }
};

class Facts {
 public:
    /// Sagas are those of the final journals that a StartPlan made.
    explicit Facts(const History& history);

    /// None: no start made such a saga.
    const SagaFacts* saga(std::string_view id) const;
    const std::vector<SagaFacts>& sagas() const { return sagas_; }
    /// Whose plan a journal belongs to, by the key or id that its start had; none: nobody's.
    const StartPlan* plan_of(std::string_view id, const std::vector<JournalRow>& journal) const;
    const std::unordered_map<std::uint64_t, Command>& commands() const { return commands_; }
    bool is_alive() const { return is_alive_; }
    /// Index of what is being judged.
    std::size_t now() const { return now_; }

    // ---- Moves on
    void add(const Sent& sent);
    void add(const Handled& handled);
    void add(const Told& told, std::int64_t engine_time);
    void add(const Asked& asked);
    void add(const Answered& answered);
    void add(const RestTold& rest);
    void add(const Crashed& crashed);
    void add(const StartAsked&) {}
    void add(const StartAnswered&) {}
    void move_on() { ++now_; }
    /// What the store held when a process took up its work, or at the end.
    void read(const Journals& journals);
    /// Calls of the life that has just ended.
    const std::vector<TouchedCall>& touched() const { return touched_; }
    /// After `read`: what the store does not hold is forgotten; a new life begins.
    void begin_life();

 private:
    SagaFacts* find(std::string_view id);
    StepFacts* find(const CallName& call);
    void touch(const CallName& call);
    void rely_on_predecessors(SagaFacts& saga, const CallName& call);

    const History& history_;
    std::vector<Graph> graphs_;
    std::unordered_map<std::string_view, const StartPlan*> by_key_, by_id_;
    std::vector<SagaFacts> sagas_;
    std::unordered_map<std::string_view, SagaFacts*> by_saga_;
    std::unordered_map<std::uint64_t, Command> commands_;
    std::vector<TouchedCall> touched_;
    std::size_t now_ = 0;
    bool is_alive_ = true;
};

}  // namespace skald::simulation::oracle
