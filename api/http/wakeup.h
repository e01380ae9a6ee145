#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "engine/mutex.h"

namespace skald::api::http {

/// What the thread of one connection sleeps on while an answer is being made elsewhere; used for
/// one answer after another.
///
/// Threads: `begin` and `wait` by the connection's; all else by any. Ownership: shared, for what
/// `begin` gave may be called when the connection is long gone.
class Wakeup : public std::enable_shared_from_this<Wakeup> {
 public:
    /// Begins a new wait. The function ends it (and no other one), whenever it is called.
    std::function<void()> begin();

    enum class Woken : std::uint8_t { Ended, TimedOut };
    /// Until the wait is ended, or `until`. After the latter it may be called again.
    Woken wait(std::chrono::steady_clock::time_point until);

    /// Ends the present wait.
    void end();
    /// Ends the present wait and all that may follow.
    void close();

 private:
    void end_if(std::uint64_t number);

    engine::Mutex mutex_;
    engine::ConditionVariable ended_;
    std::uint64_t number_ SKALD_GUARDED_BY(mutex_) = 0;
    bool is_ended_ SKALD_GUARDED_BY(mutex_) = false;
    bool is_closed_ SKALD_GUARDED_BY(mutex_) = false;
};

}  // namespace skald::api::http
