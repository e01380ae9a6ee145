#include "api/uuid.h"

#include <sys/random.h>

#include "sagas/check.h"

namespace skald::api {
namespace {

void fill_random(void* bytes, std::size_t count) {
    // Up to 256 bytes are never cut short (getrandom(2)).
    auto* at = static_cast<unsigned char*>(bytes);
    while (count > 0) {
        const std::size_t wanted = count < 256 ? count : 256;
        SKALD_CHECK(getrandom(at, wanted, 0) == static_cast<ssize_t>(wanted));
        at += wanted;
        count -= wanted;
    }
}

/// Writes the last `count` hexadecimal digits of `value` to `text`, from `at` on.
void put_hex(std::string& text, std::size_t at, std::size_t count, std::uint64_t value) {
    for (std::size_t i = at + count; i-- > at; value >>= 4)
        text[i] = "0123456789abcdef"[value & 15];
}

std::string uuid_text(std::uint64_t high, std::uint64_t low) {
    std::string text(36, '-');
    put_hex(text, 0, 8, high >> 32);
    put_hex(text, 9, 4, high >> 16);
    put_hex(text, 14, 4, high);
    put_hex(text, 19, 4, low >> 48);
    put_hex(text, 24, 12, low);
    return text;
}

constexpr std::uint64_t kVariant = std::uint64_t{0b10} << 62;
constexpr std::uint64_t kVariantMask = ~(std::uint64_t{0b11} << 62);

}  // namespace

std::uint64_t UuidSource::random_bits() {
    if (used_ == entropy_.size()) {
        fill_random(entropy_.data(), sizeof entropy_);
        used_ = 0;
    }
    return entropy_[used_++];
}

std::string UuidSource::next() {
    const engine::MutexLock lock(mutex_);
    const auto now = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
    // A counter of 12 bits that runs over into the milliseconds (RFC 9562, 6.2, method 1): more
    // than 4,096 in one millisecond borrow from the next.
    const std::uint64_t fresh = now << 12;
    last_ = fresh > last_ ? fresh : last_ + 1;
    const std::uint64_t high = (last_ >> 12 << 16) | 0x7000 | (last_ & 0xfff);
    return uuid_text(high, (random_bits() & kVariantMask) | kVariant);
}

std::string random_uuid() {
    std::uint64_t bits[2];
    fill_random(bits, sizeof bits);
    return uuid_text((bits[0] & ~std::uint64_t{0xf000}) | 0x4000,
                     (bits[1] & kVariantMask) | kVariant);
}

}  // namespace skald::api
