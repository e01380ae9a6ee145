#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "store/sqlite/event_hashes.h"
#include "store/sqlite/event_key.h"
#include "store/sqlite/prepared.h"
#include "store/sqlite/row_groups.h"
#include "store/sqlite/transactions.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// The hashes of what events are known by and found by; each may stand for several events.
///
/// Hashes fall anywhere among those that are there, and each would be a page to write. So they are
/// written in the order they come, and remembered, until there are kRound of them: moved to their
/// places in one go, in the order of hashes, many of them share a page. Those that are too old to
/// be of use are deleted in the order of hashes too, every now and then.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class EventIndex {
 public:
    /// The database must be migrated, and no other connection writes, as long as this lives.
    /// `kept`: for how long an entry is of use.
    EventIndex(SQLite::Database& database, Transactions& transactions, Milliseconds kept);

    /// At the start of a transaction: forgets what the one before added, if it is not known as
    /// committed.
    void begin_transaction();
    /// At its end: what is not yet written.
    void finish() { rows_.finish(); }
    /// After the commit.
    void committed();

    struct Entry {
        EventKey event;
        Timestamp at;
    };
    void add(std::int64_t hash, const Entry& entry);

    /// Those of `hash` that were added at `since` or later, in this transaction too, until `each`
    /// gives Stop. Those of one topic come in their order, some of them twice; the event may be
    /// gone.
    enum class Look : std::uint8_t { GoOn, Stop };
    void find(std::int64_t hash, Timestamp since, const std::function<Look(const Entry&)>& each);

    /// One slice of some milliseconds of what is to be moved or deleted, outside a transaction.
    /// True: there is more to do now. Errors: as Writer::maintain.
    Result<bool> slice(Timestamp now);

    static constexpr std::size_t kRound = 65'536;

 private:
    Look find_in(const EventHashes& hashes, std::int64_t hash, Timestamp since,
                 const std::function<Look(const Entry&)>& each) const;
    void begin_round();
    Result<bool> move_some(Timestamp now);
    Result<bool> sweep_some(Timestamp now);
    Result<void> delete_old(std::int64_t from, std::int64_t to, Timestamp before);
    enum class Swept : std::uint8_t { AtOnce, InSlices };
    Result<void> end_sweep(Timestamp now, Swept swept);

    Transactions& transactions_;
    const Milliseconds kept_;
    RowGroups<std::int64_t, EventKey, Timestamp> rows_;
    RowGroups<std::int64_t, EventKey, Timestamp> moved_;
    Prepared find_, last_, erase_moved_;
    Prepared sweep_to_, has_old_, erase_old_, erase_old_recent_, keep_swept_at_;

    EventHashes added_;   ///< In this transaction.
    EventHashes recent_;  ///< Before it, and not yet moved.
    // A round: they are moved in the order of their hashes.
    EventHashes moving_;
    std::vector<EventHashes::Row> round_;  ///< As `moving_`.
    std::size_t next_ = 0;                 ///< Of `round_`; those before it are moved.
    std::int64_t last_moving_ = 0;         ///< The last row of `moving_`.
    // A sweep.
    std::optional<std::int64_t> swept_;  ///< Up to this hash; none: there is no sweep under way.
    Timestamp next_sweep_;
};

}  // namespace skald::store::sqlite
