#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/sqlite/event_log.h"
#include "store/sqlite/event_retention.h"
#include "store/sqlite/prepared.h"
#include "store/sqlite/saga_table.h"
#include "store/sqlite/start_table.h"
#include "store/sqlite/transactions.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Deletes what retention lets go, in slices of some milliseconds: sagas first, then tombstones
/// that are a year old, then what the event log lets go, then it gives free pages back to the file
/// system.
///
/// Threads: the writer's.
class RetentionSlices {
 public:
    /// What knows of the sagas that are deleted.
    struct Tables {
        StartTable& starts;
        SagaTable& sagas;
        EventLog& events;
    };
    RetentionSlices(SQLite::Database& database, Transactions& transactions, Tables tables,
                    const Retention& retention, const EventRules& event_rules);

    /// True: there is more to do now. Once there is nothing, it looks again when `now` is
    /// kInterval later. Errors: as Writer::maintain.
    Result<bool> step(Timestamp now);

    static constexpr Milliseconds kInterval{1'000};

 private:
    struct Candidate {
        SagaKey saga;
        sagas::Status status;
    };
    Result<bool> slice(Timestamp now);
    std::vector<Candidate> candidates(Timestamp now);
    Result<void> erase(const std::vector<Candidate>& candidates, Timestamp now);
    bool has_old_tombstones(Timestamp now);
    bool has_many_free_pages();

    SQLite::Database& database_;
    Transactions& transactions_;
    StartTable& starts_;
    SagaTable& sagas_;
    EventLog& events_;
    const Retention retention_;
    EventRetention event_retention_;
    Prepared ended_, erase_parked_, erase_lock_, keep_maximum_, oldest_tombstone_, free_pages_,
        pages_, vacuum_;
    std::optional<Timestamp> next_look_;
};

}  // namespace skald::store::sqlite
