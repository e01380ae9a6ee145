#pragma once

#include "sagas/draft.h"

/// What a `for_each` step does with its elements, forward and back; and what is asked of steps and
/// elements alike. Internal to the machine.
namespace skald::sagas {

/// Whether what comes `after` the step may start; of an element: whether it is done.
bool has_settled_well(const Step& step, const StepState& state);

/// Whether something is to be undone that nobody has begun to undo.
bool needs_undo(const Step& step, const StepState& state);

/// Of a step without elements, or of an element: whether its undoing, or what comes before it, is
/// not over.
bool is_element_open(const Step& step, const StepState& state);
/// Of a `for_each` step.
bool has_open_elements(const Step& step, const StepRun& run);

/// Evaluates the array; an error settles the step. Precondition: the step is ready.
void begin_iterating(Draft& draft, StepIndex step);

/// Starts what may start, and settles the step when all its elements have. Precondition: Iterating,
/// forward, not suspended.
void go_on_iterating(Draft& draft, StepIndex step);

/// Starts compensations, the last element's first, and settles the step when nothing is open.
/// Precondition: backward; what comes after the step is undone.
void undo_elements(Draft& draft, StepIndex step);

}  // namespace skald::sagas
