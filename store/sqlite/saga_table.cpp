#include "store/sqlite/saga_table.h"

#include <string>

#include "store/codec.h"

namespace skald::store::sqlite {
namespace {

tl::unexpected<Error> broken(SagaKey saga, const std::string& what) {
    return sagas::fail(ErrorCode::Corruption,
                       "saga " + std::to_string(static_cast<std::int64_t>(saga)) + ": " + what);
}

/// Columns that are mostly empty: NULL takes no space.
std::optional<std::string> none_if_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional{text};
}

}  // namespace

SagaTable::SagaTable(SQLite::Database& database)
    : insert_first_(database,
                    "INSERT INTO journal(pos, saga, seq, at, type, data)"
                    " VALUES (?, ?, 1, ?, ?, ?)"),
      // A row without the one before it would break the journal for ever.
      insert_next_(database,
                   "INSERT INTO journal(pos, saga, seq, at, type, data)"
                   " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS"
                   " (SELECT 1 FROM journal WHERE saga = ?2 AND seq = ?3 - 1)"),
      status_(database, "SELECT status FROM saga WHERE key = ?"),
      update_(database,
              "UPDATE saga SET status = ?2, ended_at = ?3, failing_since = ?4, last_error = ?5,"
              " last_step = ?6 WHERE key = ?1"),
      count_(database, "UPDATE count SET sagas = sagas + ?2 WHERE status = ?1"),
      journal_end_(database,
                   "SELECT pos, at, seq FROM journal WHERE saga = ? ORDER BY seq DESC LIMIT 1"),
      erase_journal_(database, "DELETE FROM journal WHERE saga = ?") {}

void SagaTable::begin(const NewSaga& start, Position position) {
    insert_first_.run(position, start.key, start.begun.at, sagas::RecordType::Begun,
                      encode(start.begun));
    ++change(sagas::Status::Running);
}

Result<SagaTable::Written> SagaTable::append(const Append& row, Position position, SagaKey last) {
    const int rows = insert_next_.run(position, row.saga, row.seq, row.record.at,
                                      sagas::type(row.record.cause), encode(row.record));
    if (rows == 1) {
        return Written::Yes;
    }
    if (row.saga <= last && !status_of(row.saga)) {
        return Written::SagaIsGone;
    }
    return broken(row.saga, "journal row " + std::to_string(row.seq) + " has none before it");
}

Result<void> SagaTable::update(const Summary& summary, SagaKey last) {
    const std::optional<std::int64_t> before = status_of(summary.saga);
    if (!before) {
        if (summary.saga <= last) {
            return {};
        }
        return broken(summary.saga, "a summary of a saga that was never started");
    }
    update_.run(summary.saga, summary.status, summary.ended_at, summary.failing_since,
                none_if_empty(summary.last_error), none_if_empty(summary.last_step));
    --changes_.at(static_cast<std::size_t>(*before));
    ++change(summary.status);
    return {};
}

SagaTable::Erased SagaTable::erase_journal(SagaKey saga, sagas::Status status) {
    Erased erased{};
    {
        Rows rows = journal_end_.query(saga);
        rows.next();
        erased.last = Position{rows.integer(0)};
        erased.at = rows.time(1);
    }
    erased.rows = erase_journal_.run(saga);
    --change(status);
    return erased;
}

void SagaTable::write_counts() {
    for (std::int64_t status = 0; status < static_cast<std::int64_t>(changes_.size()); ++status) {
        const std::int64_t by = changes_[static_cast<std::size_t>(status)];
        if (by != 0) {
            count_.run(status, by);
        }
    }
}

std::optional<std::int64_t> SagaTable::status_of(SagaKey saga) {
    Rows rows = status_.query(saga);
    return rows.next() ? std::optional{rows.integer(0)} : std::nullopt;
}

}  // namespace skald::store::sqlite
