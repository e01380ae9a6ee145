#include "store/sqlite/subscription_queries.h"

#include <string>

namespace skald::store::sqlite {
namespace {

std::string subscription_sql(const std::string& counts, const std::string& which) {
    return "SELECT subscription.key, subscription.name, owner, topic, subscription.version,"
           " document.source, first.created_at, document.created_at, cursor, settled, " +
           counts +
           " FROM subscription CROSS JOIN subscription_version AS document"
           " ON document.subscription = subscription.key"
           " AND document.version = subscription.version"
           " CROSS JOIN subscription_version AS first"
           " ON first.subscription = subscription.key AND first.version = 1 " +
           which;
}

const std::string kDeliveryCounts =
    "(SELECT count(*) FROM failed_delivery WHERE failed_delivery.subscription = subscription.key),"
    " (SELECT count(*) FROM dead_letter WHERE dead_letter.subscription = subscription.key)";

const std::string kDeadLetters =
    "SELECT subscription, offset, attempts, at, error, event, is_revived FROM dead_letter"
    " WHERE subscription = ?";

const std::string kBridges =
    "SELECT bridge.name, bridge.version, document.source, first.created_at, document.created_at"
    " FROM bridge CROSS JOIN bridge_version AS document"
    " ON document.bridge = bridge.name AND document.version = bridge.version"
    " CROSS JOIN bridge_version AS first ON first.bridge = bridge.name AND first.version = 1"
    " WHERE bridge.name ";

}  // namespace

SubscriptionQueries::SubscriptionQueries(SQLite::Database& database)
    : by_name(database, subscription_sql(kDeliveryCounts, "WHERE subscription.name = ?")),
      list(database, subscription_sql(kDeliveryCounts,
                                      "WHERE subscription.name > ?"
                                      " ORDER BY subscription.name LIMIT ?")),
      all(database, subscription_sql("0, 0", "ORDER BY subscription.key")),
      failed(database,
             "SELECT subscription, offset, attempts, next_at, error FROM failed_delivery"
             " WHERE subscription = ? ORDER BY offset"),
      dead(database, kDeadLetters + " AND offset > ? ORDER BY offset LIMIT ?"),
      revived(database, kDeadLetters + " AND is_revived = 1 ORDER BY offset"),
      bridge_by_name(database, kBridges + "= ?"),
      bridges(database, kBridges + "> ? ORDER BY bridge.name LIMIT ?") {}

}  // namespace skald::store::sqlite
