#pragma once

#include <string>

#include "sagas/record.h"
#include "sagas/saga.h"

/// The only functions that change a saga. `fold` plays a record with them; the machine decides with
/// the same ones, so that the state which it hands out is the fold of what it journals.
namespace skald::sagas {

/// What `cause` alone says: outputs, errors, times, who asked. First of all, for each record.
void absorb(Saga& saga, const Cause& cause, Timestamp at);

void set_error(StepRun& run, std::string error, Timestamp at);

/// Gives `step` a new state, and what follows from it: try counts and times.
void assign(Saga& saga, StepIndex step, const StepState& state, Timestamp at);

/// Gives a `for_each` step its elements, each pending.
void begin_elements(Saga& saga, StepIndex step, Value items);

/// Changes direction; states of steps are not touched.
void turn(Saga& saga, Failure failure);

}  // namespace skald::sagas
