#pragma once

#include <cstdint>
#include <unordered_set>

#include "store/sqlite/checkpointer.h"
#include "store/sqlite/copying.h"
#include "store/sqlite/definition_table.h"
#include "store/sqlite/disk_space.h"
#include "store/sqlite/event_log.h"
#include "store/sqlite/family_table.h"
#include "store/sqlite/lock_table.h"
#include "store/sqlite/park_table.h"
#include "store/sqlite/retention.h"
#include "store/sqlite/saga_table.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/start_table.h"
#include "store/sqlite/subscription_log.h"
#include "store/sqlite/transactions.h"
#include "store/store.h"

namespace skald::store::sqlite {

class SqliteWriter final : public Writer {
 public:
    /// `database` is migrated, and lives longer, as `readers` does. May throw SQLite::Exception.
    SqliteWriter(SQLite::Database& database, ReaderPool& readers, const SqliteOptions& options,
                 std::string folder);

    using Writer::write;
    Result<Committed> write(const Batch& batch, const OnHits& on_hits) override;
    Result<bool> maintain(Timestamp now) override;

    Copying& copying() { return copying_; }
    std::uint64_t wal_bytes() const { return checkpointer_.wal_bytes(); }

 private:
    /// What a batch came to so far; kept once it is committed.
    struct Applied {
        Committed committed;
        SagaKey last_saga;
        std::unordered_set<SagaKey> dropped;  ///< Starts that lost; their rows go with them.
        // Of the batch, which may grow; the log of events counts its own.
        std::size_t rows = 0, summaries = 0, unparks = 0;
    };
    Result<void> apply(const Batch& batch, const OnHits& on_hits, Applied& applied);
    Result<void> apply_sagas(const Batch& batch, Applied& applied);
    Result<void> apply_growth(const Batch& batch, Applied& applied);
    template <typename Change>
    void apply_definition(const Change& change, Committed& committed);
    Result<void> apply_start(const NewSaga& start, Applied& applied);
    Result<void> apply_row(const Append& row, Applied& applied);
    Result<void> apply_summary(const Summary& summary, const Applied& applied);
    /// After it nothing is written any more, and the log stays as it is for the restart.
    void stop_if_corrupt(const Error& error);

    SQLite::Database& database_;
    Transactions transactions_;
    DefinitionTable definitions_;
    StartTable starts_;
    SagaTable sagas_;
    FamilyTable families_;
    LockTable locks_;
    ParkTable parks_;
    EventLog events_;
    SubscriptionLog subscriptions_;
    RetentionSlices retention_;
    Checkpointer checkpointer_;
    DiskSpace disk_space_;
    Copying copying_;
    SagaKey last_saga_{};  ///< The highest that was ever offered.
    Position last_position_{};
    bool has_failed_ = false;
};

}  // namespace skald::store::sqlite
