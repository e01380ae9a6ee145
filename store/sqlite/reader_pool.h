#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "store/sqlite/prepared.h"
#include "store/sqlite/request_keys.h"
#include "store/sqlite/subscription_queries.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// One read-only connection and its statements.
///
/// Threads: one at a time (who holds its lease), but for `interrupt`.
class ReaderConnection {
 public:
    /// May throw SQLite::Exception.
    explicit ReaderConnection(std::unique_ptr<SQLite::Database> database);
    ~ReaderConnection();

    const SQLite::Database& database() const { return *database_; }

    /// Makes the query that runs on it fail.
    void interrupt();

 private:
    std::unique_ptr<SQLite::Database> database_;  // Outlives the statements on it.

 public:
    Prepared pin;  ///< For Snapshot.
    Prepared saga_by_id, saga_by_key, journal, counts;
    Prepared search_all, search_definition, search_status, started_at, newest;
    Prepared feed, last_position, versions_of_name;
    Prepared definition_latest, definition_version, definition_by_key, definitions;
    Prepared parked, lock_place;
    Prepared topic_latest, topic_version, topics, topic_range, events, event_at;
    Prepared live_keys, last_keys, lock_heads, event_hits, match_paths;
    RequestKeys request_keys;
    SubscriptionQueries subscriptions;
};

/// The readers, and the gate that they pass. While the gate is closed no snapshot is open, so that
/// the log can be started anew.
///
/// Threads: any; the gate: the writer's.
class ReaderPool {
 public:
    explicit ReaderPool(std::vector<std::unique_ptr<ReaderConnection>> connections);
    ~ReaderPool();

    /// The right to use one connection, until it ends.
    class Lease {
     public:
        Lease(ReaderPool& pool, ReaderConnection& connection)
            : pool_(&pool), connection_(&connection) {}
        Lease(Lease&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), connection_(other.connection_) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (pool_ != nullptr) {
                pool_->give_back(*connection_);
            }
        }
        ReaderConnection& operator*() const { return *connection_; }

     private:
        ReaderPool* pool_;
        ReaderConnection* connection_;
    };
    /// Waits until the gate is open and a connection is free.
    /// Errors: Unavailable: after kLeaseWait.
    Result<Lease> lease();

    /// `body` on a leased connection. Errors: as `lease`, and for what SQLite throws in `body`:
    /// Unavailable (interrupted, locked) or Corruption.
    Result<void> run(const char* doing, const std::function<void(ReaderConnection&)>& body);

    enum class Gate : std::uint8_t { Closed, StillBusy };
    /// No more leases; waits kGateWait for those that are out, then interrupts them, and waits
    /// kInterruptWait more. StillBusy: some are out still; the gate is open again.
    Gate close_gate();
    void open_gate();

    static constexpr Milliseconds kLeaseWait{2'000};
    static constexpr Milliseconds kGateWait{200};
    static constexpr Milliseconds kInterruptWait{100};

 private:
    void give_back(ReaderConnection& connection);
    bool all_are_back() const { return idle_.size() == connections_.size(); }

    const std::vector<std::unique_ptr<ReaderConnection>> connections_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    std::vector<ReaderConnection*> idle_;
    bool is_closed_ = false;
};

}  // namespace skald::store::sqlite
