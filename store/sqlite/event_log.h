#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/sqlite/event_index.h"
#include "store/sqlite/event_table.h"
#include "store/sqlite/expectation_table.h"
#include "store/sqlite/key_hash.h"
#include "store/sqlite/prepared.h"
#include "store/sqlite/saga_table.h"
#include "store/sqlite/topic_table.h"
#include "store/sqlite/transactions.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes what a batch has of the event log, and finds what waits for what; inside a transaction of
/// the caller. A batch without events costs no statement.
///
/// Threads: as its connection. Members may throw SQLite::Exception. Errors: Corruption.
class EventLog {
 public:
    /// The database must be migrated, and no other connection writes, as long as this lives. `key`:
    /// of the hashes. `sagas` lives longer; it says which of them are there.
    EventLog(SQLite::Database& database, Transactions& transactions, const HashKey& key,
             const EventRules& rules, SagaTable& sagas);

    /// At the start of a transaction (the one before may have been rolled back).
    void begin_transaction();
    /// After the commit.
    void committed();

    /// A row of the batch is written.
    void look_at(SagaKey saga, const Record& row);
    // What `batch` has that this transaction has not seen yet; what it came to goes into
    // `committed`.
    /// Finds what its events hit, and puts the rest off.
    Result<void> publish(const Batch& batch, Committed& committed);
    /// After it.
    Result<void> write(const Batch& batch, Committed& committed);
    /// At the end of the transaction.
    void finish();

    /// `saga` leaves memory.
    void park(SagaKey saga) { parked_.push_back(saga); }
    /// `saga` is deleted.
    void erase(SagaKey saga) { expectations_.erase(saga); }

    /// As EventIndex.
    Result<bool> slice(Timestamp now) { return index_.slice(now); }

 private:
    /// How much of the batch is written; it may grow.
    struct Progress {
        std::size_t match_paths = 0, topics = 0, events = 0, told_hits = 0;
        std::size_t not_new = 0, expectations = 0;  ///< Of Batch::expectations, both.
    };
    /// Where in Committed::event_hits; it becomes a row if it isn't told in this transaction.
    struct FreshHit {
        EventKey event;
        Waiting waiting;
        std::size_t index;
    };

    enum class IsNew : std::uint8_t { Yes, No };
    Result<void> enter(const Batch& batch, IsNew is_new, std::size_t& next, Committed& committed);
    Result<void> enter(const NewExpectation& expectation, std::vector<EventHit>& hits);
    void find_earlier(const Waiting& waiting, const std::vector<std::int64_t>& hashes,
                      Timestamp since, std::vector<EventHit>& hits);
    Result<void> publish(const NewEvent& event, Committed& committed);
    std::vector<Waiting> find_waiting(const NewEvent& event, std::vector<std::int64_t>& hashes);
    bool is_hit(EventKey event, const Waiting& waiting);
    void note_hit(EventKey event, const Waiting& waiting, EventHit hit,
                  std::vector<EventHit>& hits);
    void erase(const ToldHit& told, std::vector<EventHit>& hits);
    std::vector<std::int64_t> hashes_of(const std::vector<std::string>& keys) const;

    const HashKey key_;
    const EventRules rules_;
    SagaTable& sagas_;
    TopicTable topics_;
    EventIndex index_;
    EventTable events_;
    ExpectationTable expectations_;
    Prepared insert_path_;
    // Of this transaction.
    Progress written_;
    std::vector<FreshHit> fresh_hits_;
    std::vector<SagaKey> ended_, parked_;
};

}  // namespace skald::store::sqlite
