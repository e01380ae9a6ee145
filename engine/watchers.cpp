#include "engine/watchers.h"

#include <algorithm>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/mutex.h"

namespace skald::engine {

struct Watchers::Watch::State {
    State(std::string watched_id, std::shared_ptr<Registry> registered_with)
        : id(std::move(watched_id)), registry(std::move(registered_with)) {}

    // Constant after construction.
    const std::string id;
    const std::shared_ptr<Registry> registry;  // Shared: a watch may outlive the Watchers.

    Mutex mutex;
    ConditionVariable call_ended;
    bool is_ready SKALD_GUARDED_BY(mutex) = false;
    RestPtr rest SKALD_GUARDED_BY(mutex);
    std::function<void()> ready SKALD_GUARDED_BY(mutex);
    std::thread::id caller SKALD_GUARDED_BY(mutex);  // Who is inside `ready` now.

    void settle(RestPtr settled) SKALD_EXCLUDES(mutex) {
        {
            const MutexLock lock(mutex);
            if (is_ready) return;
            is_ready = true;
            rest = std::move(settled);
        }
        call();
    }

    void when_ready(std::function<void()> wanted) SKALD_EXCLUDES(mutex) {
        {
            const MutexLock lock(mutex);
            ready = std::move(wanted);
            if (!is_ready) return;
        }
        call();
    }

    /// Nobody calls `ready` any more once this has returned.
    void end() SKALD_EXCLUDES(mutex) {
        std::function<void()> dropped;  // Destroyed after the mutex was given back.
        const MutexLock lock(mutex);
        dropped.swap(ready);
        while (caller != std::thread::id() && caller != std::this_thread::get_id()) {
            call_ended.wait(mutex);
        }
    }

 private:
    void call() SKALD_EXCLUDES(mutex) {
        std::function<void()> due;
        {
            const MutexLock lock(mutex);
            if (!ready) return;
            due = std::exchange(ready, nullptr);
            caller = std::this_thread::get_id();
        }
        due();
        const MutexLock lock(mutex);
        caller = std::thread::id();
        call_ended.notify_all();
    }
};

struct Watchers::Registry {
    using State = Watch::State;

    mutable Mutex mutex;
    bool is_closed SKALD_GUARDED_BY(mutex) = false;
    // Borrowed: a watch takes itself out before its state goes.
    std::unordered_map<std::string, std::vector<std::weak_ptr<State>>> waiting
        SKALD_GUARDED_BY(mutex);

    /// False: closed.
    bool add(const std::shared_ptr<State>& state) SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        if (is_closed) return false;
        waiting[state->id].push_back(state);
        return true;
    }

    void remove(const std::shared_ptr<State>& state) SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        const auto found = waiting.find(state->id);
        if (found == waiting.end()) return;
        std::erase_if(found->second, [&](const std::weak_ptr<State>& other) {
            return !other.owner_before(state) && !state.owner_before(other);
        });
        if (found->second.empty()) waiting.erase(found);
    }

    std::vector<std::weak_ptr<State>> take(const std::string& id) SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        auto node = waiting.extract(id);
        return node ? std::move(node.mapped()) : std::vector<std::weak_ptr<State>>();
    }
};

Watchers::Watchers() : registry_(std::make_shared<Registry>()) {}
Watchers::~Watchers() = default;

Watchers::Watch::Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
Watchers::Watch::Watch(Watch&&) noexcept = default;

Watchers::Watch::~Watch() {
    if (!state_) return;
    state_->registry->remove(state_);
    state_->end();
}

void Watchers::Watch::when_ready(std::function<void()> ready) {
    state_->when_ready(std::move(ready));
}

RestPtr Watchers::Watch::rest() const {
    const MutexLock lock(state_->mutex);
    return state_->rest;
}

Watchers::Watch Watchers::watch(std::string id) {
    Watch watch(std::make_shared<Watch::State>(std::move(id), registry_));
    if (!registry_->add(watch.state_)) watch.state_->settle(nullptr);
    return watch;
}

bool Watchers::is_watched(const std::string& id) const {
    const MutexLock lock(registry_->mutex);
    return registry_->waiting.contains(id);
}

void Watchers::came_to_rest(RestPtr rest) {
    for (const std::weak_ptr<Watch::State>& waiting : registry_->take(rest->saga.id)) {
        if (const auto state = waiting.lock()) state->settle(rest);
    }
}

void Watchers::close() {
    std::unordered_map<std::string, std::vector<std::weak_ptr<Watch::State>>> all;
    {
        const MutexLock lock(registry_->mutex);
        registry_->is_closed = true;
        all.swap(registry_->waiting);
    }
    for (const auto& [id, states] : all) {
        for (const auto& waiting : states) {
            if (const auto state = waiting.lock()) state->settle(nullptr);
        }
    }
}

}  // namespace skald::engine
