#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "engine/mutex.h"

namespace skald::engine {

/// Only a guard against a test that would hang; no test waits for it to pass.
inline constexpr std::chrono::seconds kGuard{60};

/// What other threads hand in, for a test that waits until enough came. Threads: free.
template <typename Item>
class Collected {
 public:
    void add(Item item) SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        items_.push_back(std::move(item));
        changed_.notify_all();
    }

    /// All items, once there are `count` at least.
    std::vector<Item> wait_for(std::size_t count) SKALD_EXCLUDES(mutex_) {
        const auto until = std::chrono::steady_clock::now() + kGuard;
        const MutexLock lock(mutex_);
        while (items_.size() < count) {
            if (changed_.wait_until(mutex_, until) == ConditionVariable::Woken::TimedOut) {
                ADD_FAILURE() << "only " << items_.size() << " of " << count << " came";
                break;
            }
        }
        return items_;
    }

    std::size_t size() const SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        return items_.size();
    }

 private:
    mutable Mutex mutex_;
    ConditionVariable changed_;
    std::vector<Item> items_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::engine
