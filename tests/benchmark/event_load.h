#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/benchmark/event_subscribers.h"

namespace skald::benchmark {

struct EventLoadOptions {
    std::uint16_t port = 0;
    std::size_t publishers = 1;
    std::size_t batch = 1;
    /// An open loop: a batch is due at its time, whatever became of those before it. 0: a closed
    /// loop, a batch as soon as the one before is acknowledged.
    std::uint64_t per_second = 0;
    /// Of a closed loop: so many events may be published that are not delivered yet.
    std::uint64_t ahead = 5'000;
    std::chrono::milliseconds warm_up{0};
    std::chrono::milliseconds measured{0};
    std::function<std::uint64_t()> delivered;  ///< Events that all subscribers have.
    std::function<void()> on_measuring;
    std::function<void()> on_measured;
};

struct EventLoadResult {
    EventClock::time_point measuring_at, measured_at;
    std::uint64_t published = 0;  ///< Acknowledged, ever.
    std::uint64_t missing = 0;    ///< Of those: not delivered a while after the last one.
    std::uint64_t errors = 0;
    std::uint64_t busy = 0;  ///< 503; sent again a little later.
    std::string first_error;
    /// Of the answers in the measured time, from when the batch was due.
    std::vector<std::uint32_t> posted_us;
};

/// The body of a POST: events in many subjects, numbered from `first`, due at `at`.
std::string event_batch(std::uint64_t first, std::size_t batch, EventClock::time_point at);

/// Publishes to the topic `bench` and waits until all is delivered.
EventLoadResult run_event_load(const EventLoadOptions& options);

}  // namespace skald::benchmark
