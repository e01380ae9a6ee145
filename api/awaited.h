#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "engine/mutex.h"

namespace skald::api {

/// A value that one thread gives, once, and another waits for.
///
/// Threads: any. Ownership: shared (std::shared_ptr) by the thread that gives and the one that
/// waits, for either may go first.
template <typename T>
class Awaited {
 public:
    /// Gives the value and wakes who waits. A second value is ignored.
    void set(T value) {
        std::function<void()> ready;
        {
            const engine::MutexLock lock(mutex_);
            if (value_) return;
            value_.emplace(std::move(value));
            ready.swap(ready_);
        }
        if (ready) ready();
    }

    /// Calls `ready` once the value is there: now, on this thread, when it is already, else on the
    /// thread that gives it. Replaces what waited before.
    void when_set(std::function<void()> ready) {
        {
            const engine::MutexLock lock(mutex_);
            if (!value_) {
                ready_ = std::move(ready);
                return;
            }
        }
        ready();
    }

    /// The value, which never changes again; null: not there yet.
    const T* get() const {
        const engine::MutexLock lock(mutex_);
        return value_ ? &*value_ : nullptr;
    }

 private:
    mutable engine::Mutex mutex_;
    std::optional<T> value_ SKALD_GUARDED_BY(mutex_);
    std::function<void()> ready_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::api
