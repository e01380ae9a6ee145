#pragma once

#include <optional>
#include <string>

#include "store/sqlite/prepared.h"
#include "store/store.h"
#include "store/subscription_rules.h"

namespace skald::store::sqlite {

/// Writes bridges and their documents, inside a transaction of the caller; their subscriptions are
/// SubscriptionTable's.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class BridgeTable {
 public:
    explicit BridgeTable(SQLite::Database& database);

    BridgeOutcome write(const PutBridge& put);
    BridgeOutcome write(const DeleteBridge& deletion);

 private:
    std::optional<LatestBridge> latest(const std::string& name);

    Prepared latest_, set_version_, insert_version_, erase_versions_, erase_;
};

}  // namespace skald::store::sqlite
