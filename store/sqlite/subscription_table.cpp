#include "store/sqlite/subscription_table.h"

#include <algorithm>

namespace skald::store::sqlite {
namespace {

const std::string kLatestSubscription =
    "SELECT subscription.key, subscription.name, subscription.topic, subscription.version,"
    " document.source, subscription.cursor FROM subscription CROSS JOIN subscription_version"
    " AS document ON document.subscription = subscription.key"
    " AND document.version = subscription.version WHERE subscription.";

LatestSubscription latest_in(const Rows& rows) {
    return {SubscriptionKey{rows.integer(0)},
            rows.text(1),
            rows.text(2),
            static_cast<std::uint32_t>(rows.integer(3)),
            rows.text(4),
            Offset{rows.integer(5)}};
}

}  // namespace

SubscriptionTable::SubscriptionTable(SQLite::Database& database, DeliveryTable& deliveries)
    : deliveries_(deliveries),
      latest_(database, kLatestSubscription + "name = ?"),
      owned_(database, kLatestSubscription +
                           "owner = ? AND subscription.owner <> '' ORDER BY subscription.name"),
      next_key_(database,
                "SELECT max((SELECT coalesce(max(key), 0) FROM subscription),"
                " (SELECT value FROM meta WHERE name = 'subscription_max')) + 1"),
      insert_(database,
              "INSERT INTO subscription(key, name, owner, topic, version, cursor, settled)"
              " VALUES (?, ?, ?, ?, 0, ?, '')"),
      insert_version_(database,
                      "INSERT INTO subscription_version(subscription, version, source, created_at)"
                      " VALUES (?, ?, ?, ?)"),
      set_version_(database, "UPDATE subscription SET version = ?2 WHERE key = ?1"),
      advance_(database, "UPDATE subscription SET cursor = ?2, settled = ?3 WHERE key = ?1"),
      keep_maximum_(database,
                    "UPDATE meta SET value = max(value, ?) WHERE name = 'subscription_max'"),
      erase_versions_(database, "DELETE FROM subscription_version WHERE subscription = ?"),
      erase_(database, "DELETE FROM subscription WHERE key = ?") {}

SubscriptionOutcome SubscriptionTable::write(const PutSubscription& put) {
    SubscriptionOutcome outcome = decide(put, latest(put.name));
    auto* const written = std::get_if<SubscriptionWritten>(&outcome);
    if (written != nullptr && written->how == SubscriptionWritten::How::Made) {
        written->key = make({put.name, put.topic, put.source, put.begin}, "", put.at);
    } else if (written != nullptr && written->how == SubscriptionWritten::How::NewVersion) {
        add_version(written->key, written->version, put.source, put.at);
    }
    return outcome;
}

SubscriptionOutcome SubscriptionTable::write(const DeleteSubscription& deletion) {
    SubscriptionOutcome outcome = decide(deletion, latest(deletion.name));
    if (const auto* written = std::get_if<SubscriptionWritten>(&outcome)) {
        erase(written->key);
    }
    return outcome;
}

void SubscriptionTable::write(const Progress& progress) {
    advance_.run(progress.subscription, progress.cursor, progress.settled);
}

std::vector<OwnedChange> SubscriptionTable::replace(const OwnedSet& set) {
    const std::vector<LatestSubscription> there = all_of(set.owner);
    std::vector<OwnedChange> changes = owned_changes(set, there);
    for (OwnedChange& change : changes) {
        if (change.how == SubscriptionWritten::How::Made) {
            change.key = make(change.subscription, set.owner, set.at);
        } else if (change.how == SubscriptionWritten::How::NewVersion) {
            const auto old = std::ranges::find(there, change.key, &LatestSubscription::key);
            add_version(change.key, old->version + 1, change.subscription.source, set.at);
        } else {
            erase(change.key);
        }
    }
    return changes;
}

SubscriptionKey SubscriptionTable::make(const OwnedSubscription& subscription,
                                        const std::string& owner, Timestamp at) {
    SubscriptionKey key{};
    {
        Rows rows = next_key_.query();
        rows.next();
        key = SubscriptionKey{rows.integer(0)};
    }
    insert_.run(key, subscription.name, owner, subscription.topic, subscription.begin);
    add_version(key, 1, subscription.source, at);
    return key;
}

void SubscriptionTable::add_version(SubscriptionKey key, std::uint32_t version,
                                    const std::string& source, Timestamp at) {
    insert_version_.run(key, version, source, at);
    set_version_.run(key, version);
}

void SubscriptionTable::erase(SubscriptionKey key) {
    keep_maximum_.run(key);
    deliveries_.erase(key);
    erase_versions_.run(key);
    erase_.run(key);
}

std::optional<LatestSubscription> SubscriptionTable::latest(const std::string& name) {
    Rows rows = latest_.query(name);
    return rows.next() ? std::optional{latest_in(rows)} : std::nullopt;
}

std::vector<LatestSubscription> SubscriptionTable::all_of(const std::string& owner) {
    std::vector<LatestSubscription> found;
    for (Rows rows = owned_.query(owner); rows.next();) {
        found.push_back(latest_in(rows));
    }
    return found;
}

}  // namespace skald::store::sqlite
