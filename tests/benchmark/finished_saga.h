#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sagas/machine.h"

namespace skald::benchmark {

/// A saga that has ended, with the journal that led there.
struct FinishedSaga {
    sagas::Saga saga;
    std::vector<sagas::Record> journal;
};

/// Runs a whole saga through the machine: each call that it owes is answered at once, with 200 and
/// {"id": …}, or, the action of `refused`, with 409. Precondition: `definition` has calls only.
FinishedSaga run_saga(const sagas::Definition& definition, std::string id,
                      sagas::Timestamp started_at, sagas::Value input,
                      std::optional<sagas::StepIndex> refused = std::nullopt);

/// The definition of that document. Throws std::runtime_error when it has errors.
std::shared_ptr<const sagas::Definition> checked_definition(const std::string& json);

}  // namespace skald::benchmark
