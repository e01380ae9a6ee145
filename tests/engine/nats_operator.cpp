#include "tests/engine/nats_operator.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

namespace skald::testing_nats {
namespace {

using Json = nlohmann::json;

// What a key is of, as the first letter of its text tells.
constexpr std::uint8_t kSeed = 18 << 3;
constexpr std::uint8_t kOperator = 14 << 3;
constexpr std::uint8_t kAccount = 0;
constexpr std::uint8_t kUser = 20 << 3;

/// Groups of `bits` of `bytes`, as letters of `alphabet`; without padding.
std::string encoded(std::string_view bytes, unsigned bits, std::string_view alphabet) {
    std::string text;
    unsigned buffer = 0;
    unsigned held = 0;
    for (const char byte : bytes) {
        buffer = (buffer << 8) | static_cast<unsigned char>(byte);
        for (held += 8; held >= bits; held -= bits) {
            text += alphabet[(buffer >> (held - bits)) & ((1u << bits) - 1)];
        }
    }
    if (held > 0) text += alphabet[(buffer << (bits - held)) & ((1u << bits) - 1)];
    return text;
}

std::string base32(std::string_view bytes) {
    return encoded(bytes, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}
std::string base64url(std::string_view bytes) {
    return encoded(bytes, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

/// CRC-16/XMODEM, which ends every key.
std::uint16_t crc16(std::string_view bytes) {
    unsigned crc = 0;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
        }
    }
    return static_cast<std::uint16_t>(crc);
}

std::string key_text(std::string bytes) {
    const std::uint16_t crc = crc16(bytes);
    bytes += static_cast<char>(crc & 0xffu);
    bytes += static_cast<char>(crc >> 8);
    return base32(bytes);
}

using PairPtr = std::shared_ptr<EVP_PKEY>;

struct Key {
    std::string seed;        ///< "SU..."
    std::string public_key;  ///< "U..."
    PairPtr pair;
};

Key make_key(std::uint8_t kind) {
    std::array<unsigned char, 32> secret{};
    RAND_bytes(secret.data(), static_cast<int>(secret.size()));
    const PairPtr pair(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size()),
        EVP_PKEY_free);
    std::array<unsigned char, 32> shown{};
    std::size_t length = shown.size();
    EXPECT_EQ(EVP_PKEY_get_raw_public_key(pair.get(), shown.data(), &length), 1);
    std::string seed;
    seed += static_cast<char>(kSeed | (kind >> 5));
    seed += static_cast<char>((kind & 31) << 3);
    seed.append(secret.begin(), secret.end());
    std::string public_key(1, static_cast<char>(kind));
    public_key.append(shown.begin(), shown.end());
    return {key_text(std::move(seed)), key_text(std::move(public_key)), pair};
}

std::string signature_of(const Key& key, const std::string& text) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> signing(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    std::string signature(64, 0);
    std::size_t length = signature.size();
    EXPECT_EQ(EVP_DigestSignInit(signing.get(), nullptr, nullptr, nullptr, key.pair.get()), 1);
    EXPECT_EQ(
        EVP_DigestSign(signing.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()),
        1);
    return signature;
}

std::string signed_token(const Key& issuer, const Key& subject, const char* name, Json nats) {
    nats["version"] = 2;
    const Json claims = {{"jti", subject.public_key}, {"iat", 1'700'000'000},
                         {"iss", issuer.public_key},  {"name", name},
                         {"sub", subject.public_key}, {"nats", std::move(nats)}};
    const std::string signed_part =
        base64url(R"({"typ":"JWT","alg":"ed25519-nkey"})") + '.' + base64url(claims.dump());
    return signed_part + '.' + base64url(signature_of(issuer, signed_part));
}

}  // namespace

NatsOperator make_operator() {
    const Key authority = make_key(kOperator);
    const Key account = make_key(kAccount);
    const Key system = make_key(kAccount);  // JetStream asks for one.
    const Key user = make_key(kUser);
    const std::string of_operator = signed_token(authority, authority, "O", {{"type", "operator"}});
    const Json limits = {{"subs", -1},    {"data", -1},        {"payload", -1}, {"imports", -1},
                         {"exports", -1}, {"wildcards", true}, {"conn", -1},    {"leaf", -1}};
    const auto token_of = [&](const Key& of, const char* name) {
        return signed_token(authority, of, name, {{"type", "account"}, {"limits", limits}});
    };
    const std::string of_user = signed_token(
        account, user, "U", {{"type", "user"}, {"subs", -1}, {"data", -1}, {"payload", -1}});
    const auto preloaded = [&](const Key& of, const char* name) {
        return of.public_key + ": \"" + token_of(of, name) + "\"\n";
    };
    return {"operator: \"" + of_operator + "\"\nsystem_account: " + system.public_key +
                "\nresolver: MEMORY\nresolver_preload: {\n" + preloaded(account, "A") +
                preloaded(system, "SYS") + "}",
            "-----BEGIN NATS USER JWT-----\n" + of_user +
                "\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n" + user.seed +
                "\n------END USER NKEY SEED------\n"};
}

}  // namespace skald::testing_nats
