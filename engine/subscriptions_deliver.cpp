#include <algorithm>
#include <optional>
#include <utility>

#include "engine/subscriptions.h"
#include "engine/text_hash.h"
#include "engine/webhook_signature.h"
#include "sagas/check.h"

/// How events reach their subscribers: who asks gets them, others are called.
namespace skald::engine {
namespace {

/// Starts of one trigger at once.
constexpr std::size_t kStartsMax = 64;

std::size_t parallel_max(const SubscriptionDocument& document) {
    if (const auto* push = std::get_if<Push>(&document.how)) return push->max_parallel;
    return std::holds_alternative<StartSaga>(document.how) ? kStartsMax : Deliveries::kWindow;
}

/// Why a call failed; none: it did not.
std::optional<std::string> failure_of(const sagas::Answer& answer) {
    if (const auto* reply = std::get_if<sagas::Reply>(&answer)) {
        if (reply->status >= 200 && reply->status < 300) return std::nullopt;
        return "HTTP " + std::to_string(reply->status);
    }
    if (const auto* unsent = std::get_if<sagas::NotSent>(&answer)) return unsent->reason;
    return std::get<sagas::Lost>(answer).reason;
}

/// Streams of a broker drop what they have, whichever of their subjects it came by, and whoever
/// published it: so the subject is part of it, and the event, for others have a bridge and a topic
/// of the same names, and so has a database that was restored.
std::string message_id(const std::string& topic, store::Offset offset, const Relay& to,
                       const std::string& event) {
    return topic + '/' + std::to_string(static_cast<std::int64_t>(offset)) + '@' + to.bridge + '/' +
           to.subject + '#' + hash_text(event);
}

}  // namespace

// ---- How an attempt ended ----------------------------------------------------------------------

/// False: its lease was over.
bool Subscriptions::delivered(Subscription& subscription, const Lease& lease) {
    if (subscription.deliveries.acknowledge(lease) == Deliveries::Answered::Stale) return false;
    subscription.over.push_back(lease.offset);
    parts_.telemetry.event_delivered(subscription.name, Telemetry::Delivery::Delivered);
    return true;
}

/// False: its lease was over.
bool Subscriptions::failed(Subscription& subscription, const Lease& lease, std::string error) {
    const auto refused =
        subscription.deliveries.refuse(lease, std::move(error), parts_.clock.now());
    if (refused == Deliveries::Refused::Stale) return false;
    tell_failed(subscription, refused);
    return true;
}

void Subscriptions::tell_failed(const Subscription& subscription, Deliveries::Refused refused) {
    parts_.telemetry.event_delivered(subscription.name, refused == Deliveries::Refused::Dead
                                                            ? Telemetry::Delivery::Dead
                                                            : Telemetry::Delivery::Failed);
}

// ---- Who asks ----------------------------------------------------------------------------------

void Subscriptions::serve_fetches(Subscription& subscription, sagas::Timestamp now) {
    auto& fetches = subscription.fetches;
    const sagas::Timestamp until = now + std::get<Pull>(subscription.document.how).visibility;
    while (!fetches.empty() && !is_draining_ && !parts_.is_held()) {
        const Fetch& first = fetches.front();
        if (subscription.deliveries.has_ready() && first.is_wanted && !first.is_wanted()) {
            first.done(std::vector<Fetch::Delivery>{});
            fetches.pop_front();
            --fetches_;
            continue;
        }
        const auto taken = subscription.deliveries.take(fetches.front().limit, now, until);
        if (taken.empty()) break;
        std::vector<Fetch::Delivery> given;
        given.reserve(taken.size());
        for (const auto& [lease, attempt] : taken) {
            given.push_back({lease, attempt, until, subscription.texts.at(lease.offset)});
        }
        fetches.front().done(std::move(given));
        fetches.pop_front();
        --fetches_;
    }
    fetches_ -= std::erase_if(fetches, [&](const Fetch& fetch) {
        const bool is_ended = is_over(subscription, fetch, now);
        if (is_ended) fetch.done(std::vector<Fetch::Delivery>{});
        return is_ended;
    });
}

bool Subscriptions::is_over(const Subscription& subscription, const Fetch& fetch,
                            sagas::Timestamp now) const {
    const bool may_be_served_soon = subscription.is_reading && now < fetch.until + kLookAgainAfter;
    return is_draining_ || (fetch.until <= now && !may_be_served_soon);
}

void Subscriptions::end_fetches(Subscription& subscription, const Fetch::Result& result) {
    for (Fetch& fetch : std::exchange(subscription.fetches, {})) {
        fetch.done(result);
        --fetches_;
    }
}

// ---- Who is called -----------------------------------------------------------------------------

void Subscriptions::hand_out(Subscription& subscription, sagas::Timestamp now) {
    if (subscription.probe_at && *subscription.probe_at > now) return;
    const std::size_t most = subscription.probe_at ? 1 : parallel_max(subscription.document);
    while (subscription.in_flight < most && !is_draining_ && !parts_.is_held()) {
        const auto taken =
            subscription.deliveries.take(most - subscription.in_flight, now, kForever);
        if (taken.empty()) return;
        for (const Deliveries::Taken& each : taken) {
            std::visit([&](const auto& to) { send(subscription, to, each); },
                       subscription.document.how);
        }
    }
}

CallId Subscriptions::open_call(Subscription& subscription, const Lease& lease) {
    const CallId id = parts_.next_call();
    calls_.emplace(id, Call{subscription.key, lease});
    ++subscription.in_flight;
    return id;
}

void Subscriptions::send(Subscription&, const Pull&, const Deliveries::Taken&) {
    SKALD_CHECK(false);
}

void Subscriptions::send(Subscription& subscription, const Push& to,
                         const Deliveries::Taken& taken) {
    const auto secret = parts_.secrets.find(to.secret);
    const auto key = secret ? read_webhook_secret(*secret) : tl::unexpected(sagas::Error{});
    if (!key) {
        failed(
            subscription, taken.lease,
            "not sent: secret " + to.secret + (secret ? " is no webhook secret" : " is not there"));
        return;
    }
    std::string body = subscription.texts.at(taken.lease.offset);
    auto headers = webhook_headers(*key, webhook_id(subscription.name, taken.lease.offset),
                                   parts_.clock.now(), body);
    headers.emplace_back("Content-Type", "application/cloudevents+json");
    parts_.caller.call(open_call(subscription, taken.lease),
                       {"POST", to.scheme, to.host, to.port, to.target, std::move(headers),
                        std::move(body), to.timeout},
                       taken.attempt);
}

void Subscriptions::send(Subscription& subscription, const Relay& to,
                         const Deliveries::Taken& taken) {
    const store::Offset offset = taken.lease.offset;
    const std::string& topic = subscription.document.topic;
    const std::string& event = subscription.texts.at(offset);
    parts_.broker.publish(
        open_call(subscription, taken.lease),
        {to.bridge, topic, to.subject, message_id(topic, offset, to, event), event});
}

bool Subscriptions::answered(CallId id, const sagas::Answer& answer) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return false;
    const Call call = found->second;
    calls_.erase(found);
    parts_.wake();
    Subscription* const subscription = find(call.subscription);
    if (subscription == nullptr) return true;
    --subscription->in_flight;
    const auto failure = failure_of(answer);
    const bool is_recalled = is_draining_ && std::holds_alternative<sagas::NotSent>(answer);
    if (!failure) {
        delivered(*subscription, call.lease);
    } else if (!is_recalled) {
        failed(*subscription, call.lease, *failure);
    }
    stir(*subscription);
    return true;
}

// ---- Sagas that are started --------------------------------------------------------------------

void Subscriptions::send(Subscription& subscription, const StartSaga& to,
                         const Deliveries::Taken& taken) {
    ++subscription.in_flight;
    const store::SubscriptionKey key = subscription.key;
    const Lease lease = taken.lease;
    parts_.loader.prepare_trigger(
        {to.definition, subscription.document.topic, subscription.texts.at(lease.offset)},
        [this, key, lease](sagas::Result<Start> start) {
            auto carried = std::make_shared<sagas::Result<Start>>(std::move(start));
            parts_.in_turn(
                [this, key, lease, carried] { begin_start(key, lease, std::move(*carried)); });
        });
}

void Subscriptions::begin_start(store::SubscriptionKey key, const Lease& lease,
                                sagas::Result<Start> start) {
    Subscription* const subscription = find(key);
    if (subscription == nullptr || is_draining_) return;
    if (start) {
        start->done = [this, key, lease](const Start::Result& result) {
            started(key, lease, result);
        };
        parts_.start(std::move(*start));
        return;
    }
    --subscription->in_flight;
    if (start.error().code == sagas::ErrorCode::Unavailable) {
        subscription->deliveries.put_back(lease, parts_.clock.now() + kLookAgainAfter);
    } else {
        failed(*subscription, lease, start.error().message);
    }
    stir(*subscription);
}

/// Also where an earlier process, or an earlier event with its source and id, started it.
void Subscriptions::started(store::SubscriptionKey key, const Lease& lease,
                            const Start::Result& result) {
    Subscription* const subscription = find(key);
    if (subscription == nullptr) return;
    --subscription->in_flight;
    if (std::holds_alternative<Busy>(result)) {
        subscription->probe_at = parts_.clock.now() + kLookAgainAfter;
        subscription->deliveries.put_back(lease, *subscription->probe_at);
    } else {
        subscription->probe_at.reset();
        delivered(*subscription, lease);
    }
    stir(*subscription);
}

}  // namespace skald::engine
