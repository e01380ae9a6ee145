#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <thread>

#include "api/http/poller.h"
#include "engine/mutex.h"

namespace skald::api::http {

/// Threads that do a poller's work: as many as there are cores, for more of them would only take
/// the cores from each other; and one more each time when all have been held by what they do for a
/// while, for it may block. They end when they had nothing to do for long.
///
/// Threads: free.
class WorkerThreads {
 public:
    /// Where no thread has taken work for so long, and none is free, another one is added.
    static constexpr std::chrono::milliseconds kHeldTimeMax{5};

    /// `poller` must outlive it. `free_time_max`: how long a thread without work is kept.
    WorkerThreads(Poller& poller, std::size_t threads_max,
                  std::chrono::milliseconds free_time_max = std::chrono::seconds(10));
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
    /// Unless there are enough, or the system has none.
    void try_to_add_thread() SKALD_REQUIRES(mutex_);
    void none_is_free();
    void watch();
    void await_tick() SKALD_REQUIRES(mutex_);
    /// False: no other one waits for work, so this one goes on.
    bool end(Place self);

    Poller& poller_;
    const std::size_t threads_max_;
    const std::chrono::milliseconds free_time_max_;
    const std::size_t cores_;
    const int nice_;                       ///< Of the threads.
    std::atomic<std::uint64_t> taken_{0};  ///< Counts work.

    mutable engine::Mutex mutex_;
    std::list<std::jthread> threads_ SKALD_GUARDED_BY(mutex_);
    std::list<std::jthread> ended_ SKALD_GUARDED_BY(mutex_);  ///< Left their loop; to be joined.
    bool is_starting_ SKALD_GUARDED_BY(mutex_) = false;   ///< A thread that asks for no work yet.
    bool is_none_free_ SKALD_GUARDED_BY(mutex_) = false;  ///< At some time since the last tick.
    bool is_watching_ SKALD_GUARDED_BY(mutex_) = false;   ///< `watch` waits for its next tick.
    bool is_ending_ SKALD_GUARDED_BY(mutex_) = false;
    engine::ConditionVariable watch_on_;
    std::jthread watcher_;
};

}  // namespace skald::api::http
