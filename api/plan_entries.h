#pragma once

#include "api/document.h"
#include "api/saga_surroundings.h"
#include "sagas/definition.h"
#include "sagas/saga.h"

namespace skald::api {

/// Makes the entries of a plan (plan_view.h): each of one call, event, child or wait, as `saga` has
/// it. Borrows all that it is made from.
class PlanEntries {
 public:
    PlanEntries(const sagas::Definition& definition, const sagas::Saga& saga,
                const SagaSurroundings& around)
        : definition_(definition), saga_(saga), around_(around) {}

    /// Of what `phase` of a step or element does. `state`: as it is shown.
    Document entry(sagas::StepIndex place, sagas::Phase phase, const sagas::StepState& state) const;
    /// Of a child that is to undo what it did.
    Document turn_of_child(sagas::StepIndex place, const sagas::StepState& state) const;
    /// Of a `for_each` step whose elements are not known yet.
    Document all_elements(sagas::StepIndex step) const;

 private:
    Document begin(sagas::StepIndex place, const sagas::StepState& state) const;
    void set_wait(Document& entry, sagas::StepIndex place, const sagas::Wait& wait) const;
    void set_event(Document& entry, sagas::StepIndex place, sagas::Phase phase,
                   const sagas::EventCall& call) const;
    void set_child(Document& entry, sagas::StepIndex place, sagas::Phase phase,
                   const sagas::ChildSaga& called) const;
    void set_call(Document& entry, sagas::StepIndex place, sagas::Phase phase,
                  const sagas::HttpCall& call) const;

    const sagas::Definition& definition_;
    const sagas::Saga& saga_;
    const SagaSurroundings& around_;
};

}  // namespace skald::api
