#pragma once

#include <optional>
#include <string>

#include "sagas/answer.h"
#include "sagas/definition.h"
#include "sagas/expression.h"
#include "sagas/request.h"
#include "sagas/saga.h"

namespace skald::sagas {

/// What the expressions of one saga see. Borrows all that it is made from.
class SagaScope : public Scope {
 public:
    SagaScope(const Definition& definition, const Saga& saga)
        : definition_(definition), saga_(saga) {}

    /// Adds `$key`, in a compensation `$output`, `$action_key` and `$failure`, and of an element
    /// `$item` and `$index`.
    SagaScope& in(StepIndex step, Phase phase);
    /// Adds `$response`.
    SagaScope& with(const Reply& reply);
    /// Adds `$secrets`.
    SagaScope& with(const Secrets& secrets);

    /// A step that settled well without an output (skipped, optional) has the output null; the own
    /// output of a step that is being compensated may be missing.
    Found find(const Root& root) const override;

 private:
    Found find_own(RootKind kind) const;
    Found find_item(RootKind kind) const;
    Found find_response(const Root& root) const;
    Found find_secret(const std::string& name) const;

    const Definition& definition_;
    const Saga& saga_;
    std::optional<StepIndex> step_;
    Phase phase_ = Phase::Action;
    const Reply* reply_ = nullptr;
    const Secrets* secrets_ = nullptr;
};

}  // namespace skald::sagas
