#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sagas/saga.h"

namespace skald::engine {

/// What the engine tells of itself as it goes; `api/metrics` makes Prometheus counters of it.
///
/// Threads: called on the loop's thread only. Implementations are quick and never throw.
class Telemetry {
 public:
    virtual ~Telemetry() = default;
    virtual void saga_started(std::string_view definition) = 0;
    /// A child that completed, and is undone by its parent later, ends twice.
    virtual void saga_ended(std::string_view definition, sagas::Status status) = 0;
    virtual void attempt_ended(std::string_view definition, std::string_view step,
                               sagas::Phase phase, sagas::Outcome outcome, double seconds) = 0;
    virtual void committed(std::size_t rows, double seconds) = 0;
    virtual void timer_fired(double lag_seconds) = 0;
    /// To `topic`, by one commit: so many, of which some were there before.
    virtual void events_published(std::string_view /*topic*/, std::size_t /*all*/,
                                  std::size_t /*repeated*/) {}
    /// An event reached a step that waits, or waited, for it.
    virtual void event_hit() {}
    /// An attempt to deliver an event to a subscriber has ended; of one that failed for the last
    /// time, Dead.
    enum class Delivery : std::uint8_t { Delivered, Failed, Dead };
    virtual void event_delivered(std::string_view /*subscription*/, Delivery /*outcome*/) {}
    /// Events that the log let go before they were delivered.
    virtual void events_missed(std::string_view /*subscription*/, std::uint64_t /*count*/) {}
};

}  // namespace skald::engine
