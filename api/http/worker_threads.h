#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <thread>

#include "engine/mutex.h"

namespace skald::api::http {

/// Threads that are made when a task finds none free, and end when they had nothing to do for a
/// while; and a bounded queue for the tasks that find none.
///
/// Threads: free.
class WorkerThreads {
 public:
    using Task = std::function<void()>;

    /// How long a thread without work is kept.
    static constexpr std::chrono::seconds kFreeTimeMax{10};

    WorkerThreads(std::size_t threads_max, std::size_t queue_max);
    /// Runs what is queued, then joins.
    ~WorkerThreads();
    WorkerThreads(const WorkerThreads&) = delete;
    WorkerThreads& operator=(const WorkerThreads&) = delete;

    enum class Submitted : std::uint8_t {
        Started,  ///< A thread takes it now.
        Queued,   ///< All threads are busy.
        Refused,  ///< All are, and the queue is full: `task` is untouched.
    };
    Submitted submit(Task& task);

    /// Tasks that no thread has time for.
    std::size_t queued() const { return queued_.load(std::memory_order_relaxed); }

    /// Waits until there is neither work nor queue, or `until`; false: that time came first.
    bool wait_until_free(std::chrono::steady_clock::time_point until);

 private:
    void work(std::list<std::jthread>::iterator self);
    bool start_thread() SKALD_REQUIRES(mutex_);
    void count_queued() SKALD_REQUIRES(mutex_);

    const std::size_t threads_max_;
    const std::size_t queue_max_;
    std::atomic<std::size_t> queued_{0};

    engine::Mutex mutex_;
    engine::ConditionVariable submitted_;
    engine::ConditionVariable freed_;
    std::deque<Task> queue_ SKALD_GUARDED_BY(mutex_);
    std::list<std::jthread> threads_ SKALD_GUARDED_BY(mutex_);
    std::list<std::jthread> ended_ SKALD_GUARDED_BY(mutex_);  ///< Left their loop; to be joined.
    std::size_t free_ SKALD_GUARDED_BY(mutex_) = 0;  ///< Threads that wait for a task, or start.
    bool is_stopping_ SKALD_GUARDED_BY(mutex_) = false;
};

}  // namespace skald::api::http
