#include "store/sqlite/writer.h"

#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sagas/check.h"
#include "store/event_rules.h"
#include "store/lock_rules.h"
#include "store/sqlite/connection.h"

namespace skald::store::sqlite {
namespace {

Position next(Position position) { return Position{static_cast<std::int64_t>(position) + 1}; }

std::string doing_of(const Batch& batch) {
    std::string doing =
        "commit " + std::to_string(batch.starts.size() + batch.rows.size()) + " journal rows";
    const auto add = [&doing](std::size_t count, const char* what) {
        if (count > 0) doing += " and " + std::to_string(count) + what;
    };
    add(batch.events.size(), " events");
    add(batch.subscriptions.size(), " rows of subscriptions");
    return doing;
}

tl::unexpected<Error> has_stopped(const std::string& doing) {
    return sagas::fail(ErrorCode::Corruption,
                       doing + ": an earlier failure left the state of the disk unknown; restart");
}

}  // namespace

SqliteWriter::SqliteWriter(SQLite::Database& database, ReaderPool& readers,
                           const SqliteOptions& options, std::string folder)
    : database_(database),
      transactions_(database, options.lock_wait),
      definitions_(database),
      starts_(database),
      sagas_(database),
      families_(database),
      locks_(database, starts_.hash_key()),
      parks_(database),
      events_(database, transactions_, starts_.hash_key(), options.events, sagas_),
      subscriptions_(database),
      retention_(database, transactions_, {starts_, sagas_, events_}, options.retention,
                 options.events),
      checkpointer_(database, readers, options.wal_bytes_max),
      disk_space_(std::move(folder), options.free_bytes_min, options.free_bytes),
      copying_(database) {
    Prepared last(database,
                  "SELECT max((SELECT coalesce(max(key), 0) FROM saga),"
                  " (SELECT value FROM meta WHERE name = 'saga_max')),"
                  " max((SELECT coalesce(max(pos), 0) FROM journal),"
                  " (SELECT value FROM meta WHERE name = 'position_max'))");
    Rows rows = last.query();
    rows.next();
    last_saga_ = SagaKey{rows.integer(0)};
    last_position_ = Position{rows.integer(1)};
}

Result<Committed> SqliteWriter::write(const Batch& batch, const OnHits& on_hits) {
    const std::string doing = doing_of(batch);
    if (has_failed_) {
        return has_stopped(doing);
    }
    Applied applied{{}, last_saga_, {}};
    applied.committed.last = last_position_;
    if (!batch.empty()) {
        Result<void> done =
            transactions_.run(doing, [&] { return apply(batch, on_hits, applied); });
        if (!done) {
            stop_if_corrupt(done.error());
            return tl::unexpected(done.error());
        }
        sagas_.committed();
        events_.committed();
    }
    last_saga_ = applied.last_saga;
    last_position_ = applied.committed.last;
    applied.committed.space = disk_space_.look();
    return std::move(applied.committed);
}

Result<void> SqliteWriter::apply(const Batch& batch, const OnHits& on_hits, Applied& applied) {
    starts_.begin_transaction();
    sagas_.begin_transaction();
    events_.begin_transaction();
    locks_.clear_heads();
    for (const auto& change : batch.definitions) {
        std::visit([&](const auto& which) { apply_definition(which, applied.committed); }, change);
    }
    for (const NewSaga& start : batch.starts) {
        if (Result<void> done = apply_start(start, applied); !done) {
            return done;
        }
    }
    if (Result<void> done = events_.publish(batch, applied.committed); !done) {
        return done;
    }
    // The rest is written while somebody thinks about them.
    const auto& hits = applied.committed.event_hits;
    const Grow grow = on_hits && has_untold(hits) ? on_hits(hits) : Grow();
    if (Result<void> done = apply_sagas(batch, applied); !done) {
        return done;
    }
    for (const Park& park : batch.parks) {
        parks_.park(park);
        events_.park(park.saga);
    }
    if (Result<void> done = events_.write(batch, applied.committed); !done) {
        return done;
    }
    if (grow) {
        grow();
        if (Result<void> done = apply_growth(batch, applied); !done) {
            return done;
        }
    }
    events_.finish();
    subscriptions_.write(batch.subscriptions, applied.committed);
    starts_.finish();
    sagas_.finish();
    applied.committed.lock_heads = locks_.new_heads();
    return {};
}

/// What of it is not applied yet.
Result<void> SqliteWriter::apply_sagas(const Batch& batch, Applied& applied) {
    for (; applied.rows < batch.rows.size(); ++applied.rows) {
        if (Result<void> done = apply_row(batch.rows[applied.rows], applied); !done) {
            return done;
        }
    }
    for (; applied.summaries < batch.summaries.size(); ++applied.summaries) {
        const Summary& summary = batch.summaries[applied.summaries];
        if (Result<void> done = apply_summary(summary, applied); !done) {
            return done;
        }
    }
    for (; applied.unparks < batch.unparks.size(); ++applied.unparks) {
        parks_.unpark(batch.unparks[applied.unparks]);
    }
    return {};
}

Result<void> SqliteWriter::apply_growth(const Batch& batch, Applied& applied) {
    Result<void> done = events_.publish(batch, applied.committed);
    if (done) done = apply_sagas(batch, applied);
    return done ? events_.write(batch, applied.committed) : done;
}

template <typename Change>
void SqliteWriter::apply_definition(const Change& change, Committed& committed) {
    committed.definitions.push_back(definitions_.write(change));
    subscriptions_.replace(owned_set(change, committed.definitions.back()), committed);
}

Result<void> SqliteWriter::apply_start(const NewSaga& start, Applied& applied) {
    SKALD_CHECK(start.key > last_saga_);
    auto outcome = starts_.write(start);
    if (!outcome) {
        return tl::unexpected(outcome.error());
    }
    if (std::holds_alternative<StartWritten>(*outcome)) {
        applied.committed.last = next(applied.committed.last);
        sagas_.begin(start, applied.committed.last);
        if (start.parent) {
            families_.enter(start);
        }
        if (const std::string* lock = wanted_lock(start.begun)) {
            locks_.enter(start, *lock);
        }
        events_.look_at(start.key, start.begun);
    } else {
        applied.dropped.insert(start.key);
    }
    // Of a start that lost, too: its rows may still be on their way.
    applied.last_saga = std::max(applied.last_saga, start.key);
    applied.committed.starts.push_back(std::move(*outcome));
    return {};
}

Result<void> SqliteWriter::apply_row(const Append& row, Applied& applied) {
    if (applied.dropped.contains(row.saga)) {
        return {};
    }
    const Position position = next(applied.committed.last);
    const auto written = sagas_.append(row, position, applied.last_saga);
    if (!written) {
        return tl::unexpected(written.error());
    }
    if (*written == SagaTable::Written::SagaIsGone) {
        return {};
    }
    applied.committed.last = position;
    if (std::holds_alternative<sagas::LockGranted>(row.record.cause)) {
        locks_.grant(row.saga);
    }
    if (row.record.decision.end) {
        locks_.leave(row.saga);
    }
    events_.look_at(row.saga, row.record);
    return {};
}

Result<void> SqliteWriter::apply_summary(const Summary& summary, const Applied& applied) {
    if (applied.dropped.contains(summary.saga)) {
        return {};
    }
    Result<void> done = sagas_.update(summary, applied.last_saga);
    if (done && sagas::is_terminal(summary.status)) {
        families_.release_children(summary.saga);
    }
    return done;
}

Result<bool> SqliteWriter::maintain(Timestamp now) {
    if (has_failed_) {
        return has_stopped("keep house");
    }
    if (Result<void> done = checkpointer_.step(); !done) {
        stop_if_corrupt(done.error());
        return tl::unexpected(done.error());
    }
    const bool copies_more = copying_.step();
    Result<bool> more = retention_.step(now);
    if (!more) {
        stop_if_corrupt(more.error());
        const bool is_full = more.error().code == ErrorCode::Unavailable;
        return is_full && copies_more ? Result<bool>(true)
                                      : more;  // The copy goes to another disk.
    }
    return *more || copies_more;
}

void SqliteWriter::stop_if_corrupt(const Error& error) {
    if (error.code != ErrorCode::Corruption) {
        return;
    }
    has_failed_ = true;
    set_checkpoint_at_close(database_, CheckpointAtClose::No);
}

}  // namespace skald::store::sqlite
