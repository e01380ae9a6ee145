#pragma once

#include "sagas/machine.h"

/// What must be true of every event that a saga is told, whatever its definition and state are.
/// Breaking one of these fails the test.
namespace skald::sagas {

/// Of any transition: it owes what `owed` has more than before; an end stays, but for that of a
/// child whose parent turned; what is settled stays; a refusal changes nothing; nobody is called
/// for a step whose call is an event.
void expect_always_true(const Definition& definition, const Saga& before, const Event& event,
                        const Transition& transition, Timestamp now);

/// Of a transition of a saga that came about by events alone: its record, folded, gives its state;
/// no action is under way once it turned, and no undoing before; at most `max_parallel` elements of
/// a step are under way, and their undoing starts with the last; nothing runs before the lock is
/// held; an event is published exactly when a try that is one begins, and never while the saga is
/// suspended; what begins to wait for an event is expected.
void expect_fold(const Definition& definition, const Saga& before, const Transition& transition);

/// Whether anybody is called to undo the step.
bool is_undone_somehow(const Step& step);

/// What a late answer does not change.
Saga but_for_late_answers(Saga saga);

}  // namespace skald::sagas
