#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/simulation/history.h"
#include "tests/simulation/oracle_event_plans.h"
#include "tests/simulation/oracle_plans.h"

/// What is known of one saga, and what follows from it.
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

/// The last answer that skald was given to a call, by a reply or a callback, as far as it can
/// remember it.
struct LastTold {
    std::uint32_t attempt;
    Outcome outcome;
    std::size_t sent_at;           ///< Index of its try in History::seen.
    std::int64_t at;               ///< Engine time; not before that.
    std::int64_t next_not_before;  ///< Engine time of the next try, where it asks for one.
    /// By a callback, after which the next try's time had come: it was begun perhaps, never sent,
    /// and the callback was the word on it.
    bool may_be_of_next = false;
    /// By a callback that was answered as taken. The journal may count it for an earlier try than
    /// the last one sent, if nothing of that one was journaled before a crash.
    bool is_acknowledged = false;

    /// At most.
    std::uint32_t tries() const { return attempt + (may_be_of_next ? 1 : 0); }
};

/// One call: (saga, place, phase).
struct CallFacts {
    /// A try that was sent and not told, in this life.
    struct Out {
        std::uint32_t attempt;
        bool is_over = false;  ///< A callback said how it ended: its reply says nothing more.
    };
    std::string_view key;       ///< Of its first try; empty: never sent.
    std::string_view callback;  ///< The URL that it had.
    std::uint32_t attempt = 0;  ///< The last one sent.
    std::size_t sent_at = 0;    ///< Its index in History::seen.
    Time sent_time{0};
    Time retry_decided_at{0};  ///< When a participant last meant to call back with "retry".
    std::uint32_t budget_from = 1;
    std::vector<Out> out;
    bool is_sent_in_life = false;   ///< The last one, in this life.
    bool is_touched = false;        ///< Sent or told in this life.
    bool is_called_back = false;    ///< A callback was taken, and no later try is known of.
    std::uint32_t taken_ahead = 0;  ///< Callbacks whose row was seen before their answer.
    std::optional<LastTold> told;
    std::uint32_t journaled = 0;  ///< The highest attempt whose answer the store held.
    std::uint32_t relied_on = 0;  ///< What came later shows that its answer had to be durable.
    bool has_effect = false;      ///< In the participant's books.
    bool was_told_bad = false, was_told_failure = false, was_told_unknown = false;  ///< Ever.

    bool is_out() const;
    /// A try was sent, or published, ever.
    bool is_begun() const { return attempt > 0; }
    bool is_told(Outcome outcome) const { return told && told->outcome == outcome; }
    /// The number of `attempt` among those of its budget, from 1.
    std::uint32_t number_of(std::uint32_t tried) const {
        return tried >= budget_from ? tried - budget_from + 1 : 1;
    }
    void rely_on_success();
};

struct SagaFacts;

/// Of a step, or of one element of it.
struct StepFacts {
    CallFacts action, undo;
    /// Those that it ran by, or was undone by, by attempts; all that there ever are.
    std::vector<SagaFacts*> children, undo_children;
    /// Skald cannot know whether the action took effect, whatever it does: a try was unknown, or it
    /// was out when the process died, or its answer was lost with it.
    bool is_doubtful = false;
    std::size_t doubtful_at = 0;   ///< Index in History::seen of the reply that made it so.
    bool may_be_doubtful = false;  ///< Skald may take it for that, and needn't.
    /// The participant said, definitely, that the action did nothing, and nothing was sent since:
    /// skald is not to blame for an effect that stands all the same (of a copy of the request).
    bool is_denied = false;
    std::size_t retry_asked_at = 0;  ///< Index + 1 of the last Retry of this very step.
    std::vector<const Command*> resolves;

    CallFacts& call(Phase phase) { return phase == Phase::Action ? action : undo; }
    const CallFacts& call(Phase phase) const { return phase == Phase::Action ? action : undo; }
    const std::vector<SagaFacts*>& called(Phase phase) const {
        return phase == Phase::Action ? children : undo_children;
    }
    /// An operator may have said what became of it (as one of `as`, or anything).
    bool may_be_resolved() const;
    bool may_be_resolved(std::string_view as) const;
};

struct SagaFacts {
    std::string_view id;
    const StartPlan* start;  ///< Of the topmost of its parents.
    const Graph* graph;
    std::size_t definition = 0;  ///< Index of History::definitions.
    SagaFacts* parent = nullptr;
    const ParentCall* parent_call = nullptr;  ///< Of `parent`, where there is one.
    std::int64_t begun_at = 0;                ///< Engine time, from the final journals.
    std::optional<std::int64_t> granted_at;   ///< Of its lock.
    std::optional<std::int64_t> turned_by_parent_at;
    std::vector<StepFacts> steps;
    std::vector<std::vector<StepFacts>> elements;  ///< By step; empty where it has none.
    std::size_t rows_read = 0;
    bool outlived_crash = false;
    bool is_undoing = false;  ///< A compensation was sent, or published.
    /// Index + 1 of the row that published it, where that is all that shows it.
    std::size_t undo_published_at = 0;
    bool is_past_pivot_sent = false;  ///< An action behind the pivot was sent.
    bool is_cancelled = false;        ///< A Cancel was answered as applied.
    bool is_suspended = false;        ///< For certain.
    std::size_t resume_asked_at = 0;  ///< Index + 1 of the last one.
    std::size_t retry_asked_at = 0;   ///< Index + 1 of the last Retry of all steps.
    std::string_view ended_as;        ///< Told, or read in the journal; empty: not known to be.
    std::vector<const Command*> retries, abandons;

    const StepPlan& plan(std::size_t step) const { return graph->step(step); }
    bool has(Place place) const;
    StepFacts& at(Place place);
    const StepFacts& at(Place place) const;
    /// The step, or each of its elements.
    std::vector<Place> places(std::size_t step) const;
    std::vector<Place> places() const;
    bool has_elements(std::size_t step) const { return plan(step).items.has_value(); }

    /// By `when`, for certain.
    bool is_skipped(std::size_t step) const;
    bool may_be_retried_since(Place place, std::size_t seen_at) const;
    std::uint32_t retries_of(Place place) const;
    bool may_be_abandoned() const;

    /// Since when, at the earliest, each of the first `count` steps has settled well, as
    /// docs/definitions.md says; none: it has not.
    std::vector<std::optional<std::int64_t>> well_since(std::size_t count) const;
    /// Since when, at the earliest, it has all that it needs to be completed; none: it has not.
    std::optional<std::int64_t> complete_since() const;
    /// It surely completed, and was not turned since.
    bool is_surely_complete() const { return ended_as == "completed" && !is_undoing; }

    /// What the action did is there, and its compensation has not taken effect.
    bool effect_stands(Place place) const;
    /// The same of one that nobody said to leave there, and that could be undone.
    bool leaves_effect(Place place) const;
    bool leaves_any_effect() const;
    /// Skald must take it for done, or for perhaps done.
    bool must_be_undone(Place place) const;
    /// Its compensation is known to have succeeded.
    bool is_undone(Place place) const;
    /// It must be undone, and is not known to be; of a child that undoes itself: something of it.
    bool has_open_undo(Place place) const;
    bool has_open_undo() const;
    /// A call of it, or of a child of it, is out.
    bool has_call_out(Place place) const;
    /// It was published, and its reply did not come yet.
    bool awaits_reply(Place place, Phase phase) const;
    bool has_call_out() const;

    /// A call was sent: which way the saga, and those above it, are on.
    void note_way(const CallName& call);
    /// A call was sent: what had to be settled before it was durable by then.
    void rely_on_predecessors(const CallName& call);

 private:
    std::optional<std::int64_t> ready_since(
        std::size_t step, const std::vector<std::optional<std::int64_t>>& well) const;
    std::optional<std::int64_t> ended_well(Place place, std::optional<std::int64_t> ready) const;
    std::optional<std::int64_t> child_ended_well(const StepPlan& plan,
                                                 const StepFacts& facts) const;
    void rely_on(std::size_t step, Phase phase);
    void rely_on_all(Phase phase);
};

}  // namespace skald::simulation::oracle
