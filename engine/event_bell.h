#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/mutex.h"

namespace skald::engine {

/// Rings when a topic of the event log has grown, for those who follow it.
///
/// As with JournalBell it only says that there may be more: who hears it reads the store. Topics
/// share counters where their names' hashes do, so that the bell needs no memory of each; somebody
/// who hears the ring of another one reads in vain.
///
/// Threads: any.
class EventBell {
 public:
    /// One follower's ear. Threads: one at a time. Ownership: borrows the bell.
    class Listener {
     public:
        Listener(EventBell& bell, std::string_view topic) : bell_(bell), place_(place_of(topic)) {}
        /// Ends the wait; but a `ready` that the ringer has taken out already may still be called.
        ~Listener();
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;

        /// Of its topic, as EventBell::rings.
        std::uint64_t rings() const;
        /// Calls `ready` once, when the topic was rung more often than `heard` times: at once, on
        /// this thread, if it was; else on the thread that rings. Replaces what waited. Take
        /// `heard` *before* reading the store, so that nothing is missed.
        void when_rung(std::uint64_t heard, std::function<void()> ready);

     private:
        friend class EventBell;
        EventBell& bell_;
        const std::size_t place_;
    };

    /// New events of `topic` are durable and can be read. Wakes whoever waits.
    void ring(std::string_view topic);

    /// How often `topic` was rung, at least.
    std::uint64_t rings(std::string_view topic) const;

 private:
    static constexpr std::size_t kPlaces = 1'024;
    static std::size_t place_of(std::string_view topic);
    void forget(const Listener& listener) SKALD_REQUIRES(mutex_);

    mutable Mutex mutex_;
    std::array<std::uint64_t, kPlaces> rings_ SKALD_GUARDED_BY(mutex_){};
    std::unordered_multimap<std::size_t, std::pair<const Listener*, std::function<void()>>> waiting_
        SKALD_GUARDED_BY(mutex_);  ///< By place; one entry a listener at most.
};

}  // namespace skald::engine
