#pragma once

#include <array>
#include <cstdint>

#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes the journal, the summaries and how many sagas have which status; inside a transaction of
/// the caller. Its members may throw SQLite::Exception. Errors: Corruption.
class SagaTable {
 public:
    explicit SagaTable(SQLite::Database& database);

    /// The first row of a saga whose own row is written.
    void begin(const NewSaga& start, Position position);

    enum class Written : std::uint8_t { Yes, SagaIsGone };
    /// `last`: the highest key that was given; a saga up to it that isn't there was deleted, or
    /// lost when it was to start.
    Result<Written> append(const Append& row, Position position, SagaKey last);
    Result<void> update(const Summary& summary, SagaKey last);

    /// What is deleted of a saga's journal.
    struct Erased {
        std::int64_t rows;
        Position last;
        Timestamp at;
    };
    Erased erase_journal(SagaKey saga, sagas::Status status);

    /// At the start of a transaction (the one before may have been rolled back).
    void clear_counts() { changes_ = {}; }
    /// At its end: the counts as they changed since.
    void write_counts();

 private:
    std::optional<std::int64_t> status_of(SagaKey saga);
    std::int64_t& change(sagas::Status status) {
        return changes_[static_cast<std::size_t>(status)];
    }

    Prepared insert_first_, insert_next_, status_, update_, count_, journal_end_, erase_journal_;
    std::array<std::int64_t, 6> changes_{};  ///< By status.
};

}  // namespace skald::store::sqlite
