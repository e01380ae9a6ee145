#include "store/sqlite/key_hash.h"

#include <bit>
#include <string>

namespace skald::store::sqlite {
namespace {

/// Up to 8 bytes, little-endian whatever the machine: the hash is stored.
std::uint64_t load(const char* bytes, std::size_t count) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
        word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return word;
}

struct State {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

}  // namespace

std::uint64_t sip_hash(const HashKey& key, std::string_view text) {
    const auto* key_bytes = reinterpret_cast<const char*>(key.data());
    const std::uint64_t k0 = load(key_bytes, 8);
    const std::uint64_t k1 = load(key_bytes + 8, 8);
    State state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                k1 ^ 0x7465646279746573};
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        state.take(load(text.data() + at, 8));
    }
    state.take(load(text.data() + at, text.size() - at) | std::uint64_t{text.size()} << 56);
    state.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) {
        state.round();
    }
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::int64_t hash_text(const HashKey& key, std::string_view text, std::uint32_t salt) {
    if (salt == 0) {
        return static_cast<std::int64_t>(sip_hash(key, text));
    }
    return static_cast<std::int64_t>(
        sip_hash(key, std::to_string(salt).append(1, ':').append(text)));
}

}  // namespace skald::store::sqlite
