#pragma once

#include <functional>
#include <memory>

#include "engine/coordinator.h"
#include "engine/loop.h"
#include "engine/telemetry.h"

namespace skald::engine {

/// The thread that owns the store's Writer: writes the batch that it is given, and keeps house
/// (Writer::maintain) between batches, in slices, with the loop's `done` posted first so that
/// nobody waits for the housekeeping. `clock` tells retention the time; `telemetry` hears of each
/// commit on the loop's thread. When housekeeping fails with Corruption, `fatal` is called, once
/// and on the writer's own thread.
///
/// Destroying it finishes the batch in hand and joins.
std::unique_ptr<Committer> make_writer_thread(store::Writer& writer, Loop& loop, const Clock& clock,
                                              Telemetry& telemetry,
                                              std::function<void(const sagas::Error&)> fatal);

}  // namespace skald::engine
