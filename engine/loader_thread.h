#pragma once

#include <cstddef>
#include <memory>

#include "engine/catalog.h"
#include "engine/loader.h"
#include "engine/loop.h"
#include "store/store.h"

namespace skald::engine {

/// Reads that may wait for the loader's thread.
inline constexpr std::size_t kReadsMax = 16'384;

/// The thread that reads for the coordinator, one thing after the other. One more than `reads_max`
/// that wait is answered Unavailable. It borrows all.
///
/// Destroying it ends the read in hand, drops those that wait, and joins.
std::unique_ptr<Loader> make_loader_thread(const store::Reader& reader, Catalog& catalog,
                                           const EventLog& events, const TriggerStarts& starts,
                                           Loop& loop, std::size_t reads_max = kReadsMax);

}  // namespace skald::engine
