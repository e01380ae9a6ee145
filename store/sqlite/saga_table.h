#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/sqlite/prepared.h"
#include "store/sqlite/row_groups.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes the journal, the summaries and how many sagas have which status; inside a transaction of
/// the caller. Remembers of the sagas under way what it would else have to ask the file for with
/// each of their rows. Its members may throw SQLite::Exception. Errors: Corruption.
class SagaTable {
 public:
    /// No other connection writes, as long as this lives.
    explicit SagaTable(SQLite::Database& database);

    /// At the start of a transaction: unless the one before is known as committed, all that is
    /// remembered is forgotten, for it may have been rolled back.
    void begin_transaction();
    /// At its end: the rows that are not yet written, and the counts as they changed since.
    void finish();
    /// After the commit.
    void committed() { is_committed_ = true; }

    /// The first row of a saga whose own row is written.
    void begin(const NewSaga& start, Position position);

    enum class Written : std::uint8_t { Yes, SagaIsGone };
    /// `last`: the highest key that was given; a saga up to it that isn't there was deleted, or
    /// lost when it was to start.
    Result<Written> append(const Append& row, Position position, SagaKey last);
    Result<void> update(const Summary& summary, SagaKey last);
    Result<bool> is_there(SagaKey saga);

    /// What is deleted of a saga's journal.
    struct Erased {
        std::int64_t rows;
        Position last;
        Timestamp at;
    };
    Erased erase_journal(SagaKey saga, sagas::Status status);

 private:
    /// About so many sagas are remembered; then it begins anew.
    static constexpr std::size_t kKnownMax = 65'536;
    /// Of a saga, as the transaction sees it.
    struct Known {
        sagas::Status status;
        std::uint32_t last_seq;  ///< 0: it has no row.
    };
    /// Null: it isn't there. Else until it is forgotten.
    Result<Known*> find(SagaKey saga);
    void insert(SagaKey saga, std::uint32_t seq, const Record& record, Position position);
    void write_counts();
    std::int64_t& change(sagas::Status status) {
        return changes_.at(static_cast<std::size_t>(status));
    }

    RowGroups<Position, SagaKey, std::uint32_t, Timestamp, sagas::RecordType, std::string> rows_;
    Prepared find_, update_, count_, journal_end_, erase_journal_;
    std::array<std::int64_t, 6> changes_{};  ///< By status.
    std::unordered_map<SagaKey, Known> known_;
    std::vector<SagaKey> over_;  ///< To be forgotten at the end of the transaction.
    bool is_committed_ = false;
};

}  // namespace skald::store::sqlite
