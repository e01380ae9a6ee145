#pragma once

#include <cstdint>
#include <optional>

#include "store/sqlite/event_key.h"
#include "store/sqlite/prepared.h"
#include "store/sqlite/transactions.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Deletes events that their topics keep no longer, for their age or their size, in slices of some
/// milliseconds; but none that a step waited for and was not told of, and none for its age that a
/// subscription of its topic has not settled.
///
/// Threads: the writer's. Members may throw SQLite::Exception.
class EventRetention {
 public:
    /// `kept`: where a topic doesn't say for how long.
    EventRetention(SQLite::Database& database, Transactions& transactions, Milliseconds kept);

    /// True: there is more to do now; else the next call begins anew. Errors: as Writer::maintain.
    Result<bool> slice(Timestamp now);

 private:
    /// A topic that has something old.
    struct Old {
        TopicKey topic;
        Offset first;
        Timestamp deletable_before;
        bool has_old_event;
        std::uint64_t bytes_over;  ///< Beyond what it may hold.
    };
    /// Its oldest events.
    struct Piece {
        EventKey last;
        std::uint64_t bytes;
    };
    std::optional<Old> next_old(Timestamp now);
    Old read(const Rows& row, Timestamp now) const;
    /// False: nothing of it can go now.
    Result<bool> delete_some(const Old& old);
    std::optional<Piece> deletable(const Old& old);
    EventKey end_of_told(const Old& old);
    Offset settled_by_all(TopicKey topic);

    Transactions& transactions_;
    const Milliseconds kept_;
    Prepared topics_, oldest_, untold_, settled_, erase_, shorten_;
    TopicKey looked_at_{};  ///< Topics up to this have nothing old, as far as this round knows.
    bool is_cut_ = false;   ///< There may be topics that this round did not look at.
};

}  // namespace skald::store::sqlite
