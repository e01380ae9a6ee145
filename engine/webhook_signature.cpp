#include "engine/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "engine/base64.h"
#include "sagas/check.h"

namespace skald::engine {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

const unsigned char* octets(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string hmac_sha256(const std::string& key, std::string_view content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    const unsigned char* const made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                           octets(content), content.size(), digest.data(), &size);
    SKALD_CHECK(made != nullptr);
    return {digest.begin(), digest.begin() + size};
}

}  // namespace

sagas::Result<WebhookKey> read_webhook_secret(std::string_view secret) {
    using sagas::ErrorCode;
    if (!secret.starts_with(kSecretPrefix)) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "webhook secret: it does not begin with \"whsec_\"");
    }
    auto bytes = from_base64(secret.substr(kSecretPrefix.size()));
    if (!bytes) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "webhook secret: what is behind \"whsec_\" is no base64");
    }
    if (bytes->size() < kWebhookKeyBytesMin || bytes->size() > kWebhookKeyBytesMax) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "webhook secret: " + std::to_string(bytes->size()) +
                               " bytes; it must have " + std::to_string(kWebhookKeyBytesMin) +
                               " to " + std::to_string(kWebhookKeyBytesMax));
    }
    return WebhookKey{std::move(*bytes)};
}

std::string webhook_id(std::string_view subscription, store::Offset offset) {
    std::string id(subscription);
    std::replace(id.begin(), id.end(), '.', '~');
    return id + '/' + std::to_string(static_cast<std::int64_t>(offset));
}

std::vector<std::pair<std::string, std::string>> webhook_headers(const WebhookKey& key,
                                                                 std::string_view id,
                                                                 sagas::Timestamp now,
                                                                 std::string_view body) {
    SKALD_CHECK(id.find('.') == id.npos);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::string timestamp = std::to_string(seconds);
    std::string content(id);
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(1, '.').append(timestamp).append(1, '.').append(body);
    return {{"webhook-id", std::string(id)},
            {"webhook-timestamp", timestamp},
            {"webhook-signature", "v1," + to_base64(hmac_sha256(key.bytes, content))}};
}

}  // namespace skald::engine
