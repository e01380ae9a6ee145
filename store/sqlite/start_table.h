#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "store/sqlite/key_hash.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes the row, input and request key of new sagas, and decides whether they may start; inside a
/// transaction of the caller. Its members may throw SQLite::Exception. Errors: Corruption.
class StartTable {
 public:
    /// The hash key is read from the database, which must be migrated.
    explicit StartTable(SQLite::Database& database);

    /// The journal is written by the caller, before the next start.
    Result<StartOutcome> write(const NewSaga& start);

    /// Removes what `write` wrote of a saga that ended, and leaves a tombstone where a client chose
    /// the id. The journal must still be there.
    Result<void> erase(SagaKey saga, Timestamp now);

    void forget_tombstones(Timestamp before, std::uint32_t rows_max);

 private:
    struct Slot {
        std::int64_t hash;
        std::uint32_t salt;
    };
    Result<std::variant<StartRepeats, Slot>> find_key(const sagas::RequestKey& request);
    Result<sagas::RequestKey> stored_key(SagaKey saga);
    std::optional<std::int64_t> find_saga(std::int64_t hash);
    bool is_buried(const NewSaga& start);
    StartRepeats repeated_id(const NewSaga& start);

    HashKey hash_key_{};
    std::uint32_t salts_ = 1;  ///< At least as many as were ever used.
    Prepared insert_saga_, insert_input_, insert_key_, insert_tombstone_, keep_salts_;
    Prepared key_, begun_, id_of_, by_id_, buried_at_, to_erase_;
    Prepared erase_saga_, erase_input_, erase_key_, forget_tombstones_;
};

}  // namespace skald::store::sqlite
