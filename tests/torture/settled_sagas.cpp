#include "tests/torture/settled_sagas.h"

#include <functional>

namespace skald::torture {
namespace {

constexpr std::uint64_t kEndMask = 3;
constexpr std::uint64_t kTickedOff = 4;
constexpr std::uint64_t kHashMask = ~std::uint64_t{7};
constexpr std::size_t kCapacityMin = 1024;

std::uint64_t hash_of(std::string_view saga) {
    return std::hash<std::string_view>()(saga) & kHashMask;
}

}  // namespace

SettledSagas::SettledSagas() : entries_(kCapacityMin) {}

std::size_t SettledSagas::place_of(std::uint64_t hash) const {
    const std::size_t last = entries_.size() - 1;
    std::size_t place = (hash >> 3) & last;
    while (entries_[place] != 0 && (entries_[place] & kHashMask) != hash) {
        place = (place + 1) & last;
    }
    return place;
}

bool SettledSagas::insert(std::string_view saga, End end) {
    if (size_ * 2 >= entries_.size()) {
        grow();
    }
    const std::uint64_t hash = hash_of(saga);
    std::uint64_t& entry = entries_[place_of(hash)];
    if (entry != 0) {
        return false;
    }
    entry = hash | (static_cast<std::uint64_t>(end) + 1);
    ++size_;
    return true;
}

std::optional<End> SettledSagas::find(std::string_view saga) const {
    const std::uint64_t entry = entries_[place_of(hash_of(saga))];
    if (entry == 0) {
        return std::nullopt;
    }
    return static_cast<End>((entry & kEndMask) - 1);
}

bool SettledSagas::tick_off(std::string_view saga) {
    std::uint64_t& entry = entries_[place_of(hash_of(saga))];
    if (entry == 0 || (entry & kTickedOff) != 0) {
        return false;
    }
    entry |= kTickedOff;
    ++ticked_off_;
    return true;
}

bool SettledSagas::is_ticked_off(std::string_view saga) const {
    return (entries_[place_of(hash_of(saga))] & kTickedOff) != 0;
}

void SettledSagas::grow() {
    std::vector<std::uint64_t> old(entries_.size() * 2);
    old.swap(entries_);
    for (const std::uint64_t entry : old) {
        if (entry != 0) {
            entries_[place_of(entry & kHashMask)] = entry;
        }
    }
}

}  // namespace skald::torture
