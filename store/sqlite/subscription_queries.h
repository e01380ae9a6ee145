#pragma once

#include "store/sqlite/prepared.h"

namespace skald::store::sqlite {

/// The statements of a ReaderConnection that read subscriptions, their deliveries, and bridges.
struct SubscriptionQueries {
    /// May throw SQLite::Exception.
    explicit SubscriptionQueries(SQLite::Database& database);

    Prepared by_name, list, all;  ///< As subscription_row reads them.
    Prepared failed, dead, revived;
    Prepared bridge_by_name, bridges;
};

}  // namespace skald::store::sqlite
