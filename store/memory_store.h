#pragma once

#include <memory>

#include "store/store.h"

namespace skald::store {

/// A store that keeps everything in memory, complete but for durability: for tests, and as the
/// readable meaning of the interface.
std::unique_ptr<Store> make_memory_store(Retention retention = {}, EventRules events = {});

}  // namespace skald::store
