#include "api/http/worker_threads.h"

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "engine/thread_name.h"

namespace skald::api::http {

using engine::MutexLock;

namespace {

/// Nicer than the process by this: where cores are scarce, what was accepted goes before what is to
/// be, so that the coordinator and its writer don't wait behind requests.
constexpr int kNicer = 3;

/// Of this thread: on Linux each has its own, and gives it to those that it makes.
int nice_value() { return ::getpriority(PRIO_PROCESS, 0); }

}  // namespace

WorkerThreads::WorkerThreads(Poller& poller, std::size_t threads_max,
                             std::chrono::milliseconds free_time_max)
    : poller_(poller),
      threads_max_(threads_max),
      free_time_max_(free_time_max),
      cores_(std::max(std::thread::hardware_concurrency(), 1U)),
      nice_(nice_value() + kNicer) {}

WorkerThreads::~WorkerThreads() {
    poller_.stop();
    std::list<std::jthread> threads;
    {
        const MutexLock lock(mutex_);
        is_ending_ = true;
        watch_on_.notify_one();
        threads.splice(threads.end(), threads_);
        threads.splice(threads.end(), ended_);
    }
    threads.clear();
    if (watcher_.joinable()) watcher_.join();
}

void WorkerThreads::start() {
    const MutexLock lock(mutex_);
    add_thread();
    watcher_ = std::jthread([this] { watch(); });
}

std::size_t WorkerThreads::count() const {
    const MutexLock lock(mutex_);
    return threads_.size();
}

void WorkerThreads::add_thread() {
    const Place place = threads_.emplace(threads_.end());
    try {
        *place = std::jthread([this, place] { work(place); });
        is_starting_ = true;
    } catch (const std::system_error&) {
        threads_.erase(place);
        throw;
    }
}

void WorkerThreads::try_to_add_thread() {
    if (is_starting_ || threads_.size() >= threads_max_ || is_ending_) return;
    try {
        add_thread();
    } catch (const std::system_error&) {  // Those that there are go on.
    }
}

/// Called for each work that takes the last free thread: under load for most.
void WorkerThreads::none_is_free() {
    std::list<std::jthread> ended;  // Joined without the mutex.
    const MutexLock lock(mutex_);
    ended.swap(ended_);
    if (threads_.size() < cores_) return try_to_add_thread();
    is_none_free_ = true;
    if (!is_watching_) watch_on_.notify_one();
}

/// Looks every kHeldTimeMax whether all threads are held, as long as now and then none is free.
void WorkerThreads::watch() {
    engine::name_this_thread("skald-api-watch");
    const MutexLock lock(mutex_);
    while (!is_ending_) {
        is_watching_ = std::exchange(is_none_free_, false);
        if (!is_watching_) {
            watch_on_.wait(mutex_);
            continue;
        }
        const std::uint64_t taken = taken_;
        await_tick();
        if (!poller_.is_awaited()) {
            is_none_free_ = true;
            if (taken_ == taken) try_to_add_thread();
        }
    }
}

void WorkerThreads::await_tick() {
    const auto until = std::chrono::steady_clock::now() + kHeldTimeMax;
    while (!is_ending_ &&
           watch_on_.wait_until(mutex_, until) == engine::ConditionVariable::Woken::Notified) {
    }
}

bool WorkerThreads::end(Place self) {
    const MutexLock lock(mutex_);
    if (poller_.is_stopped()) return true;
    // The others may be held, and nobody would see what comes.
    if (threads_.size() == 1 || !poller_.is_awaited()) return false;
    ended_.splice(ended_.end(), threads_, self);
    return true;
}

void WorkerThreads::work(Place self) {
    engine::name_this_thread("skald-api");
    ::setpriority(PRIO_PROCESS, 0, nice_);
    {
        const MutexLock lock(mutex_);
        is_starting_ = false;
    }
    for (;;) {
        std::optional<Poller::Work> work = poller_.take(free_time_max_);
        if (!work) {
            if (end(self)) return;
            continue;
        }
        taken_.fetch_add(1, std::memory_order_relaxed);
        if (work->is_last_thread) none_is_free();
        const std::optional<Wait> wait = work->waiter->go_on();
        poller_.give_back(std::move(*work), wait);
    }
}

}  // namespace skald::api::http
