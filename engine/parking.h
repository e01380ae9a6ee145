#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "engine/live_saga.h"
#include "sagas/time.h"

namespace skald::engine {

/// A wait that ends sooner is spent in memory.
inline constexpr sagas::Milliseconds kParkBeyond = std::chrono::seconds{30};
/// How long a saga that waits for somebody who mostly comes soon stays in memory.
inline constexpr sagas::Milliseconds kIdleFor = std::chrono::seconds{30};

/// Whether a saga may leave memory, and when it must be back.
struct ParkPlan {
    enum class When : std::uint8_t {  // The later ones win.
        AtOnce,                       ///< It waits for a time, or for an operator.
        WhenIdle,                     ///< It waits for a callback, a child or a lock too.
        Never,  ///< Something of it is out, or is due soon, or is known in memory only.
    } when;
    std::optional<sagas::Timestamp> wake_at;  ///< None: only when somebody asks for it.
};

/// Precondition: all that happened to `live` is durable, and performed.
ParkPlan plan_parking(const LiveSaga& live, sagas::Timestamp now);

}  // namespace skald::engine
