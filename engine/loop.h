#pragma once

#include <functional>
#include <memory>

#include "sagas/time.h"

namespace skald::engine {

/// The event loop that the coordinator and the caller share: Boost.Asio's io_context behind a small
/// face, so that only the caller's files include it.
///
/// Threads: `post` and `stop` from any thread; the rest before or on the thread that is in `run`.
class Loop {
 public:
    virtual ~Loop() = default;
    /// Runs `work` soon on the loop's thread, in order of posting. Cheap: what is posted together
    /// wakes the loop once. `work` must not throw, and is dropped unrun once the loop has stopped.
    virtual void post(std::function<void()> work) = 0;
    /// Runs `work` once after `delay`; a later call replaces the earlier one. For the coordinator's
    /// one timer.
    virtual void set_timer(sagas::Milliseconds delay, std::function<void()> work) = 0;
    virtual void run() = 0;  ///< Until `stop`.
    virtual void stop() = 0;
    /// The io_context, for the files that wrap Asio's sockets: `boost::asio::io_context*`.
    virtual void* native() = 0;
};
std::unique_ptr<Loop> make_loop();

}  // namespace skald::engine
