#include "engine/webhook_signature.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace skald::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

/// That of the reference implementations' tests.
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

sagas::Timestamp at_second(std::int64_t second) {
    return sagas::Timestamp(std::chrono::seconds{second});
}

WebhookKey key_of(const std::string& secret) {
    const auto key = read_webhook_secret(secret);
    EXPECT_TRUE(key) << secret;
    return key.value_or(WebhookKey{});
}

TEST(WebhookSignature, IsThatOfTheReferenceImplementations) {
    const auto headers = webhook_headers(key_of(kSecret), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                         at_second(1'614'265'330), R"({"test": 2432232314})");
    EXPECT_THAT(headers, ElementsAre(Pair("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                                     Pair("webhook-timestamp", "1614265330"),
                                     Pair("webhook-signature",
                                          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
}

TEST(WebhookSignature, IsAnotherForAnotherIdTimeBodyAndKey) {
    const auto signature = [](const std::string& secret, const std::string& id, std::int64_t second,
                              const std::string& body) {
        return webhook_headers(key_of(secret), id, at_second(second), body).back().second;
    };
    const std::string one = signature(kSecret, "a", 1, "x");
    EXPECT_EQ(signature(kSecret, "a", 1, "x"), one);
    EXPECT_NE(signature(kSecret, "b", 1, "x"), one);
    EXPECT_NE(signature(kSecret, "a", 2, "x"), one);
    EXPECT_NE(signature(kSecret, "a", 1, "y"), one);
    EXPECT_NE(signature("whsec_" + std::string(32, 'A'), "a", 1, "x"), one);
}

TEST(WebhookSignature, SignsBytesAndWholeSeconds) {
    const auto at = at_second(1) + std::chrono::milliseconds{999};
    const auto headers = webhook_headers(key_of(kSecret), "a", at, std::string("\0\xff", 2));
    EXPECT_EQ(headers[1].second, "1");
    EXPECT_NE(headers[2].second,
              webhook_headers(key_of(kSecret), "a", at, std::string("\0\xfe", 2))[2].second);
}

TEST(WebhookSecret, HasAKeyOf24To64Bytes) {
    EXPECT_EQ(key_of("whsec_" + std::string(32, 'A')).bytes, std::string(24, '\0'));
    EXPECT_EQ(key_of("whsec_" + std::string(32, 'A') + "QQ==").bytes, std::string(24, '\0') + 'A');
    EXPECT_EQ(key_of("whsec_" + std::string(84, 'A') + "QQ==").bytes.size(), 64u);
    EXPECT_FALSE(read_webhook_secret("whsec_" + std::string(28, 'A') + "QUE="));
    EXPECT_FALSE(read_webhook_secret("whsec_" + std::string(84, 'A') + "QUE="));
}

TEST(WebhookSecret, IsRefusedWithoutShowingIt) {
    const std::string base64 = kSecret.substr(6);
    for (const std::string& secret : {
             std::string(),
             base64,
             "WHSEC_" + base64,
             "whsec_" + base64 + "Q",
             "whsec_" + base64 + "=",
             "whsec_" + base64 + "QR==",  // Another text for "QQ==".
             "whsec_" + base64 + "====",
             "whsec_" + base64 + "\n",
             "whsec_ " + base64 + "QQ=",
             "whsec_" + base64.substr(0, 31) + "_",  // Of base64url.
             "whsec_" + base64.substr(0, 24),        // 18 bytes.
             "whsec_" + std::string(10'000, 'A'),
         }) {
        const auto key = read_webhook_secret(secret);
        ASSERT_FALSE(key) << secret;
        EXPECT_EQ(key.error().code, sagas::ErrorCode::InvalidArgument);
        EXPECT_THAT(key.error().message, Not(HasSubstr(base64.substr(0, 8))));
    }
}

TEST(WebhookId, HasNoFullStop) {
    EXPECT_EQ(webhook_id("orders.eu", store::Offset{17}), "orders~eu/17");
    EXPECT_NE(webhook_id("orders", store::Offset{17}), webhook_id("orders", store::Offset{18}));
}

}  // namespace
}  // namespace skald::engine
