#pragma once

#include <optional>

#include "store/sqlite/bridge_table.h"
#include "store/sqlite/delivery_table.h"
#include "store/sqlite/subscription_table.h"
#include "store/store.h"
#include "store/subscription_rules.h"

namespace skald::store::sqlite {

/// Writes what a batch has of subscriptions and bridges; inside a transaction of the caller. A
/// batch without them costs no statement.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class SubscriptionLog {
 public:
    explicit SubscriptionLog(SQLite::Database& database)
        : deliveries_(database), subscriptions_(database, deliveries_), bridges_(database) {}

    /// What `set` comes to, if there is one, goes into `committed`.
    void replace(const std::optional<OwnedSet>& set, Committed& committed);
    /// What it came to goes into `committed`.
    void write(const SubscriptionRows& rows, Committed& committed);

 private:
    DeliveryTable deliveries_;
    SubscriptionTable subscriptions_;
    BridgeTable bridges_;
};

}  // namespace skald::store::sqlite
