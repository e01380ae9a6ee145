#include "tests/simulation/timeline.h"

#include <algorithm>
#include <utility>

namespace skald::simulation {

void Timeline::after(Time delay, Owner owner, std::function<void()> task) {
    tasks_.push({now_ + std::max(delay, Time{0}), ++last_,
                 owner == Owner::Process ? process_ : std::uint64_t{0}, std::move(task)});
}

bool Timeline::step(Time until) {
    while (!tasks_.empty() && tasks_.top().at <= until) {
        // A priority queue gives its top as constant; it is popped before anything looks at it.
        Task task = std::move(const_cast<Task&>(tasks_.top()));
        tasks_.pop();
        if (task.process != 0 && task.process != process_) continue;
        now_ = task.at;
        task.run();
        return true;
    }
    now_ = until;
    return false;
}

}  // namespace skald::simulation
