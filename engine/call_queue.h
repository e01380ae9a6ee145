#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>

#include "engine/caller.h"
#include "engine/origin.h"

namespace skald::engine {

/// Which calls may be in flight, and which wait: at most `per_origin` to one origin and `total` in
/// all. Within an origin the one that came first goes first; origins take turns, call by call, so
/// that a long line for one of them doesn't keep another waiting.
///
/// Pure bookkeeping. Threads: one at a time.
class CallQueue {
 public:
    struct Limits {
        std::size_t per_origin;
        std::size_t total;
    };
    explicit CallQueue(Limits limits) : limits_(limits) {}

    /// Precondition: `id` doesn't wait already.
    void push(const Origin& origin, CallId id);
    /// The call that goes next, which takes its slot; none: nobody waits, or no slot is free.
    std::optional<CallId> take();
    /// Frees the slot of a call to `origin` that was taken.
    void release(const Origin& origin);

    enum class Recalled : std::uint8_t { Yes, WasNotWaiting };
    Recalled recall(CallId id);

    CallerStats stats() const { return {in_flight_, waiting_.size()}; }

 private:
    struct Line {
        std::list<CallId> calls;
        std::size_t in_flight = 0;
        bool has_turn = false;  ///< It stands in `turns_`.
    };
    using Lines = std::unordered_map<Origin, Line, OriginHash>;
    struct Place {
        Lines::value_type* line;  ///< Never null. Nodes of the map stay where they are.
        std::list<CallId>::iterator position;
    };

    void give_turn(Lines::value_type& line);
    void drop_if_unused(Lines::value_type& line);

    Limits limits_;
    std::size_t in_flight_ = 0;
    Lines lines_;
    std::list<Lines::value_type*> turns_;  ///< Lines with a call that waits and a free slot.
    std::unordered_map<CallId, Place> waiting_;
};

}  // namespace skald::engine
