#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/delivery_table.h"
#include "store/sqlite/prepared.h"
#include "store/store.h"
#include "store/subscription_rules.h"

namespace skald::store::sqlite {

/// Writes subscriptions, their documents, and how far each of them is; inside a transaction of the
/// caller.
///
/// Threads: as its connection. Members may throw SQLite::Exception.
class SubscriptionTable {
 public:
    /// `deliveries`: of the same connection; lives longer.
    SubscriptionTable(SQLite::Database& database, DeliveryTable& deliveries);

    SubscriptionOutcome write(const PutSubscription& put);
    SubscriptionOutcome write(const DeleteSubscription& deletion);
    void write(const Progress& progress);

    /// The owner has what `set` says, and nothing else. Gives what changed.
    std::vector<OwnedChange> replace(const OwnedSet& set);

 private:
    SubscriptionKey make(const OwnedSubscription& subscription, const std::string& owner,
                         Timestamp at);
    void add_version(SubscriptionKey key, std::uint32_t version, const std::string& source,
                     Timestamp at);
    void erase(SubscriptionKey key);
    std::optional<LatestSubscription> latest(const std::string& name);
    std::vector<LatestSubscription> all_of(const std::string& owner);

    DeliveryTable& deliveries_;
    Prepared latest_, owned_, next_key_, insert_, insert_version_, set_version_, advance_;
    Prepared keep_maximum_, erase_versions_, erase_;
};

}  // namespace skald::store::sqlite
