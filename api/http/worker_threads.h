#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <thread>

#include "api/http/poller.h"
#include "engine/mutex.h"

namespace skald::api::http {

/// Threads that do a poller's work: one to begin with, another whenever none is left to take what
/// comes next, and fewer again when they had nothing to do for a while.
///
/// Threads: free.
class WorkerThreads {
 public:
    /// How long a thread without work is kept.
    static constexpr std::chrono::seconds kFreeTimeMax{10};

    /// `poller` must outlive it.
    WorkerThreads(Poller& poller, std::size_t threads_max);
    /// Stops the poller, and joins.
    ~WorkerThreads();
    WorkerThreads(const WorkerThreads&) = delete;
    WorkerThreads& operator=(const WorkerThreads&) = delete;

    /// Begins. Errors: std::system_error when the system has no thread for us.
    void start();
    std::size_t count() const;

 private:
    using Place = std::list<std::jthread>::iterator;

    void work(Place self);
    void add_thread() SKALD_REQUIRES(mutex_);
    void add_thread_if_possible();
    /// False: this one is the last, and goes on.
    bool end(Place self);

    Poller& poller_;
    const std::size_t threads_max_;

    mutable engine::Mutex mutex_;
    std::list<std::jthread> threads_ SKALD_GUARDED_BY(mutex_);
    std::list<std::jthread> ended_ SKALD_GUARDED_BY(mutex_);  ///< Left their loop; to be joined.
    bool is_starting_ SKALD_GUARDED_BY(mutex_) = false;  ///< A thread that asks for no work yet.
};

}  // namespace skald::api::http
