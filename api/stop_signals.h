#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "engine/mutex.h"
#include "sagas/time.h"

namespace skald::api {

/// SIGTERM and SIGINT, taken by a thread of its own instead of a handler.
///
/// At the first signal what `on_stop` was given is called, on another thread; before that, the
/// process ends at once, with 0: nothing was begun. A second signal ends it at once, with 128 and
/// the signal's number; so does the end of `patience`, with 0, for what is owed is in the store.
///
/// Make it before any other thread is started, for threads inherit that the signals are blocked,
/// and first of all that a stopping process takes apart. SIGPIPE is ignored from then on.
class StopSignals {
 public:
    explicit StopSignals(sagas::Milliseconds patience);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    /// Once.
    void on_stop(std::function<void()> stop);
    /// Returns when a signal came and what on_stop was given has returned.
    void await_stopped();

 private:
    void run(sagas::Milliseconds patience);

    std::atomic<bool> is_over_ = false;
    std::promise<void> stopped_;
    engine::Mutex mutex_;
    std::function<void()> stop_ SKALD_GUARDED_BY(mutex_);
    std::thread watcher_;  ///< Last: it uses the others.
};

}  // namespace skald::api
