#pragma once

#include <cstdint>
#include <string>

#include "store/sqlite/prepared.h"
#include "store/sqlite/request_keys.h"
#include "store/sqlite/row_groups.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes the row, input and request key of new sagas, and decides whether they may start; inside a
/// transaction of the caller. Its members may throw SQLite::Exception. Errors: Corruption.
class StartTable {
 public:
    /// The database must be migrated.
    explicit StartTable(SQLite::Database& database);

    /// At the start of a transaction.
    void begin_transaction() { inputs_.begin(); }
    /// At its end: what is not yet written.
    void finish() { inputs_.finish(); }

    /// The journal is written by the caller, before the next start.
    Result<StartOutcome> write(const NewSaga& start);

    /// Removes what `write` wrote of a saga that ended, and leaves a tombstone where a client chose
    /// the id. The journal must still be there.
    Result<void> erase(SagaKey saga, Timestamp now);

    void forget_tombstones(Timestamp before, std::uint32_t rows_max);

    /// Of everything that the database keeps by hash.
    const HashKey& hash_key() { return keys_.hash_key(); }

 private:
    bool is_buried(const std::string& text, Timestamp now);

    RequestKeys keys_;
    std::uint32_t salts_;  ///< At least as many as were ever used.
    RowGroups<SagaKey, std::string> inputs_;
    Prepared insert_saga_, insert_key_, insert_tombstone_, keep_salts_;
    Prepared buried_at_, to_erase_;
    Prepared erase_saga_, erase_input_, erase_key_, forget_tombstones_;
};

}  // namespace skald::store::sqlite
