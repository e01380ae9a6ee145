#pragma once

#include <functional>
#include <unordered_map>

#include "engine/mutex.h"
#include "store/store.h"

namespace skald::engine {

/// Rings when the journal has grown, for those who follow it.
///
/// It only says that there is more: who hears it reads the store, when it suits him. So a ring
/// costs the ringer a lock, and a call for each listener that waits just then.
///
/// Threads: any.
class JournalBell {
 public:
    /// One follower's ear. Threads: one at a time. Ownership: borrows the bell.
    class Listener {
     public:
        explicit Listener(JournalBell& bell) : bell_(bell) {}
        /// Ends the wait; but a `ready` that the ringer has taken out already may still be called.
        ~Listener();
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;

        /// Calls `ready` once, when the journal has grown beyond `heard`, a value of `last()`: at
        /// once, on this thread, if it has; else on the thread that rings. Replaces what waited.
        void when_beyond(store::Position heard, std::function<void()> ready);

     private:
        JournalBell& bell_;
    };

    /// Rows up to `last` are durable and can be read. Wakes whoever waits, unless that was known.
    void ring(store::Position last);

    /// Of the last ring; 0: it was never rung (the journal may hold rows of earlier processes).
    store::Position last() const;

 private:
    mutable Mutex mutex_;
    store::Position last_ SKALD_GUARDED_BY(mutex_){0};
    std::unordered_map<const Listener*, std::function<void()>> waiting_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::engine
