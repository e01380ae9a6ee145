#include "api/http/worker_threads.h"

#include <optional>
#include <system_error>
#include <utility>

#include "engine/thread_name.h"

namespace skald::api::http {

using engine::MutexLock;

WorkerThreads::WorkerThreads(Poller& poller, std::size_t threads_max)
    : poller_(poller), threads_max_(threads_max) {}

WorkerThreads::~WorkerThreads() {
    poller_.stop();
    std::list<std::jthread> threads;
    {
        const MutexLock lock(mutex_);
        threads.splice(threads.end(), threads_);
        threads.splice(threads.end(), ended_);
    }
    threads.clear();
}

void WorkerThreads::start() {
    const MutexLock lock(mutex_);
    add_thread();
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

void WorkerThreads::add_thread_if_possible() {
    std::list<std::jthread> ended;  // Joined without the mutex.
    const MutexLock lock(mutex_);
    ended.swap(ended_);
    if (is_starting_ || threads_.size() >= threads_max_ || poller_.is_stopped()) return;
    try {
        add_thread();
    } catch (const std::system_error&) {  // Those that there are go on.
    }
}

bool WorkerThreads::end(Place self) {
    const MutexLock lock(mutex_);
    if (poller_.is_stopped()) return true;
    if (threads_.size() == 1) return false;
    ended_.splice(ended_.end(), threads_, self);
    return true;
}

void WorkerThreads::work(Place self) {
    engine::name_this_thread("skald-api");
    {
        const MutexLock lock(mutex_);
        is_starting_ = false;
    }
    for (;;) {
        std::optional<Poller::Work> work = poller_.take(kFreeTimeMax);
        if (!work) {
            if (end(self)) return;
            continue;
        }
        if (work->is_last_thread) add_thread_if_possible();
        const std::optional<Wait> wait = work->waiter->go_on();
        poller_.give_back(std::move(*work), wait);
    }
}

}  // namespace skald::api::http
