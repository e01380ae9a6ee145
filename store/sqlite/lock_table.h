#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/key_hash.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes which sagas queue for which lock, inside a transaction of the caller. Costs a saga
/// without a lock no statement, as long as none with one was ever met.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class LockTable {
 public:
    /// The database must be migrated. `key`: of the hashes.
    LockTable(SQLite::Database& database, const HashKey& key);

    /// `start` is written; it wants the lock `value`.
    void enter(const NewSaga& start, const std::string& value);
    void grant(SagaKey saga);
    /// `saga` is over.
    void leave(SagaKey saga);

    /// At the start of a transaction (the one before may have been rolled back).
    void clear_heads() { heads_before_.clear(); }
    /// At its end: Committed::lock_heads.
    std::vector<SagaKey> new_heads();

 private:
    std::optional<SagaKey> head(std::int64_t hash);
    void remember_head(std::int64_t hash);

    const HashKey key_;
    Prepared definition_name_, insert_, grant_, hash_of_, erase_, head_;
    bool has_rows_;  ///< False: there are none. Else there may be some.
    std::map<std::int64_t, std::optional<SagaKey>> heads_before_;  ///< Of the queues that changed.
};

}  // namespace skald::store::sqlite
