#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/keys.h"

/// Who wants which events of a topic, and how far he is. What a subscription's document says, and
/// when an event counts as delivered, is the engine's (engine/subscription_document.h,
/// engine/deliveries.h).
namespace skald::store {

// ---- Subscriptions, and what has them for itself
// -------------------------------------------------

/// Makes a subscription, or gives it another document, unless `source` equals the latest one's.
struct PutSubscription {
    std::string name;
    std::string topic;   ///< Of one that is there: the same one.
    std::string source;  ///< Canonical JSON.
    Offset begin;        ///< Of a new one: everything up to it counts as settled.
    /// Needed latest version: none: any; 0: there must be no subscription of that name.
    std::optional<std::uint32_t> if_version;
    Timestamp at;
};
/// With all that is known of its deliveries, dead letters too.
struct DeleteSubscription {
    std::string name;
    std::optional<std::uint32_t> if_version;
};

/// A subscription that a definition (for a trigger) or a bridge (for what goes out) has for itself.
/// Whoever puts the owner says all that it has: those of the same name go on where they are, others
/// are made, and the rest is deleted, with all that is known of it. Its name is of no
/// PutSubscription.
struct OwnedSubscription {
    std::string name;
    std::string topic;
    std::string source;
    Offset begin;
};

/// Makes a bridge to a broker, or gives it another document, unless `source` equals the latest
/// one's.
struct PutBridge {
    std::string name;
    std::string source;  ///< Canonical JSON.
    std::vector<OwnedSubscription> subscriptions;
    std::optional<std::uint32_t> if_version;  ///< As PutSubscription's.
    Timestamp at;
};
struct DeleteBridge {
    std::string name;
    std::optional<std::uint32_t> if_version;
};

// ---- Deliveries --------------------------------------------------------------------------------

/// What is settled of a subscription's topic; replaces what was.
struct Progress {
    SubscriptionKey subscription;
    Offset cursor{};      ///< Everything up to it.
    std::string settled;  ///< What is settled beyond it (engine/offset_ranges.h); empty: nothing.
};
/// An event that failed; replaces what was said of it before.
struct FailedDelivery {
    SubscriptionKey subscription;
    Offset offset;
    std::uint32_t attempts;
    Timestamp next_at;
    std::string error;  ///< Of the last one.
};
/// An event that failed as often as it may; kept, with its text, until it is buried or its
/// subscription is deleted. Replaces what was said of it before.
struct DeadLetter {
    SubscriptionKey subscription;
    Offset offset;
    std::uint32_t attempts;
    Timestamp at;
    std::string error;
    std::string event;
    bool is_revived = false;  ///< It is being delivered again.
};
struct DeliveryPlace {
    SubscriptionKey subscription;
    Offset offset;
};

/// Of one transaction; written in this order. What is about a subscription that is gone is left
/// out; so is what ends and is not there.
struct SubscriptionRows {
    std::vector<std::variant<PutSubscription, DeleteSubscription>> changes;
    std::vector<std::variant<PutBridge, DeleteBridge>> bridges;
    std::vector<Progress> progress;    ///< The last one of a subscription holds.
    std::vector<DeliveryPlace> ended;  ///< FailedDelivery that say nothing any more.
    std::vector<FailedDelivery> failed;
    std::vector<DeliveryPlace> revived;  ///< Dead letters: is_revived from now on.
    std::vector<DeliveryPlace> buried;   ///< Dead letters that are deleted.
    std::vector<DeadLetter> dead;

    bool empty() const;
    std::size_t size() const;  ///< Of all lists together.
};

// ---- What came of it ---------------------------------------------------------------------------

struct SubscriptionWritten {
    SubscriptionKey key;
    std::uint32_t version;
    enum class How : std::uint8_t { Made, NewVersion, EqualToLatest, Deleted } how;
};
struct SubscriptionVersionMismatch {
    std::uint32_t latest;  ///< 0: there is none.
};
struct SubscriptionNotFound {};
/// It is there, and of this topic.
struct SubscriptionOfTopic {
    std::string topic;
};
using SubscriptionOutcome = std::variant<SubscriptionWritten, SubscriptionVersionMismatch,
                                         SubscriptionNotFound, SubscriptionOfTopic>;

struct BridgeWritten {
    std::uint32_t version;
    enum class How : std::uint8_t { Made, NewVersion, EqualToLatest, Deleted } how;
};
struct BridgeVersionMismatch {
    std::uint32_t latest;  ///< 0: there is none.
};
struct BridgeNotFound {};
using BridgeOutcome = std::variant<BridgeWritten, BridgeVersionMismatch, BridgeNotFound>;

/// What became of an owned subscription in a commit: Made, NewVersion or Deleted.
struct OwnedChange {
    SubscriptionKey key;
    SubscriptionWritten::How how;
    OwnedSubscription subscription;
};

// ---- What is read ------------------------------------------------------------------------------

struct SubscriptionRow {
    SubscriptionKey key;
    std::string name;
    std::string owner;  ///< "definition/NAME", "bridge/NAME"; empty: nobody's but its makers'.
    std::string topic;
    std::uint32_t version = 0;
    std::string source;
    Timestamp created_at;  ///< The subscription.
    Timestamp changed_at;  ///< The version.
    Offset cursor{};
    std::string settled;
    std::uint64_t failing = 0;  ///< FailedDelivery that are there.
    std::uint64_t dead_letters = 0;
};

struct BridgeRow {
    std::string name;
    std::uint32_t version = 0;
    std::string source;
    Timestamp created_at;  ///< The bridge.
    Timestamp changed_at;  ///< The version.
};

/// A subscription as the engine takes it up when it starts.
struct StoredSubscription {
    SubscriptionRow row;  ///< Without `failing` and `dead_letters`.
    std::vector<FailedDelivery> failed;
    std::vector<DeadLetter> revived;  ///< Dead letters that were being delivered again.
};

}  // namespace skald::store
