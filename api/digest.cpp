#include "api/digest.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "sagas/check.h"

namespace skald::api {
namespace {

/// Fetched once: looking it up costs more than a short text's digest.
const EVP_MD* sha256() {
    static const EVP_MD* const kFetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    SKALD_CHECK(kFetched != nullptr);
    return kFetched;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SKALD_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256(), nullptr) ==
                1);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * digest.size());
    for (const unsigned char byte : digest) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace skald::api
