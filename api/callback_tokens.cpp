#include "api/callback_tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "api/base64url.h"
#include "sagas/check.h"

namespace skald::api {
namespace {

constexpr char kTokenVersion = 1;
constexpr std::size_t kTokenHeadBytes = 6;  ///< Before the saga's id.
constexpr std::size_t kTokenMacBytes = 16;
constexpr std::size_t kTokenCharactersMax = 200;

std::string without_slash(std::string base) {
    while (base.ends_with('/')) base.pop_back();
    return base;
}

}  // namespace

CallbackTokens::CallbackTokens(const CallbackKey& key, std::string base)
    : key_(key), base_(without_slash(std::move(base))) {}

std::string CallbackTokens::mac_of(std::string_view call) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    const unsigned char* made = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                                     reinterpret_cast<const unsigned char*>(call.data()),
                                     call.size(), digest.data(), &size);
    SKALD_CHECK(made != nullptr && size >= kTokenMacBytes);
    return {digest.begin(), digest.begin() + kTokenMacBytes};
}

std::string CallbackTokens::url(std::string_view saga_id, sagas::StepIndex step,
                                sagas::Phase phase) const {
    const auto number = static_cast<std::uint32_t>(step);
    std::string call{kTokenVersion, static_cast<char>(phase)};
    for (int shift = 24; shift >= 0; shift -= 8) call += static_cast<char>(number >> shift & 0xffu);
    call += saga_id;
    return base_ + "/v1/callbacks/" + to_base64url(call + mac_of(call));
}

std::optional<CallbackTokens::Call> CallbackTokens::read(std::string_view token) const {
    if (token.size() > kTokenCharactersMax) return std::nullopt;
    const auto bytes = from_base64url(token);
    if (!bytes || bytes->size() <= kTokenHeadBytes + kTokenMacBytes) return std::nullopt;
    const std::size_t end = bytes->size() - kTokenMacBytes;
    const std::string call = bytes->substr(0, end);
    if (CRYPTO_memcmp(mac_of(call).data(), bytes->data() + end, kTokenMacBytes) != 0) {
        return std::nullopt;
    }
    if (call[0] != kTokenVersion) return std::nullopt;
    std::uint32_t number = 0;
    for (std::size_t at = 2; at < kTokenHeadBytes; ++at) {
        number = number << 8 | static_cast<unsigned char>(call[at]);
    }
    return Call{call.substr(kTokenHeadBytes), sagas::StepIndex{number},
                call[1] == 0 ? sagas::Phase::Action : sagas::Phase::Compensation};
}

}  // namespace skald::api
