#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/store.h"
#include "tests/store/sample_sagas.h"

/// Subscriptions and bridges, to write in tests, and in words.
namespace skald::store::sample {

/// Made at at(0), from the beginning of the topic "orders".
PutSubscription subscription(const std::string& name, const std::string& source = "{}");
PutSubscription of_topic(PutSubscription put, const std::string& topic);
PutSubscription begun_behind(PutSubscription put, std::int64_t offset);
PutSubscription put_at(PutSubscription put, Timestamp when);
DeleteSubscription unsubscription(const std::string& name);

/// Of the topic "orders", behind its offset 7.
OwnedSubscription owned(const std::string& name, const std::string& source = "{}");
PutBridge bridge(const std::string& name, const std::string& source = "{}",
                 std::vector<OwnedSubscription> subscriptions = {});

Progress progress(std::int64_t subscription, std::int64_t cursor, const std::string& settled = "");
FailedDelivery failed(std::int64_t subscription, std::int64_t offset, std::uint32_t attempts = 1,
                      const std::string& error = "no");
DeadLetter dead(std::int64_t subscription, std::int64_t offset, const std::string& error = "no");
DeliveryPlace place(std::int64_t subscription, std::int64_t offset);

/// "made #1 v1", "new #1 v2", "equal #1 v2", "deleted #1 v2", "mismatch, latest 2", "not found",
/// "of topic orders".
std::string text(const SubscriptionOutcome& outcome);
std::vector<std::string> texts(const std::vector<SubscriptionOutcome>& outcomes);
/// "made v1", "new v2", "equal v2", "deleted v2", "mismatch, latest 2", "not found".
std::string text(const BridgeOutcome& outcome);
/// "made #1 NAME of TOPIC from 7: SOURCE".
std::vector<std::string> texts(const std::vector<OwnedChange>& changes);
/// "#1 NAME of TOPIC v1 SOURCE at 0", then " + SETTLED", " (OWNER)", ", 2 failing", ", 3 dead",
/// where there is something to say.
std::string text(const SubscriptionRow& row);
std::vector<std::string> texts(const std::vector<SubscriptionRow>& rows);
/// "NAME v1 SOURCE".
std::string text(const BridgeRow& row);
/// "#1 OFFSET after 2: ERROR EVENT", and " again" of one that is revived.
std::vector<std::string> texts(const std::vector<DeadLetter>& letters);
/// The row; "  failed OFFSET after 2: ERROR"; "  " and the revived dead letter.
std::vector<std::string> texts(const std::vector<StoredSubscription>& stored);

}  // namespace skald::store::sample
