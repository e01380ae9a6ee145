#include "api/http/connections.h"

#include <sys/socket.h>

#include <utility>

namespace skald::api::http {

using engine::MutexLock;

Connections::Member::Member(Connections& all, int socket, Poller::Id id)
    : all_(all), socket_(socket), id_(id), since_(Clock::now().time_since_epoch().count()) {
    const MutexLock lock(all_.mutex_);
    place_ = all_.members_.insert(all_.members_.end(), this);
    if (all_.is_closing_) {
        ::shutdown(socket_, SHUT_RDWR);
    } else if (all_.is_stopping()) {
        all_.evict(*this, Phase::Fresh);
    }
}

Connections::Member::~Member() {
    if (phase_.load() == Phase::Idle) begin_work();
    give_back_memory();
    const MutexLock lock(all_.mutex_);
    all_.members_.erase(place_);
    if (all_.members_.empty()) all_.emptied_.notify_all();
}

bool Connections::Member::begin_idle() {
    if (is_leaving() || all_.is_stopping()) return false;
    since_.store(Clock::now().time_since_epoch().count());
    // Counted first, so that who evicts it can't count it off before.
    const std::size_t idle = all_.idle_.fetch_add(1) + 1;
    phase_.store(Phase::Idle);
    // Once more: begin_stop may have looked just before the phase changed.
    if (all_.is_stopping()) return false;
    if (idle + all_.waiting_.load() > all_.limits_.waiting) {
        const MutexLock lock(all_.mutex_);
        all_.evict_oldest(Phase::Idle, Clock::time_point::max());
    }
    return true;
}

void Connections::Member::begin_work() {
    Phase before = phase_.load();
    while (before != Phase::Leaving && !phase_.compare_exchange_weak(before, Phase::Working)) {
    }
    if (before == Phase::Idle) all_.idle_.fetch_sub(1);
}

void Connections::Member::begin_receiving() {
    if (phase_.load() != Phase::Working) return;
    since_.store(Clock::now().time_since_epoch().count());
    Phase working = Phase::Working;
    phase_.compare_exchange_strong(working, Phase::Receiving);
}

bool Connections::Member::take_memory(std::size_t bytes) {
    if (all_.bytes_.fetch_add(bytes) + bytes > kBytesMax) {
        all_.bytes_.fetch_sub(bytes);
        return false;
    }
    bytes_ += bytes;
    return true;
}

void Connections::Member::give_back_memory() { all_.bytes_.fetch_sub(std::exchange(bytes_, 0)); }

bool Connections::Member::begin_waiting() {
    if (is_leaving()) return false;
    const std::size_t waiting = all_.waiting_.fetch_add(1) + 1;
    if (waiting > all_.limits_.waiting) {
        all_.waiting_.fetch_sub(1);
        return false;
    }
    Phase working = Phase::Working;
    phase_.compare_exchange_strong(working, Phase::Waiting);
    if (all_.is_stopping()) {
        end_waiting();
        return false;
    }
    if (waiting + all_.idle_.load() > all_.limits_.waiting) {
        const MutexLock lock(all_.mutex_);
        all_.evict_oldest(Phase::Idle, Clock::time_point::max());
    }
    return true;
}

void Connections::Member::end_waiting() {
    Phase waiting = Phase::Waiting;
    phase_.compare_exchange_strong(waiting, Phase::Working);
    all_.waiting_.fetch_sub(1);
}

bool Connections::Member::begin_streaming() {
    if (all_.streams_.fetch_add(1) < all_.limits_.streams && begin_waiting()) return true;
    all_.streams_.fetch_sub(1);
    return false;
}

void Connections::Member::end_streaming() {
    end_waiting();
    all_.streams_.fetch_sub(1);
}

bool Connections::Member::is_leaving() const { return phase_.load() == Phase::Leaving; }

bool Connections::make_place() {
    const MutexLock lock(mutex_);
    if (members_.size() < limits_.connections) return true;
    if (members_.size() > limits_.connections + limits_.connections / 16) return false;
    const auto late = Clock::now() - kSlowTime;
    return evict_oldest(Phase::Idle, Clock::time_point::max()) ||
           evict_oldest(Phase::Fresh, late) || evict_oldest(Phase::Receiving, late);
}

void Connections::begin_stop() {
    is_stopping_.store(true);
    const MutexLock lock(mutex_);
    for (Member* member : members_) {
        if (evict(*member, Phase::Idle) || evict(*member, Phase::Fresh)) continue;
        if (member->phase_.load() == Phase::Waiting) poller_.signal(member->id_);
    }
}

void Connections::close_all() {
    const MutexLock lock(mutex_);
    is_closing_ = true;
    for (Member* member : members_) ::shutdown(member->socket_, SHUT_RDWR);
    poller_.end_signals();
}

void Connections::wait_until_empty(std::chrono::steady_clock::time_point until) {
    const MutexLock lock(mutex_);
    while (!members_.empty()) {
        if (emptied_.wait_until(mutex_, until) == engine::ConditionVariable::Woken::TimedOut) {
            return;
        }
    }
}

bool Connections::evict_oldest(Phase phase, Clock::time_point since_max) {
    for (;;) {
        Member* oldest = nullptr;
        for (Member* member : members_) {
            if (member->phase_.load() != phase) continue;
            if (Clock::time_point(Clock::duration(member->since_.load())) > since_max) continue;
            if (!oldest || member->since_.load() < oldest->since_.load()) oldest = member;
        }
        if (!oldest) return false;
        if (evict(*oldest, phase)) return true;
    }
}

bool Connections::evict(Member& member, Phase expected) {
    if (!member.phase_.compare_exchange_strong(expected, Phase::Leaving)) return false;
    if (expected == Phase::Idle) idle_.fetch_sub(1);
    // What has arrived already can still be read.
    ::shutdown(member.socket_, SHUT_RD);
    return true;
}

}  // namespace skald::api::http
