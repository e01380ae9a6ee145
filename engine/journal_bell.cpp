#include "engine/journal_bell.h"

#include <utility>

namespace skald::engine {

JournalBell::Listener::~Listener() {
    const MutexLock lock(bell_.mutex_);
    bell_.waiting_.erase(this);
}

void JournalBell::Listener::when_beyond(store::Position heard, std::function<void()> ready) {
    {
        const MutexLock lock(bell_.mutex_);
        if (bell_.last_ <= heard) {
            bell_.waiting_[this] = std::move(ready);
            return;
        }
        bell_.waiting_.erase(this);
    }
    ready();
}

void JournalBell::ring(store::Position last) {
    std::unordered_map<const Listener*, std::function<void()>> due;
    {
        const MutexLock lock(mutex_);
        if (last <= last_) return;
        last_ = last;
        due.swap(waiting_);
    }
    for (const auto& [listener, ready] : due) ready();
}

store::Position JournalBell::last() const {
    const MutexLock lock(mutex_);
    return last_;
}

}  // namespace skald::engine
