#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"
#include "store/subscription_rules.h"

namespace skald::store::memory {

/// Subscriptions, what is known of their deliveries, and bridges; of the memory store.
class Subscriptions {
 public:
    /// What `set` comes to, if there is one, goes into `committed`.
    void replace(const std::optional<OwnedSet>& set, Committed& committed);
    /// As Batch says; what it came to goes into `committed`.
    void write(const SubscriptionRows& rows, Committed& committed);

    /// Of each topic that is subscribed to: up to there, all have settled it.
    std::map<std::string, Offset> settled() const;

    // As Reader and Recovery say; none: NotFound.
    std::optional<SubscriptionRow> subscription(const std::string& name) const;
    std::vector<SubscriptionRow> subscriptions(std::string_view after, std::uint32_t limit) const;
    std::vector<DeadLetter> dead_letters(SubscriptionKey key, Offset after,
                                         std::uint32_t limit) const;
    std::vector<StoredSubscription> stored() const;
    std::optional<BridgeRow> bridge(const std::string& name) const;
    std::vector<BridgeRow> bridges(std::string_view after, std::uint32_t limit) const;

 private:
    struct Document {
        std::string source;
        Timestamp at;
    };
    struct Subscription {
        SubscriptionKey key;
        std::string name, owner, topic;
        std::vector<Document> documents;
        Offset cursor;
        std::string settled;
        std::map<Offset, FailedDelivery> failed;
        std::map<Offset, DeadLetter> dead;
    };

    SubscriptionOutcome apply(const PutSubscription& put);
    SubscriptionOutcome apply(const DeleteSubscription& deletion);
    BridgeOutcome apply(const PutBridge& put);
    BridgeOutcome apply(const DeleteBridge& deletion);
    void write_deliveries(const SubscriptionRows& rows);

    SubscriptionKey make(const OwnedSubscription& subscription, const std::string& owner,
                         Timestamp at);
    void erase(SubscriptionKey key);
    /// Null: it is gone.
    Subscription* find(SubscriptionKey key);
    std::optional<LatestSubscription> latest(const std::string& name) const;
    static LatestSubscription latest(const Subscription& subscription);
    std::optional<LatestBridge> latest_bridge(const std::string& name) const;
    static SubscriptionRow row(const Subscription& subscription);

    std::map<SubscriptionKey, Subscription> all_;
    std::map<std::string, SubscriptionKey> names_;
    SubscriptionKey last_{};  ///< That was ever given.
    std::map<std::string, std::vector<Document>> bridges_;
};

}  // namespace skald::store::memory
