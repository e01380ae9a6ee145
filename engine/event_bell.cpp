#include "engine/event_bell.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace skald::engine {

std::size_t EventBell::place_of(std::string_view topic) {
    return std::hash<std::string_view>{}(topic) % kPlaces;
}

void EventBell::forget(const Listener& listener) {
    const auto [first, last] = waiting_.equal_range(listener.place_);
    const auto own = std::find_if(
        first, last, [&listener](const auto& each) { return each.second.first == &listener; });
    if (own != last) waiting_.erase(own);
}

EventBell::Listener::~Listener() {
    const MutexLock lock(bell_.mutex_);
    bell_.forget(*this);
}

std::uint64_t EventBell::Listener::rings() const {
    const MutexLock lock(bell_.mutex_);
    return bell_.rings_[place_];
}

void EventBell::Listener::when_rung(std::uint64_t heard, std::function<void()> ready) {
    {
        const MutexLock lock(bell_.mutex_);
        bell_.forget(*this);
        if (bell_.rings_[place_] <= heard) {
            bell_.waiting_.emplace(place_, std::pair(this, std::move(ready)));
            return;
        }
    }
    ready();
}

void EventBell::ring(std::string_view topic) {
    const std::size_t place = place_of(topic);
    std::vector<std::function<void()>> due;
    {
        const MutexLock lock(mutex_);
        ++rings_[place];
        const auto [first, last] = waiting_.equal_range(place);
        for (auto each = first; each != last; ++each) due.push_back(std::move(each->second.second));
        waiting_.erase(first, last);
    }
    for (const auto& ready : due) ready();
}

std::uint64_t EventBell::rings(std::string_view topic) const {
    const MutexLock lock(mutex_);
    return rings_[place_of(topic)];
}

}  // namespace skald::engine
