#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/clock.h"
#include "engine/mutex.h"

namespace skald::api {

/// Makes UUIDs of version 7 (RFC 9562, 5.7), each above the one before, so that the ids of sagas
/// sort by their start and their index grows at its right edge.
///
/// Threads: any.
class UuidSource {
 public:
    explicit UuidSource(const engine::Clock& clock) : clock_(clock) {}

    std::string next();

 private:
    std::uint64_t random_bits() SKALD_REQUIRES(mutex_);

    const engine::Clock& clock_;

    engine::Mutex mutex_;
    /// Milliseconds, and the counter of 12 bits.
    std::uint64_t last_ SKALD_GUARDED_BY(mutex_) = 0;
    /// Bits from the kernel, fetched in one go.
    std::array<std::uint64_t, 64> entropy_ SKALD_GUARDED_BY(mutex_) = {};
    std::size_t used_ SKALD_GUARDED_BY(mutex_) = 64;  ///< None is left.
};

/// One random UUID of version 4 (RFC 9562, 5.4).
std::string random_uuid();

}  // namespace skald::api
