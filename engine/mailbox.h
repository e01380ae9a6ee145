#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "engine/commands.h"
#include "engine/mutex.h"

namespace skald::engine {

/// The commands that wait for the coordinator: the one thing that it shares with other threads.
///
/// Threads: any.
class Mailbox {
 public:
    explicit Mailbox(std::size_t capacity) : capacity_(capacity) {}

    enum class Put : std::uint8_t { First, Behind, Full };

    /// Takes `command`, unless it is Full. First: nothing waited, so the coordinator must be woken.
    Put put(Command& command) SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        if (commands_.size() >= capacity_) return Put::Full;
        commands_.push_back(std::move(command));
        return commands_.size() == 1 ? Put::First : Put::Behind;
    }

    /// Moves all to `to`, which must be empty, and whose memory is used for what comes.
    void take_all(std::deque<Command>& to) SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        to.swap(commands_);
    }

    std::size_t depth() const SKALD_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        return commands_.size();
    }

 private:
    const std::size_t capacity_;
    mutable Mutex mutex_;
    std::deque<Command> commands_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::engine
