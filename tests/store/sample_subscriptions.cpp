#include "tests/store/sample_subscriptions.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace skald::store::sample {
namespace {

template <typename Number>
std::string decimal(Number number) {
    return std::to_string(static_cast<std::int64_t>(number));
}

template <typename Value, typename Text>
std::vector<std::string> in_words(const std::vector<Value>& values, const Text& text_of) {
    std::vector<std::string> texts;
    std::transform(values.begin(), values.end(), std::back_inserter(texts), text_of);
    return texts;
}

std::string text_of(SubscriptionWritten::How how) {
    constexpr std::array kHow = {"made", "new", "equal", "deleted"};
    return kHow.at(static_cast<std::size_t>(how));
}

std::string text_of(BridgeWritten::How how) {
    return text_of(static_cast<SubscriptionWritten::How>(how));
}

std::string text_of(const OwnedChange& change) {
    const OwnedSubscription& of = change.subscription;
    return text_of(change.how) + " #" + decimal(change.key) + " " + of.name + " of " + of.topic +
           " from " + decimal(of.begin) + ": " + of.source;
}

std::string text_of(const DeadLetter& letter) {
    return "#" + decimal(letter.subscription) + " " + decimal(letter.offset) + " after " +
           std::to_string(letter.attempts) + ": " + letter.error + " " + letter.event +
           (letter.is_revived ? " again" : "");
}

}  // namespace

PutSubscription subscription(const std::string& name, const std::string& source) {
    return {name, "orders", source, Offset{0}, std::nullopt, at(0)};
}
PutSubscription of_topic(PutSubscription put, const std::string& topic) {
    put.topic = topic;
    return put;
}
PutSubscription begun_behind(PutSubscription put, std::int64_t offset) {
    put.begin = Offset{offset};
    return put;
}
PutSubscription put_at(PutSubscription put, Timestamp when) {
    put.at = when;
    return put;
}
DeleteSubscription unsubscription(const std::string& name) { return {name, std::nullopt}; }

OwnedSubscription owned(const std::string& name, const std::string& source) {
    return {name, "orders", source, Offset{7}};
}
PutBridge bridge(const std::string& name, const std::string& source,
                 std::vector<OwnedSubscription> subscriptions) {
    return {name, source, std::move(subscriptions), std::nullopt, at(0)};
}

Progress progress(std::int64_t subscription, std::int64_t cursor, const std::string& settled) {
    return {SubscriptionKey{subscription}, Offset{cursor}, settled};
}
FailedDelivery failed(std::int64_t subscription, std::int64_t offset, std::uint32_t attempts,
                      const std::string& error) {
    return {SubscriptionKey{subscription}, Offset{offset}, attempts,
            at(std::int64_t{1'000} * attempts), error};
}
DeadLetter dead(std::int64_t subscription, std::int64_t offset, const std::string& error) {
    return {SubscriptionKey{subscription},     Offset{offset}, 16, at(5), error,
            "event " + std::to_string(offset), false};
}
DeliveryPlace place(std::int64_t subscription, std::int64_t offset) {
    return {SubscriptionKey{subscription}, Offset{offset}};
}

std::string text(const SubscriptionOutcome& outcome) {
    if (const auto* written = std::get_if<SubscriptionWritten>(&outcome)) {
        return text_of(written->how) + " #" + decimal(written->key) + " v" +
               std::to_string(written->version);
    }
    if (const auto* mismatch = std::get_if<SubscriptionVersionMismatch>(&outcome)) {
        return "mismatch, latest " + std::to_string(mismatch->latest);
    }
    const auto* other = std::get_if<SubscriptionOfTopic>(&outcome);
    return other != nullptr ? "of topic " + other->topic : "not found";
}

std::vector<std::string> texts(const std::vector<SubscriptionOutcome>& outcomes) {
    return in_words(outcomes, [](const SubscriptionOutcome& each) { return text(each); });
}

std::string text(const BridgeOutcome& outcome) {
    if (const auto* written = std::get_if<BridgeWritten>(&outcome)) {
        return text_of(written->how) + " v" + std::to_string(written->version);
    }
    const auto* mismatch = std::get_if<BridgeVersionMismatch>(&outcome);
    return mismatch != nullptr ? "mismatch, latest " + std::to_string(mismatch->latest)
                               : "not found";
}

std::vector<std::string> texts(const std::vector<OwnedChange>& changes) {
    return in_words(changes, [](const OwnedChange& each) { return text_of(each); });
}

std::string text(const SubscriptionRow& row) {
    return "#" + decimal(row.key) + " " + row.name + " of " + row.topic + " v" +
           std::to_string(row.version) + " " + row.source + " at " + decimal(row.cursor) +
           (row.settled.empty() ? "" : " + " + row.settled) +
           (row.owner.empty() ? "" : " (" + row.owner + ")") +
           (row.failing == 0 ? "" : ", " + std::to_string(row.failing) + " failing") +
           (row.dead_letters == 0 ? "" : ", " + std::to_string(row.dead_letters) + " dead");
}

std::vector<std::string> texts(const std::vector<SubscriptionRow>& rows) {
    return in_words(rows, [](const SubscriptionRow& each) { return text(each); });
}

std::string text(const BridgeRow& row) {
    return row.name + " v" + std::to_string(row.version) + " " + row.source;
}

std::vector<std::string> texts(const std::vector<DeadLetter>& letters) {
    return in_words(letters, [](const DeadLetter& each) { return text_of(each); });
}

std::vector<std::string> texts(const std::vector<StoredSubscription>& stored) {
    std::vector<std::string> texts;
    for (const StoredSubscription& each : stored) {
        texts.push_back(text(each.row));
        for (const FailedDelivery& failed : each.failed) {
            texts.push_back("  failed " + decimal(failed.offset) + " after " +
                            std::to_string(failed.attempts) + ": " + failed.error);
        }
        for (const DeadLetter& letter : each.revived) texts.push_back("  " + text_of(letter));
    }
    return texts;
}

}  // namespace skald::store::sample
