#pragma once

#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes which sagas are parked, inside a transaction of the caller. Members may throw
/// SQLite::Exception.
class ParkTable {
 public:
    explicit ParkTable(SQLite::Database& database);

    void unpark(SagaKey saga);
    void park(const Park& park);

 private:
    Prepared erase_, insert_;
};

}  // namespace skald::store::sqlite
