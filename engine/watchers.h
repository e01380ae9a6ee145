#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/catalog.h"
#include "sagas/saga.h"

namespace skald::engine {

/// A saga as it stood when it ended or got stuck.
struct Rest {
    VersionPtr version;
    sagas::Saga saga;
    store::Labels labels;
};
using RestPtr = std::shared_ptr<const Rest>;  // Shared by all who waited; immutable.

/// Who waits for which saga to come to rest (a terminal status, or stuck).
///
/// Threads: any.
class Watchers {
 public:
    Watchers();
    ~Watchers();

    /// A wait for the saga with the public id `id`, from now on: make it *before* the saga is
    /// started or its state read, so that no end is missed. Destroying it ends the wait.
    class Watch {
     public:
        ~Watch();
        Watch(Watch&&) noexcept;
        Watch& operator=(Watch&&) = delete;
        /// Calls `ready` once: at once when the saga has come to rest already, else when it does
        /// (durably) or when everything is closed, on the thread that found it so. Not called any
        /// more once this is destroyed.
        void when_ready(std::function<void()> ready);
        /// Null: it has not come to rest yet.
        RestPtr rest() const;

     private:
        friend class Watchers;
        struct State;
        explicit Watch(std::shared_ptr<State> state);
        std::shared_ptr<State> state_;  // Shared with the registry.
    };
    Watch watch(std::string id);

    /// Whether anybody waits for `id`: the coordinator copies a state only then.
    bool is_watched(const std::string& id) const;
    /// Wakes those who wait for its id.
    void came_to_rest(RestPtr rest);
    /// Makes every watch ready, now and later: the server is stopping.
    void close();

 private:
    struct Registry;
    std::shared_ptr<Registry> registry_;  // Shared with the watches that are out.
};

}  // namespace skald::engine
