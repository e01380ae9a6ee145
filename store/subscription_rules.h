#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"

/// What changes of subscriptions and bridges come to; pure, and the same in every store.
namespace skald::store {

/// A subscription, with its latest version, as it is stored.
struct LatestSubscription {
    SubscriptionKey key;
    std::string name;
    std::string topic;
    std::uint32_t version;
    std::string source;
    Offset cursor;
};
/// Made: it has to be stored, and its key to be chosen. NewVersion: the version has to be stored.
/// Deleted: all of it goes.
SubscriptionOutcome decide(const PutSubscription& put,
                           const std::optional<LatestSubscription>& latest);
SubscriptionOutcome decide(const DeleteSubscription& deletion,
                           const std::optional<LatestSubscription>& latest);

struct LatestBridge {
    std::uint32_t version;
    std::string source;
};
/// As those of subscriptions.
BridgeOutcome decide(const PutBridge& put, const std::optional<LatestBridge>& latest);
BridgeOutcome decide(const DeleteBridge& deletion, const std::optional<LatestBridge>& latest);

/// All the subscriptions that an owner has from now on. Lives as long as the change it is of.
struct OwnedSet {
    std::string owner;
    std::span<const OwnedSubscription> subscriptions;
    Timestamp at;
};
/// None: the change came to nothing, and the owner has what it had.
std::optional<OwnedSet> owned_set(const PutDefinition& put, const DefinitionOutcome& outcome);
std::optional<OwnedSet> owned_set(const DeleteDefinition& deletion,
                                  const DefinitionOutcome& outcome);
std::optional<OwnedSet> owned_set(const PutBridge& put, const BridgeOutcome& outcome);
std::optional<OwnedSet> owned_set(const DeleteBridge& deletion, const BridgeOutcome& outcome);

/// What has to be done to `there`, all that the owner had, in the order of `set`; then the deleted
/// ones, with their topic, latest source and cursor. The keys of those that are made are to be
/// chosen.
std::vector<OwnedChange> owned_changes(const OwnedSet& set,
                                       const std::vector<LatestSubscription>& there);

}  // namespace skald::store
