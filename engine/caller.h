#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "sagas/answer.h"
#include "sagas/request.h"

namespace skald::engine {

/// One call; chosen by whom asks, never used twice.
enum class CallId : std::uint64_t {};

struct CallerStats {
    std::size_t in_flight = 0;
    std::size_t queued = 0;
};

/// Makes the calls that sagas owe. Replaced by the simulator.
///
/// Threads: all members on the loop's thread; answers come on it too, never from inside `call` or
/// `recall`.
class Caller {
 public:
    /// `answer` comes exactly once for each `call`.
    using Answered = std::function<void(CallId, sagas::Answer)>;

    virtual ~Caller() = default;

    /// Sends `request` as soon as its origin has a free slot. `request.timeout` runs from then,
    /// with DNS, connect and TLS. Skald-Deadline is added when it leaves the queue.
    virtual void call(CallId id, sagas::Request request, std::uint32_t attempt) = 0;

    /// Takes back a call that is still queued: it is answered NotSent. One that has left the queue
    /// goes on, and an unknown id changes nothing.
    virtual void recall(CallId id) = 0;

    virtual CallerStats stats() const = 0;
};

}  // namespace skald::engine
