#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "engine/clock.h"

namespace skald::rehearsal {

using sagas::Milliseconds;

/// 2026-01-01T00:00:00Z, when every timeline begins: any time does, as long as it is the same.
inline constexpr sagas::Timestamp kBeginning{Milliseconds{1'767'225'600'000}};

/// Virtual time: what is to happen when, in one thread. Tasks of the same moment run in the order
/// in which they were asked for.
class Timeline {
 public:
    /// What a task of the Process wants is forgotten when that ends.
    enum class Owner : std::uint8_t { World, Process };

    Milliseconds now() const { return now_; }
    void after(Milliseconds delay, Owner owner, std::function<void()> task);
    /// Runs the next task, and moves the time there. False: there is none.
    bool step() { return step_until(Milliseconds::max()); }
    /// The same for those up to `until`; where there is none, the time is then `until`.
    bool run_up_to(Milliseconds until);
    /// Moves the time on to `to`, past what is due before: as if the machine had been asleep.
    void skip_to(Milliseconds to);
    void end_process() { ++process_; }

 private:
    bool step_until(Milliseconds until);

    struct Task {
        Milliseconds at;
        std::uint64_t number;
        std::uint64_t process;  ///< 0: the world's.
        std::function<void()> run;
        bool operator>(const Task& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    Milliseconds now_{0};
    std::uint64_t last_ = 0;
    std::uint64_t process_ = 1;
    std::priority_queue<Task, std::vector<Task>, std::greater<>> tasks_;
};

/// The engine's clock on a timeline, which it borrows.
class TimelineClock : public engine::Clock {
 public:
    explicit TimelineClock(const Timeline& timeline) : timeline_(timeline) {}
    sagas::Timestamp now() const override;

 private:
    const Timeline& timeline_;
};

}  // namespace skald::rehearsal
