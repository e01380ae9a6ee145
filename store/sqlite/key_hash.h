#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skald::store::sqlite {

using HashKey = std::array<std::uint8_t, 16>;

/// SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits that nobody without `key` can make collide
/// on purpose.
std::uint64_t sip_hash(const HashKey& key, std::string_view text);

/// The row under which `text` is looked for. `salt` 0 is the first place; a text that finds it
/// taken by another goes on to the next salt.
std::int64_t hash_text(const HashKey& key, std::string_view text, std::uint32_t salt);

}  // namespace skald::store::sqlite
