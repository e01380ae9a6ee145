#include "store/subscription_rules.h"

#include <algorithm>

namespace skald::store {
namespace {

const std::string kDefinitionOwner = "definition/";
const std::string kBridgeOwner = "bridge/";

/// For `if_version`.
template <typename Latest>
std::uint32_t version_of(const std::optional<Latest>& latest) {
    return latest ? latest->version : 0;
}

}  // namespace

SubscriptionOutcome decide(const PutSubscription& put,
                           const std::optional<LatestSubscription>& latest) {
    using How = SubscriptionWritten::How;
    if (put.if_version && *put.if_version != version_of(latest)) {
        return SubscriptionVersionMismatch{version_of(latest)};
    }
    if (!latest) {
        return SubscriptionWritten{SubscriptionKey{}, 1, How::Made};
    }
    if (latest->topic != put.topic) {
        return SubscriptionOfTopic{latest->topic};
    }
    if (latest->source == put.source) {
        return SubscriptionWritten{latest->key, latest->version, How::EqualToLatest};
    }
    return SubscriptionWritten{latest->key, latest->version + 1, How::NewVersion};
}

SubscriptionOutcome decide(const DeleteSubscription& deletion,
                           const std::optional<LatestSubscription>& latest) {
    if (!latest) {
        return SubscriptionNotFound{};
    }
    if (deletion.if_version && *deletion.if_version != latest->version) {
        return SubscriptionVersionMismatch{latest->version};
    }
    return SubscriptionWritten{latest->key, latest->version, SubscriptionWritten::How::Deleted};
}

BridgeOutcome decide(const PutBridge& put, const std::optional<LatestBridge>& latest) {
    using How = BridgeWritten::How;
    if (put.if_version && *put.if_version != version_of(latest)) {
        return BridgeVersionMismatch{version_of(latest)};
    }
    if (!latest) {
        return BridgeWritten{1, How::Made};
    }
    return latest->source == put.source ? BridgeWritten{latest->version, How::EqualToLatest}
                                        : BridgeWritten{latest->version + 1, How::NewVersion};
}

BridgeOutcome decide(const DeleteBridge& deletion, const std::optional<LatestBridge>& latest) {
    if (!latest) {
        return BridgeNotFound{};
    }
    if (deletion.if_version && *deletion.if_version != latest->version) {
        return BridgeVersionMismatch{latest->version};
    }
    return BridgeWritten{latest->version, BridgeWritten::How::Deleted};
}

std::optional<OwnedSet> owned_set(const PutDefinition& put, const DefinitionOutcome& outcome) {
    const auto* written = std::get_if<DefinitionWritten>(&outcome);
    if (written == nullptr || written->how == DefinitionWritten::How::EqualToLatest) {
        return std::nullopt;
    }
    return OwnedSet{kDefinitionOwner + put.name, put.subscriptions, put.at};
}

std::optional<OwnedSet> owned_set(const DeleteDefinition& deletion,
                                  const DefinitionOutcome& outcome) {
    if (!std::holds_alternative<DefinitionWritten>(outcome)) {
        return std::nullopt;
    }
    return OwnedSet{kDefinitionOwner + deletion.name, {}, deletion.at};
}

std::optional<OwnedSet> owned_set(const PutBridge& put, const BridgeOutcome& outcome) {
    const auto* written = std::get_if<BridgeWritten>(&outcome);
    if (written == nullptr || written->how == BridgeWritten::How::EqualToLatest) {
        return std::nullopt;
    }
    return OwnedSet{kBridgeOwner + put.name, put.subscriptions, put.at};
}

std::optional<OwnedSet> owned_set(const DeleteBridge& deletion, const BridgeOutcome& outcome) {
    if (!std::holds_alternative<BridgeWritten>(outcome)) {
        return std::nullopt;
    }
    return OwnedSet{kBridgeOwner + deletion.name, {}, {}};
}

std::vector<OwnedChange> owned_changes(const OwnedSet& set,
                                       const std::vector<LatestSubscription>& there) {
    using How = SubscriptionWritten::How;
    std::vector<OwnedChange> changes;
    const auto is_named = [](const std::string& name) {
        return [&name](const auto& each) { return each.name == name; };
    };
    for (const OwnedSubscription& each : set.subscriptions) {
        const auto found = std::ranges::find_if(there, is_named(each.name));
        if (found == there.end()) {
            changes.push_back({SubscriptionKey{}, How::Made, each});
        } else if (found->source != each.source) {
            changes.push_back({found->key, How::NewVersion, each});
        }
    }
    for (const LatestSubscription& each : there) {
        if (std::ranges::none_of(set.subscriptions, is_named(each.name))) {
            changes.push_back(
                {each.key, How::Deleted, {each.name, each.topic, each.source, each.cursor}});
        }
    }
    return changes;
}

}  // namespace skald::store
