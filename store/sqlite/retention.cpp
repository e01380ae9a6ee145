#include "store/sqlite/retention.h"

#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <string>

#include "store/retention_rules.h"
#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

constexpr std::size_t kSliceSagas = 64;
constexpr std::int64_t kSliceRows = 512;  ///< Of journals; the last saga of a slice may exceed it.
constexpr std::uint32_t kSliceTombstones = 512;
constexpr const char* kSlicePages = "PRAGMA incremental_vacuum(256)";  ///< 1 MiB.
/// Fewer free pages than this, or than a quarter of the file, are left for the sagas to come.
constexpr std::int64_t kFreePagesMin = 4'096;

std::int64_t number(Prepared& query) {
    Rows rows = query.query();
    return rows.next() ? rows.integer(0) : 0;
}

}  // namespace

RetentionSlices::RetentionSlices(SQLite::Database& database, Transactions& transactions,
                                 Tables tables, const Retention& retention,
                                 const EventRules& event_rules)
    : database_(database),
      transactions_(transactions),
      starts_(tables.starts),
      sagas_(tables.sagas),
      events_(tables.events),
      retention_(retention),
      event_retention_(database, transactions, event_rules.retain_for),
      ended_(database,
             "SELECT key FROM saga INDEXED BY saga_ended WHERE status = ? AND has_key = ?"
             " AND ended_at < ? AND held IS NULL ORDER BY ended_at LIMIT ?"),
      erase_parked_(database, "DELETE FROM parked WHERE saga = ?"),
      erase_lock_(database,
                  "DELETE FROM lock"
                  " WHERE saga = ?1 AND hash = (SELECT hash FROM lock WHERE saga = ?1)"),
      keep_maximum_(database, "UPDATE meta SET value = max(value, ?2) WHERE name = ?1"),
      oldest_tombstone_(database, "SELECT at FROM tombstone ORDER BY at LIMIT 1"),
      free_pages_(database, "PRAGMA freelist_count"),
      pages_(database, "PRAGMA page_count"),
      vacuum_(database, kSlicePages) {}

Result<bool> RetentionSlices::step(Timestamp now) {
    if (next_look_ && now < *next_look_) {
        return false;
    }
    Result<bool> more = false;
    try {
        more = slice(now);
    } catch (const SQLite::Exception& exception) {
        return tl::unexpected(to_error(exception, database_, "look for what to delete"));
    }
    next_look_ = more && *more ? std::nullopt : std::optional{now + kInterval};
    return more;
}

Result<bool> RetentionSlices::slice(Timestamp now) {
    const auto true_if_done = [](const Result<void>& done) -> Result<bool> {
        return done ? Result<bool>(true) : tl::unexpected(done.error());
    };
    if (const auto found = candidates(now); !found.empty()) {
        const Result<void> done = transactions_.run(
            "delete " + std::to_string(found.size()) + " sagas", [&] { return erase(found, now); });
        if (done) {
            sagas_.committed();
        }
        return true_if_done(done);
    }
    if (has_old_tombstones(now)) {
        return true_if_done(transactions_.run("delete old tombstones", [&]() -> Result<void> {
            starts_.forget_tombstones(now - kTombstoneKept, kSliceTombstones);
            return {};
        }));
    }
    if (const Result<bool> more = events_.slice(now); !more || *more) {
        return more;
    }
    if (const Result<bool> more = event_retention_.slice(now); !more || *more) {
        return more;
    }
    if (has_many_free_pages()) {
        return true_if_done(transactions_.run("free pages", [&]() -> Result<void> {
            Rows rows = vacuum_.query();  // A row for each page.
            while (rows.next()) {
            }
            return {};
        }));
    }
    return false;
}

std::vector<RetentionSlices::Candidate> RetentionSlices::candidates(Timestamp now) {
    std::vector<Candidate> found;
    for (const sagas::Status status :
         {sagas::Status::Completed, sagas::Status::Compensated, sagas::Status::Abandoned}) {
        for (const bool has_key : {false, true}) {
            const auto before = deletable_before(retention_, status, has_key, now);
            if (!before || found.size() == kSliceSagas) {
                continue;
            }
            Rows rows = ended_.query(status, std::uint32_t{has_key}, *before,
                                     std::uint64_t{kSliceSagas - found.size()});
            while (rows.next()) {
                found.push_back({SagaKey{rows.integer(0)}, status});
            }
        }
    }
    return found;
}

Result<void> RetentionSlices::erase(const std::vector<Candidate>& candidates, Timestamp now) {
    sagas_.begin_transaction();
    SagaTable::Erased all{};
    SagaKey last_saga{};
    for (const Candidate& candidate : candidates) {
        if (Result<void> done = starts_.erase(candidate.saga, now); !done) {
            return done;
        }
        erase_parked_.run(candidate.saga);
        erase_lock_.run(candidate.saga);
        events_.erase(candidate.saga);
        const auto erased = sagas_.erase_journal(candidate.saga, candidate.status);
        all = {all.rows + erased.rows, std::max(all.last, erased.last),
               std::max(all.at, erased.at)};
        last_saga = std::max(last_saga, candidate.saga);
        if (all.rows >= kSliceRows) {
            break;
        }
    }
    sagas_.finish();
    keep_maximum_.run(std::string("saga_max"), last_saga);
    keep_maximum_.run(std::string("position_max"), all.last);
    keep_maximum_.run(std::string("time_max"), all.at);
    return {};
}

bool RetentionSlices::has_old_tombstones(Timestamp now) {
    Rows rows = oldest_tombstone_.query();
    return rows.next() && rows.time(0) < now - kTombstoneKept;
}

bool RetentionSlices::has_many_free_pages() {
    const std::int64_t free = number(free_pages_);
    return free >= kFreePagesMin && free >= number(pages_) / 4;
}

}  // namespace skald::store::sqlite
