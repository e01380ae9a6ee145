#include "api/http/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <set>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "api/http/descriptor.h"
#include "engine/mutex.h"
#include "sagas/check.h"

namespace skald::api::http {
namespace {

using engine::MutexLock;
using SteadyClock = std::chrono::steady_clock;

/// What the kernel says of our own two descriptors; waiters have higher numbers.
constexpr Poller::Id kPoke = 0;
constexpr Poller::Id kAlarm = 1;
constexpr Poller::Id kFirst = 2;
/// Taken from the kernel at once.
constexpr std::size_t kEventsMax = 16;

int checked(int descriptor, const char* what) {
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
    return descriptor;
}

}  // namespace

struct Poller::Room {
    Room() {
        // Edge-triggered: each write, and each end of the time, wakes one thread.
        watch(EPOLL_CTL_ADD, poke_.number(), EPOLLIN | EPOLLET, kPoke);
        watch(EPOLL_CTL_ADD, alarm_.number(), EPOLLIN | EPOLLET, kAlarm);
    }

    void add(Id id, std::unique_ptr<Waiter> waiter, int socket, Wait wait) {
        const MutexLock lock(mutex_);
        SKALD_CHECK(!places_.contains(id));
        Place& place = places_[id];
        place.socket = socket;
        park(id, place, std::move(waiter), wait);
    }

    std::uint64_t begin_signal(Id id) {
        const MutexLock lock(mutex_);
        Place& place = places_.at(id);
        place.is_signalled = false;
        return ++place.signal_number;
    }

    /// `number`: the signal's; 0: whichever is waited for.
    void signal(Id id, std::uint64_t number) {
        const MutexLock lock(mutex_);
        const auto found = places_.find(id);
        if (found == places_.end()) return;
        Place& place = found->second;
        if (number != 0 && number != place.signal_number) return;
        place.is_signalled = true;
        if (place.waits_for != Wait::For::Signal) return;
        end_wait(id, place);
        poke();
    }

    bool was_signalled(Id id) const {
        const MutexLock lock(mutex_);
        return places_.at(id).is_signalled;
    }

    void end_signals() {
        const MutexLock lock(mutex_);
        are_signals_over_ = true;
        for (auto& [id, place] : places_) {
            if (place.waits_for == Wait::For::Signal) end_wait(id, place);
        }
        poke();
    }

    std::optional<Work> take(std::chrono::milliseconds time) {
        const Deadline until = SteadyClock::now() + time;
        mutex_.lock();
        while (ready_.empty() && !is_stopped_) {
            ++sleeping_;
            mutex_.unlock();
            const Told told = await_events(until);
            mutex_.lock();
            --sleeping_;
            take_in(told);
            if (told.count == 0 && ready_.empty()) break;
        }
        std::optional<Work> work;
        if (!ready_.empty() && !is_stopped_) {
            const Id id = ready_.front();
            ready_.pop_front();
            work.emplace(Work{id, std::move(places_.at(id).waiter), sleeping_ == 0});
            if (!ready_.empty()) poke();
        }
        mutex_.unlock();
        return work;
    }

    void give_back(Work work, std::optional<Wait> wait) {
        const MutexLock lock(mutex_);
        if (wait) {
            park(work.id, places_.at(work.id), std::move(work.waiter), *wait);
        } else {
            places_.erase(work.id);
        }
    }

    void stop() {
        const MutexLock lock(mutex_);
        is_stopped_ = true;
        // Level-triggered from now on: it wakes all, and for good.
        watch(EPOLL_CTL_MOD, poke_.number(), EPOLLIN, kPoke);
        ::eventfd_write(poke_.number(), 1);
    }

    bool is_stopped() const {
        const MutexLock lock(mutex_);
        return is_stopped_;
    }

    bool is_awaited() const {
        const MutexLock lock(mutex_);
        return sleeping_ > 0;
    }

    Id next_id() {
        const MutexLock lock(mutex_);
        return ++last_id_;
    }

    /// All that waits is over.
    void clear() {
        std::unordered_map<Id, Place> places;  // Destroyed without the mutex.
        const MutexLock lock(mutex_);
        places.swap(places_);
        ready_.clear();
        timers_.clear();
    }

 private:
    using Timers = std::set<std::pair<Deadline, Id>>;

    struct Place {
        std::unique_ptr<Waiter> waiter;      ///< Null while a thread has it.
        std::optional<Wait::For> waits_for;  ///< None: it is ready, or with a thread.
        Deadline until{};
        int socket = -1;
        bool is_watched = false;  ///< The kernel knows the socket.
        bool is_signalled = false;
        std::uint64_t signal_number = 0;
    };

    void park(Id id, Place& place, std::unique_ptr<Waiter> waiter, Wait wait)
        SKALD_REQUIRES(mutex_) {
        place.waiter = std::move(waiter);
        place.waits_for = wait.what;
        place.until = wait.until;
        timers_.emplace(wait.until, id);
        if (wait.what == Wait::For::Signal) {
            if (place.is_signalled || are_signals_over_) {
                end_wait(id, place);
                return poke();
            }
        } else {
            const std::uint32_t events =
                wait.what == Wait::For::Bytes ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
            // Once: whoever is told of it has it alone.
            const int how = place.is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
            // Where the system watches no more, the end of its time is all that it hears.
            place.is_watched = watch(how, place.socket, events | EPOLLONESHOT, id);
        }
        set_alarm();
    }

    void end_wait(Id id, Place& place) SKALD_REQUIRES(mutex_) {
        timers_.erase({place.until, id});
        place.waits_for.reset();
        ready_.push_back(id);
    }

    /// Wakes a thread for what is ready, unless one is on its way. (What a thread finds when it
    /// wakes it takes itself, and pokes for the rest.)
    void poke() SKALD_REQUIRES(mutex_) {
        if (is_poked_ || sleeping_ == 0) return;
        is_poked_ = true;
        ::eventfd_write(poke_.number(), 1);
    }

    /// The alarm may go off for a wait that is over already, and is then set again: most end before
    /// their time, and cost no system call so.
    void set_alarm() SKALD_REQUIRES(mutex_) {
        if (timers_.empty() || timers_.begin()->first >= alarm_at_) return;
        alarm_at_ = timers_.begin()->first;
        const auto left = std::max(alarm_at_ - SteadyClock::now(), SteadyClock::duration(1));
        const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
        itimerspec time{};
        time.it_value.tv_sec = seconds.count();
        time.it_value.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
        ::timerfd_settime(alarm_.number(), 0, &time, nullptr);
    }

    void end_late() SKALD_REQUIRES(mutex_) {
        alarm_at_ = Deadline::max();
        const Deadline now = SteadyClock::now();
        while (!timers_.empty() && timers_.begin()->first <= now) {
            const Id id = timers_.begin()->second;
            end_wait(id, places_.at(id));
        }
        set_alarm();
    }

    struct Told {
        std::array<epoll_event, kEventsMax> events{};
        int count = 0;  ///< 0: nothing came; -1: a signal of the system's.
    };

    Told await_events(Deadline until) const {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now());
        const auto time = std::max(left, std::chrono::milliseconds(0));
        Told told;
        told.count = ::epoll_wait(epoll_.number(), told.events.data(), kEventsMax,
                                  static_cast<int>(time.count()));
        return told;
    }

    void take_in(const Told& told) SKALD_REQUIRES(mutex_) {
        for (int i = 0; i < told.count; ++i) {
            const Id id = told.events[static_cast<std::size_t>(i)].data.u64;
            if (id == kPoke) {
                is_poked_ = false;
            } else if (id == kAlarm) {
                end_late();
            } else {
                end_wait_for_socket(id);
            }
        }
    }

    void end_wait_for_socket(Id id) SKALD_REQUIRES(mutex_) {
        const auto found = places_.find(id);
        if (found == places_.end()) return;
        Place& place = found->second;
        // Its time may have ended first, and it may wait for something else by now.
        if (place.waits_for && *place.waits_for != Wait::For::Signal) end_wait(id, place);
    }

    bool watch(int how, int descriptor, std::uint32_t events, Id id) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = id;
        return ::epoll_ctl(epoll_.number(), how, descriptor, &event) == 0;
    }

    const Descriptor epoll_{checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
    const Descriptor poke_{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
    const Descriptor alarm_{
        checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")};

    mutable engine::Mutex mutex_;
    std::unordered_map<Id, Place> places_ SKALD_GUARDED_BY(mutex_);
    std::deque<Id> ready_ SKALD_GUARDED_BY(mutex_);  ///< In places_, with their waiters.
    Timers timers_ SKALD_GUARDED_BY(mutex_);
    Deadline alarm_at_ SKALD_GUARDED_BY(mutex_) = Deadline::max();
    Id last_id_ SKALD_GUARDED_BY(mutex_) = kFirst;
    std::size_t sleeping_ SKALD_GUARDED_BY(mutex_) = 0;
    bool is_poked_ SKALD_GUARDED_BY(mutex_) = false;
    bool are_signals_over_ SKALD_GUARDED_BY(mutex_) = false;
    bool is_stopped_ SKALD_GUARDED_BY(mutex_) = false;
};

Poller::Poller() : room_(std::make_shared<Room>()) {}
Poller::~Poller() { room_->clear(); }

Poller::Id Poller::next_id() { return room_->next_id(); }
void Poller::add(Id id, std::unique_ptr<Waiter> waiter, int socket, Wait wait) {
    room_->add(id, std::move(waiter), socket, wait);
}
std::function<void()> Poller::begin_signal(Id id) {
    return [room = room_, id, number = room_->begin_signal(id)] { room->signal(id, number); };
}
void Poller::signal(Id id) { room_->signal(id, 0); }
bool Poller::was_signalled(Id id) const { return room_->was_signalled(id); }
void Poller::end_signals() { room_->end_signals(); }
std::optional<Poller::Work> Poller::take(std::chrono::milliseconds time) {
    return room_->take(time);
}
void Poller::give_back(Work work, std::optional<Wait> wait) {
    room_->give_back(std::move(work), wait);
}
void Poller::stop() { room_->stop(); }
bool Poller::is_stopped() const { return room_->is_stopped(); }
bool Poller::is_awaited() const { return room_->is_awaited(); }

}  // namespace skald::api::http
