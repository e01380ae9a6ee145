#include "store/sqlite/saga_table.h"

#include <string>

#include "store/codec.h"
#include "store/sqlite/saga_rows.h"

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
    : rows_(database, "journal(pos, saga, seq, at, type, data)"),
      find_(database,
            "SELECT status, (SELECT max(seq) FROM journal WHERE saga = saga.key)"
            " FROM saga WHERE key = ?"),
      update_(database,
              "UPDATE saga SET status = ?2, ended_at = ?3, failing_since = ?4, last_error = ?5,"
              " last_step = ?6 WHERE key = ?1"),
      count_(database, "UPDATE count SET sagas = sagas + ?2 WHERE status = ?1"),
      journal_end_(database,
                   "SELECT pos, at, seq FROM journal WHERE saga = ? ORDER BY seq DESC LIMIT 1"),
      erase_journal_(database, "DELETE FROM journal WHERE saga = ?") {}

void SagaTable::begin_transaction() {
    rows_.begin();
    changes_ = {};
    over_.clear();
    if (!is_committed_ || known_.size() > kKnownMax) {
        known_.clear();
    }
    is_committed_ = false;
}

void SagaTable::begin(const NewSaga& start, Position position) {
    insert(start.key, 1, start.begun, position);
    if (request_key(start.begun) != nullptr) {
        rows_.finish();  // The next start may ask for the key.
    }
    known_.insert_or_assign(start.key, Known{sagas::Status::Running, 1});
    ++change(sagas::Status::Running);
}

Result<SagaTable::Written> SagaTable::append(const Append& row, Position position, SagaKey last) {
    const Result<Known*> found = find(row.saga);
    if (!found) {
        return tl::unexpected(found.error());
    }
    Known* const saga = *found;
    if (saga == nullptr && row.saga <= last) {
        return Written::SagaIsGone;
    }
    // A row without the one before it would break the journal for ever.
    if (saga == nullptr || saga->last_seq == 0 || row.seq != saga->last_seq + 1) {
        return broken(row.saga, "journal row " + std::to_string(row.seq) + " is not the next one");
    }
    insert(row.saga, row.seq, row.record, position);
    saga->last_seq = row.seq;
    return Written::Yes;
}

Result<void> SagaTable::update(const Summary& summary, SagaKey last) {
    const Result<Known*> found = find(summary.saga);
    if (!found) {
        return tl::unexpected(found.error());
    }
    Known* const saga = *found;
    if (saga == nullptr) {
        if (summary.saga <= last) {
            return {};
        }
        return broken(summary.saga, "a summary of a saga that was never started");
    }
    const int rows =
        update_.run(summary.saga, summary.status, summary.ended_at, summary.failing_since,
                    none_if_empty(summary.last_error), none_if_empty(summary.last_step));
    if (rows != 1) {
        return broken(summary.saga, "its row is no longer there");
    }
    --change(saga->status);
    ++change(summary.status);
    saga->status = summary.status;
    if (sagas::is_terminal(summary.status)) {
        over_.push_back(summary.saga);  // Hardly anything comes after the end.
    }
    return {};
}

Result<bool> SagaTable::is_there(SagaKey saga) {
    const Result<Known*> found = find(saga);
    return found ? Result<bool>(*found != nullptr) : tl::unexpected(found.error());
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
    known_.erase(saga);
    --change(status);
    return erased;
}

void SagaTable::finish() {
    rows_.finish();
    write_counts();
    for (const SagaKey saga : over_) {
        known_.erase(saga);
    }
    over_.clear();
}

void SagaTable::write_counts() {
    for (std::int64_t status = 0; status < static_cast<std::int64_t>(changes_.size()); ++status) {
        const std::int64_t by = changes_[static_cast<std::size_t>(status)];
        if (by != 0) {
            count_.run(status, by);
        }
    }
}

Result<SagaTable::Known*> SagaTable::find(SagaKey saga) {
    if (const auto known = known_.find(saga); known != known_.end()) {
        return &known->second;
    }
    rows_.finish();  // Or the last of them would not be seen.
    Rows rows = find_.query(saga);
    if (!rows.next()) {
        return nullptr;
    }
    const auto status = status_of(rows.integer(0));
    if (!status) {
        return broken(saga, status.error().message);
    }
    const Known known{*status, static_cast<std::uint32_t>(rows.integer(1))};
    return &known_.emplace(saga, known).first->second;
}

void SagaTable::insert(SagaKey saga, std::uint32_t seq, const Record& record, Position position) {
    rows_.add(position, saga, seq, record.at, sagas::type(record.cause), encode(record));
}

}  // namespace skald::store::sqlite
