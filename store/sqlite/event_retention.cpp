#include "store/sqlite/event_retention.h"

#include <algorithm>
#include <string>

#include "store/event_rules.h"

namespace skald::store::sqlite {
namespace {

constexpr std::uint32_t kSliceEvents = 512;
constexpr std::uint64_t kSliceBytes = 1u << 20;  ///< The last event of a slice may exceed it.
constexpr std::uint32_t kSliceTopics = 256;      ///< That are looked at.

}  // namespace

EventRetention::EventRetention(SQLite::Database& database, Transactions& transactions,
                               Milliseconds kept)
    : transactions_(transactions),
      kept_(kept),
      topics_(database,
              "SELECT key, first, retain_for, bytes - coalesce(retain_bytes, bytes),"
              " (SELECT at FROM event WHERE event.key = (topic.key << 40) + topic.first)"
              " FROM topic WHERE key > ? ORDER BY key LIMIT ?"),
      // A blob's length is counted in bytes.
      oldest_(database,
              "SELECT key, at, length(CAST(json AS BLOB)) FROM event WHERE key >= ? AND key < ?"
              " ORDER BY key LIMIT ?"),
      untold_(database, "SELECT min(event) FROM event_hit WHERE event >= ? AND event < ?"),
      settled_(database,
               "SELECT min(cursor) FROM subscription"
               " WHERE topic = (SELECT name FROM topic WHERE key = ?)"),
      erase_(database, "DELETE FROM event WHERE key >= ? AND key <= ?"),
      shorten_(database, "UPDATE topic SET first = ?2, bytes = bytes - ?3 WHERE key = ?1") {
    static_assert(kOffsetBits == 40);
}

Result<bool> EventRetention::slice(Timestamp now) {
    while (const auto old = next_old(now)) {
        if (Result<bool> deleted = delete_some(*old); !deleted || *deleted) {
            return deleted;
        }
        looked_at_ = old->topic;
    }
    if (!is_cut_) {
        looked_at_ = {};
    }
    return is_cut_;
}

/// None: this round's look ends here.
std::optional<EventRetention::Old> EventRetention::next_old(Timestamp now) {
    std::uint32_t looks = 0;
    for (Rows rows = topics_.query(looked_at_, kSliceTopics); rows.next(); ++looks) {
        const Old old = read(rows, now);
        if (old.has_old_event || old.bytes_over > 0) {
            return old;
        }
        looked_at_ = old.topic;
    }
    is_cut_ = looks == kSliceTopics;
    return std::nullopt;
}

EventRetention::Old EventRetention::read(const Rows& row, Timestamp now) const {
    const Milliseconds kept = row.is_null(2) ? kept_ : Milliseconds{row.integer(2)};
    const Timestamp deletable_before = kept_since(now, kept);
    return {TopicKey{row.integer(0)}, Offset{row.integer(1)}, deletable_before,
            !row.is_null(4) && row.time(4) < deletable_before,
            static_cast<std::uint64_t>(std::max(row.integer(3), std::int64_t{0}))};
}

Result<bool> EventRetention::delete_some(const Old& old) {
    const std::optional<Piece> piece = deletable(old);
    if (!piece) {
        return false;
    }
    const auto done = transactions_.run("delete old events", [&]() -> Result<void> {
        erase_.run(event_key(old.topic, old.first), piece->last);
        shorten_.run(old.topic, next(offset_of(piece->last)), piece->bytes);
        return {};
    });
    return done ? Result<bool>(true) : tl::unexpected(done.error());
}

std::optional<EventRetention::Piece> EventRetention::deletable(const Old& old) {
    std::optional<Piece> piece;
    std::uint64_t bytes_over = old.bytes_over;
    const Offset settled = settled_by_all(old.topic);
    Rows rows = oldest_.query(event_key(old.topic, old.first), end_of_told(old), kSliceEvents);
    while (rows.next() && (!piece || piece->bytes < kSliceBytes)) {
        const EventKey event{rows.integer(0)};
        const bool is_old = rows.time(1) < old.deletable_before && offset_of(event) <= settled;
        if (!is_old && bytes_over == 0) {
            break;
        }
        const auto bytes = static_cast<std::uint64_t>(rows.integer(2));
        bytes_over -= std::min(bytes_over, bytes);
        piece = Piece{event, bytes + (piece ? piece->bytes : 0)};
    }
    return piece;
}

/// A hit is told by the text of its event.
EventKey EventRetention::end_of_told(const Old& old) {
    const EventKey end = end_of(old.topic);
    Rows rows = untold_.query(event_key(old.topic, old.first), end);
    return rows.next() && !rows.is_null(0) ? EventKey{rows.integer(0)} : end;
}

Offset EventRetention::settled_by_all(TopicKey topic) {
    Rows rows = settled_.query(topic);
    return rows.next() && !rows.is_null(0) ? Offset{rows.integer(0)} : Offset{kOffsetMax};
}

}  // namespace skald::store::sqlite
