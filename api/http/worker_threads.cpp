#include "api/http/worker_threads.h"

#include <system_error>
#include <utility>

#include "engine/thread_name.h"

namespace skald::api::http {

using engine::MutexLock;

WorkerThreads::WorkerThreads(std::size_t threads_max, std::size_t queue_max)
    : threads_max_(threads_max), queue_max_(queue_max) {}

WorkerThreads::~WorkerThreads() {
    std::list<std::jthread> threads;
    {
        const MutexLock lock(mutex_);
        is_stopping_ = true;
        // None of them moves itself to ended_ any more.
        threads.splice(threads.end(), threads_);
        threads.splice(threads.end(), ended_);
    }
    submitted_.notify_all();
    threads.clear();
}

WorkerThreads::Submitted WorkerThreads::submit(Task& task) {
    std::list<std::jthread> ended;
    Submitted result = Submitted::Started;
    {
        const MutexLock lock(mutex_);
        ended.swap(ended_);
        if (queue_.size() >= free_ && !start_thread()) {
            if (queue_.size() - free_ >= queue_max_) return Submitted::Refused;
            result = Submitted::Queued;
        }
        queue_.push_back(std::move(task));
        count_queued();
    }
    if (result == Submitted::Started) submitted_.notify_one();
    return result;
}

bool WorkerThreads::start_thread() {
    if (threads_.size() >= threads_max_) return false;
    const auto place = threads_.emplace(threads_.end());
    try {
        *place = std::jthread([this, place] { work(place); });
    } catch (const std::system_error&) {  // The system has no more threads for us.
        threads_.erase(place);
        return false;
    }
    ++free_;
    return true;
}

void WorkerThreads::count_queued() {
    queued_.store(queue_.size() > free_ ? queue_.size() - free_ : 0, std::memory_order_relaxed);
}

bool WorkerThreads::wait_until_free(std::chrono::steady_clock::time_point until) {
    const MutexLock lock(mutex_);
    while (!queue_.empty() || free_ < threads_.size()) {
        if (freed_.wait_until(mutex_, until) == engine::ConditionVariable::Woken::TimedOut) {
            return queue_.empty() && free_ == threads_.size();
        }
    }
    return true;
}

void WorkerThreads::work(std::list<std::jthread>::iterator self) {
    engine::name_this_thread("skald-api");
    mutex_.lock();
    for (;;) {
        const auto until = std::chrono::steady_clock::now() + kFreeTimeMax;
        auto woken = engine::ConditionVariable::Woken::Notified;
        while (queue_.empty() && !is_stopping_ &&
               woken == engine::ConditionVariable::Woken::Notified) {
            woken = submitted_.wait_until(mutex_, until);
        }
        --free_;
        if (queue_.empty()) break;
        {
            const Task task = std::move(queue_.front());
            queue_.pop_front();
            count_queued();
            mutex_.unlock();
            task();
        }
        mutex_.lock();
        ++free_;
        freed_.notify_all();
    }
    if (!is_stopping_) ended_.splice(ended_.end(), threads_, self);
    mutex_.unlock();
}

}  // namespace skald::api::http
