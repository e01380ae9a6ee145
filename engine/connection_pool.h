#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>

#include "engine/http_connection.h"
#include "engine/origin.h"
#include "engine/resolver.h"
#include "sagas/time.h"

namespace skald::engine {

/// Connections that are kept for the next call to their origin, and the count of those that are
/// open. Threads: the loop's.
class ConnectionPool {
 public:
    struct Limits {
        std::size_t open;              ///< Connections, in use and idle.
        sagas::Milliseconds idle_max;  ///< An idle one is closed after it.
        sagas::Milliseconds age_max;   ///< An older one is not kept.
    };
    explicit ConnectionPool(Limits limits) : limits_(limits) {}
    ~ConnectionPool();  ///< Closes those that are idle.
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;

    /// Closes an idle connection where no more may be open. Before a socket is opened.
    void make_room();
    /// Counts a connection that was opened.
    void add() { ++open_; }
    /// Closes a connection that was added, or taken.
    void drop(HttpConnectionPtr connection);
    /// Keeps one that has just carried a call; or drops it, when it is too old.
    void keep(HttpConnectionPtr connection);
    /// One to `origin` that can be used at once: the one used last, so that those that aren't
    /// needed age and go. Null: there is none.
    HttpConnectionPtr take(const Origin& origin);
    /// Drops one that is idle (HttpConnectionEvents::idle_ended).
    void drop_idle(const HttpConnection& connection);

    /// The address of `origin` that answered lately, while connections to it are kept.
    std::optional<Address> good_address(const Origin& origin) const;
    void set_good_address(const Origin& origin, const Address& address);

    /// When `sweep` has something to do; none: never.
    std::optional<Instant> next_sweep() const { return next_sweep_; }
    /// Closes what was idle for too long.
    void sweep(Instant now);

 private:
    struct Idle {
        HttpConnectionPtr connection;
        Instant since;
    };
    struct Kept {
        std::deque<Idle> idle;  ///< The one that was used last at the back.
        std::optional<Address> good;
        Instant used{};  ///< When that was, or `good` was set.
    };
    using Origins = std::unordered_map<Origin, Kept, OriginHash>;

    Kept& entry(const Origin& origin);

    const Limits limits_;
    Origins origins_;
    std::size_t open_ = 0;
    std::optional<Instant> next_sweep_;
};

}  // namespace skald::engine
