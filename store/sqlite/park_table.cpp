#include "store/sqlite/park_table.h"

namespace skald::store::sqlite {

ParkTable::ParkTable(SQLite::Database& database)
    : erase_(database, "DELETE FROM parked WHERE saga = ?"),
      insert_(database,
              "INSERT OR REPLACE INTO parked(saga, wake_at) SELECT key, ?2 FROM saga"
              " WHERE key = ?1") {}

void ParkTable::unpark(SagaKey saga) { erase_.run(saga); }

void ParkTable::park(const Park& park) { insert_.run(park.saga, park.wake_at); }

}  // namespace skald::store::sqlite
