#include "store/sqlite/event_index.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>

#include "store/event_rules.h"

namespace skald::store::sqlite {
namespace {

constexpr std::size_t kSliceMoved = 1'024;
constexpr std::uint32_t kSliceSwept = 4'096;
constexpr std::int64_t kFirstHash = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLastHash = std::numeric_limits<std::int64_t>::max();
/// So often, in the time for which entries are kept, the old ones are deleted.
constexpr int kSweeps = 8;

EventIndex::Entry entry_in(const Rows& rows, int first) {
    return {EventKey{rows.integer(first)}, rows.time(first + 1)};
}

}  // namespace

EventIndex::EventIndex(SQLite::Database& database, Transactions& transactions, Milliseconds kept)
    : transactions_(transactions),
      kept_(kept),
      rows_(database, "event_recent(hash, event, at)"),
      // A round that was broken off by a crash begins anew.
      moved_(database, "event_hash(hash, event, at)", OnConflict::Ignore),
      find_(database, "SELECT event, at FROM event_hash WHERE hash = ? AND at >= ? ORDER BY event"),
      last_(database, "SELECT coalesce(max(pos), 0) FROM event_recent"),
      erase_moved_(database, "DELETE FROM event_recent WHERE pos <= ?"),
      sweep_to_(database,
                "SELECT hash FROM event_hash WHERE hash > ? ORDER BY hash LIMIT 1 OFFSET ?"),
      has_old_(database,
               "SELECT 1 FROM event_hash WHERE hash > ? AND hash <= ? AND at < ? LIMIT 1"),
      erase_old_(database, "DELETE FROM event_hash WHERE hash > ? AND hash <= ? AND at < ?"),
      erase_old_recent_(database, "DELETE FROM event_recent WHERE at < ?"),
      keep_swept_at_(database, "UPDATE meta SET value = ? WHERE name = 'events_swept_at'") {
    Prepared recent(database, "SELECT hash, event, at FROM event_recent");
    for (Rows rows = recent.query(); rows.next();) {
        const Entry entry = entry_in(rows, 1);
        recent_.add({rows.integer(0), entry.event, entry.at});
    }
    Prepared swept(database, "SELECT value FROM meta WHERE name = 'events_swept_at'");
    Rows rows = swept.query();
    rows.next();
    next_sweep_ = rows.time(0) + kept_ / kSweeps;
}

void EventIndex::begin_transaction() {
    rows_.begin();
    added_.clear();
}

void EventIndex::committed() {
    recent_.add_all(added_);
    added_.clear();
}

void EventIndex::add(std::int64_t hash, const Entry& entry) {
    rows_.hold(hash, entry.event, entry.at);
    added_.add({hash, entry.event, entry.at});
}

// In this order they were added.
void EventIndex::find(std::int64_t hash, Timestamp since,
                      const std::function<Look(const Entry&)>& each) {
    for (Rows rows = find_.query(hash, since); rows.next();) {
        if (each(entry_in(rows, 0)) == Look::Stop) {
            return;
        }
    }
    for (const EventHashes* hashes : {&moving_, &recent_, &added_}) {
        if (find_in(*hashes, hash, since, each) == Look::Stop) {
            return;
        }
    }
}

EventIndex::Look EventIndex::find_in(const EventHashes& hashes, std::int64_t hash, Timestamp since,
                                     const std::function<Look(const Entry&)>& each) const {
    std::vector<Entry> found;
    hashes.find(hash, [&](const EventHashes::Row& row) {
        if (row.at >= since) found.push_back({row.event, row.at});
    });
    std::sort(found.begin(), found.end(),
              [](const Entry& a, const Entry& b) { return a.event < b.event; });
    const bool is_stopped = std::any_of(found.begin(), found.end(), [&each](const Entry& entry) {
        return each(entry) == Look::Stop;
    });
    return is_stopped ? Look::Stop : Look::GoOn;
}

Result<bool> EventIndex::slice(Timestamp now) {
    if (round_.empty() && recent_.size() >= kRound) {
        begin_round();
    }
    return round_.empty() ? sweep_some(now) : move_some(now);
}

void EventIndex::begin_round() {
    {
        Rows rows = last_.query();
        rows.next();
        last_moving_ = rows.integer(0);
    }
    std::swap(moving_, recent_);
    round_ = moving_.rows();
    std::sort(round_.begin(), round_.end(),
              [](const EventHashes::Row& a, const EventHashes::Row& b) {
                  return std::tie(a.hash, a.event) < std::tie(b.hash, b.event);
              });
    next_ = 0;
}

Result<bool> EventIndex::move_some(Timestamp now) {
    const std::size_t end = std::min(next_ + kSliceMoved, round_.size());
    const Timestamp since = kept_since(now, kept_);
    const auto done = transactions_.run("move hashes of events", [&]() -> Result<void> {
        moved_.begin();
        for (std::size_t i = next_; i < end; ++i) {
            const auto& [hash, event, at] = round_[i];
            if (at >= since) {
                moved_.add(hash, event, at);
            }
        }
        moved_.finish();
        if (end == round_.size()) {
            erase_moved_.run(last_moving_);
        }
        return {};
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    next_ = end;
    if (next_ == round_.size()) {
        round_ = {};
        moving_.clear();
    }
    return true;
}

Result<bool> EventIndex::sweep_some(Timestamp now) {
    if (!swept_ && now < next_sweep_) {
        return false;
    }
    const std::int64_t from = swept_.value_or(kFirstHash);
    std::int64_t to = kLastHash;
    {
        Rows rows = sweep_to_.query(from, kSliceSwept);
        if (rows.next()) {
            to = rows.integer(0);
        }
    }
    if (auto done = delete_old(from, to, kept_since(now, kept_)); !done) {
        return tl::unexpected(done.error());
    }
    swept_ = to;
    if (to == kLastHash) {
        const auto swept = from == kFirstHash ? Swept::AtOnce : Swept::InSlices;
        if (auto done = end_sweep(now, swept); !done) {
            return tl::unexpected(done.error());
        }
    }
    return true;
}

Result<void> EventIndex::delete_old(std::int64_t from, std::int64_t to, Timestamp before) {
    if (!has_old_.query(from, to, before).next()) {
        return {};
    }
    return transactions_.run("forget old events", [&]() -> Result<void> {
        erase_old_.run(from, to, before);
        return {};
    });
}

/// A sweep of one slice costs so little that each start may begin with one: it need not be written
/// down.
Result<void> EventIndex::end_sweep(Timestamp now, Swept swept) {
    const Timestamp since = kept_since(now, kept_);
    const bool has_old =
        std::any_of(recent_.rows().begin(), recent_.rows().end(),
                    [since](const EventHashes::Row& row) { return row.at < since; });
    if (swept == Swept::InSlices || has_old) {
        auto done = transactions_.run("forget old events", [&]() -> Result<void> {
            erase_old_recent_.run(since);
            if (swept == Swept::InSlices) {
                keep_swept_at_.run(now);
            }
            return {};
        });
        if (!done) {
            return done;
        }
        recent_.drop_before(since);
    }
    swept_.reset();
    next_sweep_ = now + kept_ / kSweeps;
    return {};
}

}  // namespace skald::store::sqlite
