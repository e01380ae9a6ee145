#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "store/sqlite/key_hash.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Finds sagas by the request key or the id they were started with. Keys are stored by hash; their
/// text is in the saga's first journal row.
///
/// Threads: as its connection. Members may throw SQLite::Exception. Errors: Corruption.
class RequestKeys {
 public:
    /// The hash key is read from the database at the first use, which must be migrated by then.
    explicit RequestKeys(SQLite::Database& database);

    /// Where a key may be put.
    struct Slot {
        std::int64_t hash;
        std::uint32_t salt;
    };
    /// Either the saga that has this key, or where the key may be put. Looks at every salt that was
    /// ever needed, for the key that made it necessary may be deleted since.
    /// `salts`: how many there were.
    Result<std::variant<StartRepeats, Slot>> find(const sagas::RequestKey& request,
                                                  std::uint32_t salts);

    /// The saga that holds this id. `body_hash`: of the start that asks for it.
    std::optional<StartRepeats> find_id(const std::string& id, const std::string& body_hash);

    /// The key that `saga` was started with; it must have one.
    Result<sagas::RequestKey> stored(SagaKey saga);

    /// How many salts were ever used.
    std::uint32_t salts();
    const HashKey& hash_key();

 private:
    std::optional<std::int64_t> holder_of(std::int64_t hash);

    std::optional<HashKey> hash_key_;
    Prepared meta_, key_, begun_, id_of_, by_id_;
};

}  // namespace skald::store::sqlite
