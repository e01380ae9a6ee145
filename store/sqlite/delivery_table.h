#pragma once

#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Writes what came of deliveries: those that failed, and dead letters; inside a transaction of the
/// caller.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class DeliveryTable {
 public:
    explicit DeliveryTable(SQLite::Database& database);

    /// As SubscriptionRows says.
    void write(const SubscriptionRows& rows);
    /// All of a subscription that is deleted.
    void erase(SubscriptionKey subscription);

 private:
    Prepared end_, fail_, revive_, bury_, die_;
    Prepared erase_failed_, erase_dead_;
};

}  // namespace skald::store::sqlite
