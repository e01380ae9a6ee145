#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/outside/participant_server.h"

namespace skald::benchmark {

using EventClock = std::chrono::steady_clock;

/// What each event of Kind::Delivering carries in its data, as `stamp`: its number, from 0 on, and
/// when it was to be published.
struct EventStamp {
    std::uint64_t number = 0;
    EventClock::time_point at;
};
/// "NUMBER/NANOSECONDS", in digits of a fixed number.
std::string stamp_text(const EventStamp& stamp);
/// Throws std::runtime_error where it is none.
EventStamp read_stamp(std::string_view text);

/// What one subscriber was given. Threads: any.
class Deliveries {
 public:
    struct Sample {
        EventClock::time_point published_at;
        EventClock::time_point delivered_at;
    };

    void note(const std::vector<std::string_view>& stamps, EventClock::time_point now);

    std::uint64_t events() const { return events_; }  ///< Each counts once.
    std::uint64_t repeats() const;
    std::vector<Sample> samples() const;  ///< Of the first delivery of each.

 private:
    mutable std::mutex mutex_;
    std::vector<bool> seen_;  ///< By number.
    std::vector<Sample> samples_;
    std::uint64_t repeats_ = 0;
    std::atomic<std::uint64_t> events_ = 0;
};

/// The two subscribers of Kind::Delivering to the topic `bench`: an epoll server on a thread that
/// events are pushed to, and threads that fetch and acknowledge.
///
/// Threads: one makes and ends it; the deliveries: any.
class EventSubscribers {
 public:
    /// Subscribes both. Throws std::runtime_error.
    explicit EventSubscribers(std::uint16_t port);
    ~EventSubscribers();
    EventSubscribers(const EventSubscribers&) = delete;
    EventSubscribers& operator=(const EventSubscribers&) = delete;

    const Deliveries& pushed() const { return pushed_; }
    const Deliveries& pulled() const { return pulled_; }
    /// That both have.
    std::uint64_t delivered() const;

    /// For skald's environment, before it starts.
    static void provide_secret();

 private:
    void serve_pushes();
    void pull(const std::stop_token& stop, std::uint16_t port);

    Deliveries pushed_;
    Deliveries pulled_;
    outside::ParticipantServer server_{1};
    std::vector<std::jthread> threads_;
};

}  // namespace skald::benchmark
