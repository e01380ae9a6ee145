#include "engine/subscriptions.h"

#include <algorithm>
#include <utility>

#include "sagas/check.h"
#include "sagas/json.h"

namespace skald::engine {
namespace {

/// Errors: Corruption.
sagas::Result<SubscriptionDocument> read_stored(const std::string& name, const std::string& source,
                                                Author author) {
    sagas::Problems problems;
    const auto json = sagas::parse_json(source);
    auto document = json ? read_subscription(*json, author, problems) : SubscriptionDocument{};
    if (!json || !problems.is_empty()) {
        return sagas::fail(sagas::ErrorCode::Corruption,
                           "subscription " + name + ": its document can't be read");
    }
    return document;
}

std::vector<DeliveryTry> tries_of(std::vector<store::FailedDelivery> failed) {
    std::vector<DeliveryTry> tries;
    for (store::FailedDelivery& each : failed) {
        tries.push_back({each.offset, each.attempts, each.next_at, std::move(each.error)});
    }
    return tries;
}

}  // namespace

Subscriptions::Subscriptions(Parts parts, std::uint64_t leases_behind)
    : parts_(std::move(parts)), numbers_{leases_behind} {}

Subscriptions::~Subscriptions() = default;

// ---- Which there are ---------------------------------------------------------------------------

sagas::Result<void> Subscriptions::take_up(std::vector<store::StoredSubscription> stored) {
    for (store::StoredSubscription& each : stored) {
        store::SubscriptionRow& row = each.row;
        auto document =
            read_stored(row.name, row.source, row.owner.empty() ? Author::People : Author::Owner);
        if (!document) return tl::unexpected(document.error());
        auto settled = settled_offsets({row.cursor, row.settled});
        if (!settled) {
            return sagas::fail(settled.error().code,
                               "subscription " + row.name + ": " + settled.error().message);
        }
        Subscription& made = make(row.key, row.name, std::move(*document), std::move(*settled),
                                  tries_of(std::move(each.failed)));
        revive(made, std::move(each.revived));
    }
    return {};
}

/// Dead letters that an earlier process was delivering again.
void Subscriptions::revive(Subscription& subscription, std::vector<store::DeadLetter> letters) {
    for (store::DeadLetter& letter : letters) {
        const auto head = read_event_head(letter.event);
        const auto reopened =
            subscription.deliveries.reopen(letter.offset, head ? head->subject : std::string());
        if (reopened == Deliveries::Reopened::Yes) {
            subscription.keep_text(letter.offset, std::move(letter.event));
        }
    }
}

Subscription& Subscriptions::make(store::SubscriptionKey key, const std::string& name,
                                  SubscriptionDocument document, OffsetRanges settled,
                                  std::vector<DeliveryTry> tries) {
    Deliveries::Rules rules{.name = name, .retry = document.retry};
    by_name_.emplace(name, key);
    by_topic_.emplace(document.topic, key);
    auto made = std::make_unique<Subscription>(key, std::move(document), std::move(rules), numbers_,
                                               std::move(settled), std::move(tries), text_bytes_);
    Subscription& kept = *all_.emplace(key, std::move(made)).first->second;
    stir(kept);
    return kept;
}

std::optional<Busy> Subscriptions::refuses(const store::PutSubscription& put,
                                           std::size_t under_way) const {
    if (by_name_.contains(put.name) || all_.size() + under_way < kSubscriptionsMax) {
        return std::nullopt;
    }
    return Busy{Busy::Why::TooMuch,
                "there are " + std::to_string(kSubscriptionsMax) + " subscriptions; delete some"};
}

std::optional<Busy> Subscriptions::refuses(
    const std::vector<store::OwnedSubscription>& owned) const {
    const auto more = std::count_if(
        owned.begin(), owned.end(),
        [this](const store::OwnedSubscription& each) { return !by_name_.contains(each.name); });
    if (more == 0 || all_.size() + static_cast<std::size_t>(more) <= kSubscriptionsMax) {
        return std::nullopt;
    }
    return Busy{Busy::Why::TooMuch, "there would be more than " +
                                        std::to_string(kSubscriptionsMax) +
                                        " subscriptions, those of triggers and bridges too"};
}

void Subscriptions::changed(
    const std::variant<store::PutSubscription, store::DeleteSubscription>& change,
    std::optional<SubscriptionDocument> document, const store::SubscriptionOutcome& outcome) {
    using How = store::SubscriptionWritten::How;
    const auto* written = std::get_if<store::SubscriptionWritten>(&outcome);
    if (written == nullptr) return;
    if (written->how == How::Made) {
        const auto& put = std::get<store::PutSubscription>(change);
        make(written->key, put.name, std::move(*document), OffsetRanges::begun_at(put.begin), {})
            .is_fresh = true;
    } else if (written->how == How::NewVersion) {
        replace(*all_.at(written->key), std::move(*document));
    } else if (written->how == How::Deleted) {
        erase(*all_.at(written->key));
    }
}

void Subscriptions::changed(const store::OwnedChange& change) {
    using How = store::SubscriptionWritten::How;
    if (change.how == How::Deleted) {
        erase(*all_.at(change.key));
        return;
    }
    const store::OwnedSubscription& owned = change.subscription;
    auto document = read_stored(owned.name, owned.source, Author::Owner);
    SKALD_CHECK(document);  // It was made by owned_subscriptions.h.
    if (change.how == How::Made) {
        make(change.key, owned.name, std::move(*document), OffsetRanges::begun_at(owned.begin), {})
            .is_fresh = true;
    } else if (change.how == How::NewVersion) {
        replace(*all_.at(change.key), std::move(*document));
    }
}

/// Events that are open and not wanted any more are passed over, as if they were read now.
void Subscriptions::replace(Subscription& subscription, SubscriptionDocument document) {
    subscription.deliveries.set_retry(document.retry);
    const bool is_filtered_anew = !(document.filter == subscription.document.filter);
    subscription.document = std::move(document);
    if (is_filtered_anew) {
        for (const auto& [offset, text] : subscription.texts) {
            const auto head = read_event_head(text);
            if (head && subscription.document.filter.wants(*head)) continue;
            subscription.deliveries.drop(offset);
            subscription.over.push_back(offset);
        }
    }
    if (!std::holds_alternative<Pull>(subscription.document.how)) {
        end_fetches(subscription, IsNotPulled{});
    }
    stir(subscription);
}

void Subscriptions::erase(Subscription& subscription) {
    end_fetches(subscription, NoSuchSubscription{});
    for (const auto& [id, call] : calls_) {
        if (call.subscription == subscription.key) parts_.caller.recall(id);
    }
    const auto [first, last] = by_topic_.equal_range(subscription.document.topic);
    by_topic_.erase(std::find_if(first, last, [&subscription](const auto& each) {
        return each.second == subscription.key;
    }));
    by_name_.erase(subscription.name);
    text_bytes_ -= subscription.text_bytes;
    stirred_.erase(subscription.key);
    writable_.erase(subscription.key);
    if (subscription.due) due_.erase({*subscription.due, subscription.key});
    all_.erase(subscription.key);
}

Subscription* Subscriptions::find(store::SubscriptionKey key) {
    const auto found = all_.find(key);
    return found == all_.end() ? nullptr : found->second.get();
}

Subscription* Subscriptions::find(const std::string& name) {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : all_.at(found->second).get();
}

// ---- A look ------------------------------------------------------------------------------------

void Subscriptions::stir(Subscription& subscription) {
    if (stirred_.insert(subscription.key).second) parts_.wake();
}

void Subscriptions::look() {
    const sagas::Timestamp now = parts_.clock.now();
    while (!due_.empty() && due_.begin()->first <= now) {
        Subscription& subscription = *all_.at(due_.begin()->second);
        due_.erase(due_.begin());
        subscription.due.reset();
        stirred_.insert(subscription.key);
    }
    for (const store::SubscriptionKey key : std::exchange(stirred_, {})) look(*all_.at(key), now);
    stir_readers();
}

void Subscriptions::look(Subscription& subscription, sagas::Timestamp now) {
    for (const Deliveries::Refused expired : subscription.deliveries.expire(now)) {
        tell_failed(subscription, expired);
    }
    if (subscription.read_at && *subscription.read_at <= now) subscription.read_at.reset();
    read_on(subscription);
    if (std::holds_alternative<Pull>(subscription.document.how)) {
        serve_fetches(subscription, now);
    } else {
        hand_out(subscription, now);
    }
    read_on(subscription);  // What was ready may have held it back.
    note_unwritten(subscription, now);
    arrange(subscription, now);
    if (parts_.is_held()) stirred_.insert(subscription.key);
}

void Subscriptions::arrange(Subscription& subscription, sagas::Timestamp now) {
    std::optional<sagas::Timestamp> due = subscription.deliveries.next_due();
    const auto sooner = [&due](std::optional<sagas::Timestamp> at) {
        if (at && (!due || *at < *due)) due = at;
    };
    sooner(subscription.read_at);
    if (subscription.probe_at && *subscription.probe_at > now) sooner(subscription.probe_at);
    sooner(subscription.write_at);
    for (const Fetch& fetch : subscription.fetches) sooner(fetch.until);
    // A fetch whose time is over waits for the reading that is under way.
    if (due && *due <= now) due = now + kLookAgainAfter;
    if (due == subscription.due) return;
    if (subscription.due) due_.erase({*subscription.due, subscription.key});
    subscription.due = due;
    if (due) due_.emplace(*due, subscription.key);
}

std::optional<sagas::Timestamp> Subscriptions::next_due() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

void Subscriptions::drain() {
    is_draining_ = true;
    for (const auto& [id, call] : calls_) parts_.caller.recall(id);
    for (const auto& [key, subscription] : all_) stir(*subscription);
}

}  // namespace skald::engine
