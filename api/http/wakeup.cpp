#include "api/http/wakeup.h"

namespace skald::api::http {

std::function<void()> Wakeup::begin() {
    const engine::MutexLock lock(mutex_);
    is_ended_ = false;
    ++number_;
    return [self = shared_from_this(), number = number_] { self->end_if(number); };
}

Wakeup::Woken Wakeup::wait(std::chrono::steady_clock::time_point until) {
    const engine::MutexLock lock(mutex_);
    while (!is_ended_ && !is_closed_) {
        if (ended_.wait_until(mutex_, until) == engine::ConditionVariable::Woken::TimedOut) {
            return Woken::TimedOut;
        }
    }
    return Woken::Ended;
}

void Wakeup::end_if(std::uint64_t number) {
    {
        const engine::MutexLock lock(mutex_);
        if (number != number_ || is_ended_) return;
        is_ended_ = true;
    }
    ended_.notify_one();
}

void Wakeup::end() {
    {
        const engine::MutexLock lock(mutex_);
        is_ended_ = true;
    }
    ended_.notify_one();
}

void Wakeup::close() {
    {
        const engine::MutexLock lock(mutex_);
        is_closed_ = true;
    }
    ended_.notify_one();
}

}  // namespace skald::api::http
