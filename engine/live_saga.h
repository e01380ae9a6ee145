#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/caller.h"
#include "engine/catalog.h"
#include "sagas/machine.h"
#include "sagas/saga.h"
#include "store/store.h"

namespace skald::engine {

/// A try that is with the caller.
struct OpenCall {
    CallId id;
    sagas::StepIndex step;
    sagas::Phase phase;
    std::uint32_t attempt;
    sagas::Timestamp since;
    bool is_held_back = false;  ///< Asked back by a suspension, if it has not left yet.
};

/// A saga in the coordinator's memory: from its start until its end is durable and nothing of it is
/// out any more.
struct LiveSaga {
    store::SagaKey key;
    VersionPtr version;
    sagas::Saga saga;
    store::Labels labels;
    std::uint32_t next_seq = 1;
    store::Summary summary;  ///< As last written.
    /// Where in the batch that gathers its summary stands, so that a newer one replaces it there.
    std::optional<std::size_t> summary_slot;
    std::uint64_t summary_batch = 0;
    std::vector<OpenCall> calls;  ///< Until their answer is applied.
    /// Tries that fell due while it was suspended, and surely did not leave.
    std::vector<sagas::Call> unsent;
    std::uint64_t last_batch = 0;  ///< The batch that holds its last row.
    bool is_end_told = false;

    const sagas::Definition& definition() const { return version->definition; }
    /// Null: that try is not out.
    OpenCall* find_call(sagas::StepIndex step, sagas::Phase phase, std::uint32_t attempt);
};

/// What search needs to know of `live` now, where that isn't what was last written.
std::optional<store::Summary> changed_summary(const LiveSaga& live);

}  // namespace skald::engine
