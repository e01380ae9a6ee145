#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::engine {

/// Engine time. Never goes back. Threads: free.
class Clock {
 public:
    virtual ~Clock() = default;
    virtual sagas::Timestamp now() const = 0;
};

/// What the system says; the only place that asks it. Replaced in tests.
class SystemTime {
 public:
    virtual ~SystemTime() = default;
    virtual sagas::Timestamp wall() const = 0;           ///< CLOCK_REALTIME.
    virtual sagas::Milliseconds since_boot() const = 0;  ///< CLOCK_BOOTTIME: runs on in suspend.
};
const SystemTime& system_time();

/// For waits inside this process and for measuring how long something took (CLOCK_MONOTONIC). Never
/// stored, and no part of a saga's time.
using Instant = std::chrono::steady_clock::time_point;
Instant steady_now();

enum class AcceptClock : std::uint8_t { No, Yes };

/// A clock that starts at the later of the wall clock and `last` (the last journaled time), then
/// runs with CLOCK_BOOTTIME. It follows the wall by less than 1 s at once; a larger jump is
/// followed only after it has stood for 60 s, with a warning: one NTP step must not expire every
/// deadline. It never goes back: while it is ahead of the wall, it stands still (by less than 1 s)
/// or goes at half speed. `system` must outlive it.
///
/// Errors: Unavailable, when `last` is more than 1 h ahead of the wall and `accept` is No; the
/// message says both times and names --accept-clock.
sagas::Result<std::unique_ptr<Clock>> make_engine_clock(const SystemTime& system,
                                                        std::optional<sagas::Timestamp> last,
                                                        AcceptClock accept);

}  // namespace skald::engine
