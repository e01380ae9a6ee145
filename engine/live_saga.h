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

/// What a step wants of its child, and how far that has come.
struct ChildLink {
    sagas::Child wish;
    enum class State : std::uint8_t {
        Seeking,   ///< It is looked for, or its start is prepared.
        Starting,  ///< Its start is being written.
        Linked,    ///< It knows of the wish, and its end will be told.
        Ending,    ///< Its end is being written, or on its way to here.
    } state;
};

/// A saga in the coordinator's memory: from its start, or from when it was loaded, until it is
/// parked, or until its end is durable and nothing of it is out any more.
struct LiveSaga {
    store::SagaKey key;
    VersionPtr version;
    sagas::Saga saga;
    store::Labels labels;
    std::optional<store::SagaKey> parent;  ///< Of a child.
    bool is_turned_by_parent = false;      ///< A child that completed, and was turned then.
    std::uint32_t next_seq = 1;
    store::Summary summary;  ///< As last written.
    /// Where in the batch that gathers its summary stands, so that a newer one replaces it there.
    std::optional<std::size_t> summary_slot;
    std::uint64_t summary_batch = 0;
    std::vector<OpenCall> calls;  ///< Until their answer is applied.
    /// Tries that fell due while it was suspended, and surely did not leave.
    std::vector<sagas::Call> unsent;
    std::vector<ChildLink> links;      ///< Of steps that wait for a child.
    std::vector<sagas::WakeStep> far;  ///< Timers that were armed for more than kParkBeyond.
    std::uint64_t last_batch = 0;      ///< The batch that holds its last row.
    std::uint64_t last_effects = 0;    ///< The batch that holds its last effects.
    bool is_end_told = false;
    bool is_stuck_told = false;

    /// It has waited for long, or may: each of its rows asks whether it can be parked.
    bool waits_long = false;
    bool is_in_idle_queue = false;
    sagas::Timestamp idle_until{};  ///< While it is there: not to be parked before.
    std::uint64_t park_batch = 0;   ///< The batch that parks it; 0: none.
    std::size_t park_slot = 0;      ///< Where in Batch::parks.

    const sagas::Definition& definition() const { return version->definition; }
    /// Null: that try is not out.
    OpenCall* find_call(sagas::StepIndex step, sagas::Phase phase, std::uint32_t attempt);
    /// The link of the call that `wish` is about, whatever is wished of it now. Null: none.
    ChildLink* find_link(const sagas::Child& wish);
    const ChildLink* find_link(const sagas::Child& wish) const;
};

/// What search needs to know of `live` now, where that isn't what was last written.
std::optional<store::Summary> changed_summary(const LiveSaga& live);

}  // namespace skald::engine
