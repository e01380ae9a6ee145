#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sagas/result.h"
#include "sagas/time.h"
#include "store/store.h"

/// How who is pushed an event knows that it comes from here: Standard Webhooks 1.0.0, "Signature
/// scheme" (github.com/standard-webhooks/standard-webhooks), the symmetric one.
namespace skald::engine {

inline constexpr std::size_t kWebhookKeyBytesMin = 24;
inline constexpr std::size_t kWebhookKeyBytesMax = 64;

/// What both sides know. Not logged, stored or shown.
struct WebhookKey {
    std::string bytes;
};

/// `secret`: "whsec_" and the key in base64 (RFC 4648, 4, with padding).
/// Errors: InvalidArgument; the message has nothing of the secret.
sagas::Result<WebhookKey> read_webhook_secret(std::string_view secret);

/// The same in all attempts, and without a full stop, so that nobody can choose an event's id or a
/// subscription's name for another signature to fit: "orders~eu/17" of "orders.eu".
std::string webhook_id(std::string_view subscription, store::Offset offset);

/// webhook-id, webhook-timestamp (of the attempt, in seconds) and webhook-signature
/// ("v1,"BASE64(HMAC-SHA256(ID "." TIMESTAMP "." BODY))). `body`: the very bytes that are sent.
/// Precondition: `id` has no full stop.
std::vector<std::pair<std::string, std::string>> webhook_headers(const WebhookKey& key,
                                                                 std::string_view id,
                                                                 sagas::Timestamp now,
                                                                 std::string_view body);

}  // namespace skald::engine
