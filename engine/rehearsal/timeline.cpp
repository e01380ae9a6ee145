#include "engine/rehearsal/timeline.h"

#include <algorithm>
#include <utility>

namespace skald::rehearsal {

void Timeline::after(Milliseconds delay, Owner owner, std::function<void()> task) {
    tasks_.push({now_ + std::max(delay, Milliseconds{0}), ++last_,
                 owner == Owner::Process ? process_ : std::uint64_t{0}, std::move(task)});
}

bool Timeline::run_up_to(Milliseconds until) {
    const bool has_run = step_until(until);
    if (!has_run) skip_to(until);
    return has_run;
}

bool Timeline::step_until(Milliseconds until) {
    while (!tasks_.empty() && tasks_.top().at <= until) {
        // A priority queue gives its top as constant; it is popped before anything looks at it.
        Task task = std::move(const_cast<Task&>(tasks_.top()));
        tasks_.pop();
        if (task.process != 0 && task.process != process_) continue;
        now_ = std::max(now_, task.at);
        task.run();
        return true;
    }
    return false;
}

void Timeline::skip_to(Milliseconds to) { now_ = std::max(now_, to); }

sagas::Timestamp TimelineClock::now() const { return kBeginning + timeline_.now(); }

}  // namespace skald::rehearsal
