#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sagas/definition.h"
#include "sagas/machine.h"
#include "sagas/record.h"
#include "sagas/saga.h"

namespace skald::sagas {

/// A transition in the making: a saga, and beside it everything that was decided about it, so that
/// the record holds exactly what was changed. Internal to the machine.
class Draft {
 public:
    Draft(const Definition& definition, Saga saga, Timestamp now);

    const Definition& definition() const { return definition_; }
    const Saga& saga() const { return saga_; }
    const StepState& state(StepIndex step) const { return saga_.step(step).state; }
    Timestamp now() const { return now_; }

    /// The event counts: it will be journaled as `cause`. Before anything is decided from it.
    /// Without it, changes stay in memory.
    void accept(Cause cause);

    void set(StepIndex step, StepState state);
    void set_error(StepIndex step, std::string error);
    /// Whether a try of its action begins by this transition; then it surely has not left yet.
    bool has_begun_try(StepIndex step) const;
    /// Of a `for_each` step that begins. Before its state.
    void set_items(StepIndex step, Value items);
    void turn(Failure failure);
    void want_turn(Failure failure);
    void drop_wanted_turn();
    /// Nothing is expected any more.
    void end(End end);

    void publish(Publication publication);
    void expect(Expectation expectation);

    /// Places whose states, or what they owe, were changed so far, in order of time; one that was
    /// more than once, too.
    std::size_t touched_count() const { return touched_.size(); }
    StepIndex touched(std::size_t at) const { return touched_[at].step; }

    /// Of an operator's event.
    void refuse(RefusalCode code, std::string detail);

    Transition finish() &&;

 private:
    using Owed = std::optional<Effect>;
    struct Touched {
        StepIndex step;
        Owed before;
        bool is_begun = false;  ///< It became Calling.
    };
    void keep_owed(StepIndex step);

    const Definition& definition_;
    Saga saga_;
    Timestamp now_;
    std::optional<Record> record_;
    std::vector<Touched> touched_;  ///< In order of time; a step that was more than once, too.
    Owed deadline_before_;
    Owed lock_before_;
    std::vector<Publication> publications_;
    std::vector<Expectation> expectations_;
    std::optional<Refusal> refusal_;
};

/// What one step, or the deadline, owes; see `owed`.
std::optional<Effect> owed_by(const Definition& definition, const Saga& saga, StepIndex step);
std::optional<Effect> owed_by_deadline(const Definition& definition, const Saga& saga);
std::optional<Effect> owed_by_lock(const Saga& saga);

/// Every step of `saga`, each followed by its elements.
std::vector<StepIndex> all_places(const Saga& saga);

/// How often a compensation is tried: once, where a child undoes itself.
const RetryPolicy& undo_policy(const Step& step);

/// Whether undoing `step` means that its child undoes itself.
bool is_undone_by_child(const Step& step);

/// The attempt by which the owed effect of `state` and the answers to it go: where a child undoes
/// itself, that of the action which made the child.
std::uint32_t named_attempt(const Step& step, const StepRun& run, const Compensating& state);

/// Whether the saga can only go forward now: its pivot succeeded or was passed over.
bool is_past_pivot(const Definition& definition, const Saga& saga);

/// Whether the pivot waits in doubt: what happened to it decides which way the saga may go.
bool is_pivot_parked(const Definition& definition, const Saga& saga);

/// Whether tries are no longer journaled one by one (kQuietAfter). Those of an event always are:
/// each is written to the log.
bool is_quiet(const Step& step, Phase phase, std::uint32_t attempt);

}  // namespace skald::sagas
