#include "engine/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>

namespace skald::engine {
namespace {

const unsigned char* octets_of(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets_of(std::string& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // It ends with a zero byte.
    const int size =
        EVP_EncodeBlock(octets_of(text), octets_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(octets_of(bytes), octets_of(text), static_cast<int>(text.size())) < 0) {
        return std::nullopt;
    }
    const auto padding = std::count(text.begin(), text.end(), '=');  // Decoded as zero bytes.
    bytes.resize(bytes.size() - std::min(bytes.size(), static_cast<std::size_t>(padding)));
    // Other texts for the same bytes are refused.
    return to_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace skald::engine
