#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "tests/simulation/history.h"

namespace skald::simulation {

/// Virtual time: what is to happen when, in one thread. Tasks of the same moment run in the order
/// in which they were asked for.
class Timeline {
 public:
    /// What a task of the Process wants is forgotten when that ends.
    enum class Owner : std::uint8_t { World, Process };

    Time now() const { return now_; }
    void after(Time delay, Owner owner, std::function<void()> task);
    /// Runs the next task, and moves the time there. False: there is none up to `until`; the time
    /// is then `until`.
    bool step(Time until);
    void end_process() { ++process_; }

 private:
    struct Task {
        Time at;
        std::uint64_t number;
        std::uint64_t process;  ///< 0: the world's.
        std::function<void()> run;
        bool operator>(const Task& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    Time now_{0};
    std::uint64_t last_ = 0;
    std::uint64_t process_ = 1;
    std::priority_queue<Task, std::vector<Task>, std::greater<>> tasks_;
};

}  // namespace skald::simulation
