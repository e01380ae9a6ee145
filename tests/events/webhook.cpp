#include "tests/events/webhook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "tests/outside/http_message.h"

namespace skald::events {
namespace {

constexpr std::string_view kSecretStart = "whsec_";
constexpr std::string_view kVersion = "v1,";

std::string decode_base64(std::string_view text) {
    std::string bytes(text.size(), '\0');
    const int size = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                       reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()));
    if (size < 0) return {};
    bytes.resize(static_cast<std::size_t>(size));
    while (text.ends_with('=')) {  // It counts the padding too.
        text.remove_suffix(1);
        bytes.pop_back();
    }
    return bytes;
}

std::string encode_base64(const unsigned char* bytes, std::size_t size) {
    std::string text(4 * ((size + 2) / 3) + 1, '\0');
    const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                                         static_cast<int>(size));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace

bool is_signed(std::string_view secret, std::string_view headers, std::string_view body) {
    const auto id = outside::find_header(headers, "webhook-id");
    const auto timestamp = outside::find_header(headers, "webhook-timestamp");
    const auto signatures = outside::find_header(headers, "webhook-signature");
    if (!id || !timestamp || !signatures || !secret.starts_with(kSecretStart)) return false;
    const std::string key = decode_base64(secret.substr(kSecretStart.size()));
    const std::string content =
        std::string(*id) + '.' + std::string(*timestamp) + '.' + std::string(body);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(),
           &size);
    const std::string wanted = std::string(kVersion) + encode_base64(digest.data(), size);
    return (' ' + std::string(*signatures) + ' ').find(' ' + wanted + ' ') != std::string::npos;
}

}  // namespace skald::events
