#include "store/memory_subscriptions.h"

#include <algorithm>

#include "store/event_rules.h"

namespace skald::store::memory {

void Subscriptions::replace(const std::optional<OwnedSet>& set, Committed& committed) {
    if (!set) {
        return;
    }
    std::vector<LatestSubscription> there;
    for (const auto& [name, key] : names_) {
        const Subscription& each = all_.at(key);
        if (each.owner == set->owner) there.push_back(latest(each));
    }
    for (OwnedChange& change : owned_changes(*set, there)) {
        if (change.how == SubscriptionWritten::How::Made) {
            change.key = make(change.subscription, set->owner, set->at);
        } else if (change.how == SubscriptionWritten::How::NewVersion) {
            all_.at(change.key).documents.push_back({change.subscription.source, set->at});
        } else {
            erase(change.key);
        }
        committed.owned.push_back(std::move(change));
    }
}

void Subscriptions::write(const SubscriptionRows& rows, Committed& committed) {
    for (const auto& change : rows.changes) {
        committed.subscriptions.push_back(
            std::visit([this](const auto& which) { return apply(which); }, change));
    }
    for (const auto& change : rows.bridges) {
        std::visit(
            [&](const auto& which) {
                committed.bridges.push_back(apply(which));
                replace(owned_set(which, committed.bridges.back()), committed);
            },
            change);
    }
    write_deliveries(rows);
}

void Subscriptions::write_deliveries(const SubscriptionRows& rows) {
    const auto at_each = [this](const auto& list, const auto& apply_to) {
        for (const auto& each : list) {
            if (Subscription* const subscription = find(each.subscription)) {
                apply_to(*subscription, each);
            }
        }
    };
    at_each(rows.progress, [](Subscription& subscription, const Progress& progress) {
        subscription.cursor = progress.cursor;
        subscription.settled = progress.settled;
    });
    at_each(rows.ended, [](Subscription& subscription, const DeliveryPlace& place) {
        subscription.failed.erase(place.offset);
    });
    at_each(rows.failed, [](Subscription& subscription, const FailedDelivery& failed) {
        subscription.failed.insert_or_assign(failed.offset, failed);
    });
    at_each(rows.revived, [](Subscription& subscription, const DeliveryPlace& place) {
        const auto letter = subscription.dead.find(place.offset);
        if (letter != subscription.dead.end()) letter->second.is_revived = true;
    });
    at_each(rows.buried, [](Subscription& subscription, const DeliveryPlace& place) {
        subscription.dead.erase(place.offset);
    });
    at_each(rows.dead, [](Subscription& subscription, const DeadLetter& letter) {
        subscription.dead.insert_or_assign(letter.offset, letter);
    });
}

SubscriptionOutcome Subscriptions::apply(const PutSubscription& put) {
    SubscriptionOutcome outcome = decide(put, latest(put.name));
    auto* const written = std::get_if<SubscriptionWritten>(&outcome);
    if (written != nullptr && written->how == SubscriptionWritten::How::Made) {
        written->key = make({put.name, put.topic, put.source, put.begin}, "", put.at);
    } else if (written != nullptr && written->how == SubscriptionWritten::How::NewVersion) {
        all_.at(written->key).documents.push_back({put.source, put.at});
    }
    return outcome;
}

SubscriptionOutcome Subscriptions::apply(const DeleteSubscription& deletion) {
    SubscriptionOutcome outcome = decide(deletion, latest(deletion.name));
    if (const auto* written = std::get_if<SubscriptionWritten>(&outcome)) {
        erase(written->key);
    }
    return outcome;
}

BridgeOutcome Subscriptions::apply(const PutBridge& put) {
    const BridgeOutcome outcome = decide(put, latest_bridge(put.name));
    const auto* written = std::get_if<BridgeWritten>(&outcome);
    if (written != nullptr && written->how != BridgeWritten::How::EqualToLatest) {
        bridges_[put.name].push_back({put.source, put.at});
    }
    return outcome;
}

BridgeOutcome Subscriptions::apply(const DeleteBridge& deletion) {
    const BridgeOutcome outcome = decide(deletion, latest_bridge(deletion.name));
    if (std::holds_alternative<BridgeWritten>(outcome)) {
        bridges_.erase(deletion.name);
    }
    return outcome;
}

SubscriptionKey Subscriptions::make(const OwnedSubscription& subscription, const std::string& owner,
                                    Timestamp at) {
    last_ = SubscriptionKey{static_cast<std::int64_t>(last_) + 1};
    all_.emplace(last_, Subscription{last_,
                                     subscription.name,
                                     owner,
                                     subscription.topic,
                                     {{subscription.source, at}},
                                     subscription.begin,
                                     {},
                                     {},
                                     {}});
    names_.emplace(subscription.name, last_);
    return last_;
}

void Subscriptions::erase(SubscriptionKey key) {
    names_.erase(all_.at(key).name);
    all_.erase(key);
}

Subscriptions::Subscription* Subscriptions::find(SubscriptionKey key) {
    const auto found = all_.find(key);
    return found == all_.end() ? nullptr : &found->second;
}

std::optional<LatestSubscription> Subscriptions::latest(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? std::nullopt : std::optional{latest(all_.at(found->second))};
}

LatestSubscription Subscriptions::latest(const Subscription& subscription) {
    return {subscription.key,
            subscription.name,
            subscription.topic,
            static_cast<std::uint32_t>(subscription.documents.size()),
            subscription.documents.back().source,
            subscription.cursor};
}

std::optional<LatestBridge> Subscriptions::latest_bridge(const std::string& name) const {
    const auto found = bridges_.find(name);
    if (found == bridges_.end()) {
        return std::nullopt;
    }
    return LatestBridge{static_cast<std::uint32_t>(found->second.size()),
                        found->second.back().source};
}

std::map<std::string, Offset> Subscriptions::settled() const {
    std::map<std::string, Offset> least;
    for (const auto& [key, each] : all_) {
        const auto [found, is_new] = least.try_emplace(each.topic, each.cursor);
        if (!is_new) found->second = std::min(found->second, each.cursor);
    }
    return least;
}

std::optional<SubscriptionRow> Subscriptions::subscription(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? std::nullopt : std::optional{row(all_.at(found->second))};
}

std::vector<SubscriptionRow> Subscriptions::subscriptions(std::string_view after,
                                                          std::uint32_t limit) const {
    std::vector<SubscriptionRow> found;
    for (auto at = names_.upper_bound(std::string(after));
         at != names_.end() && found.size() < limit; ++at) {
        found.push_back(row(all_.at(at->second)));
    }
    return found;
}

std::vector<DeadLetter> Subscriptions::dead_letters(SubscriptionKey key, Offset after,
                                                    std::uint32_t limit) const {
    std::vector<DeadLetter> found;
    const auto subscription = all_.find(key);
    if (subscription == all_.end()) {
        return found;
    }
    const auto& dead = subscription->second.dead;
    std::size_t bytes = 0;
    for (auto at = dead.upper_bound(after);
         at != dead.end() && found.size() < limit && bytes < kEventPageBytesMax; ++at) {
        found.push_back(at->second);
        bytes += at->second.event.size();
    }
    return found;
}

std::vector<StoredSubscription> Subscriptions::stored() const {
    std::vector<StoredSubscription> found;
    for (const auto& [key, each] : all_) {
        StoredSubscription subscription{row(each), {}, {}};
        subscription.row.failing = 0;
        subscription.row.dead_letters = 0;
        for (const auto& [offset, failed] : each.failed) {
            subscription.failed.push_back(failed);
        }
        for (const auto& [offset, letter] : each.dead) {
            if (letter.is_revived) subscription.revived.push_back(letter);
        }
        found.push_back(std::move(subscription));
    }
    return found;
}

SubscriptionRow Subscriptions::row(const Subscription& subscription) {
    const auto& documents = subscription.documents;
    return {subscription.key,
            subscription.name,
            subscription.owner,
            subscription.topic,
            static_cast<std::uint32_t>(documents.size()),
            documents.back().source,
            documents.front().at,
            documents.back().at,
            subscription.cursor,
            subscription.settled,
            subscription.failed.size(),
            subscription.dead.size()};
}

std::optional<BridgeRow> Subscriptions::bridge(const std::string& name) const {
    const auto found = bridges_.find(name);
    if (found == bridges_.end()) {
        return std::nullopt;
    }
    const auto& documents = found->second;
    return BridgeRow{name, static_cast<std::uint32_t>(documents.size()), documents.back().source,
                     documents.front().at, documents.back().at};
}

std::vector<BridgeRow> Subscriptions::bridges(std::string_view after, std::uint32_t limit) const {
    std::vector<BridgeRow> found;
    for (auto at = bridges_.upper_bound(std::string(after));
         at != bridges_.end() && found.size() < limit; ++at) {
        found.push_back(*bridge(at->first));
    }
    return found;
}

}  // namespace skald::store::memory
