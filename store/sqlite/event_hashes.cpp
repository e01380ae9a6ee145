#include "store/sqlite/event_hashes.h"

#include <algorithm>

namespace skald::store::sqlite {
namespace {

constexpr std::size_t kSlotsMin = 256;

}  // namespace

void EventHashes::add(const Row& row) {
    rows_.push_back(row);
    if (rows_.size() * 2 > slots_.size()) {
        grow();
    } else {
        place(static_cast<std::uint32_t>(rows_.size() - 1));
    }
}

void EventHashes::add_all(const EventHashes& others) {
    for (const Row& row : others.rows_) {
        add(row);
    }
}

void EventHashes::clear() {
    if (rows_.empty()) {
        return;
    }
    rows_.clear();
    std::fill(slots_.begin(), slots_.end(), kFree);
}

void EventHashes::drop_before(Timestamp since) {
    std::erase_if(rows_, [since](const Row& row) { return row.at < since; });
    std::fill(slots_.begin(), slots_.end(), kFree);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        place(static_cast<std::uint32_t>(row));
    }
}

void EventHashes::place(std::uint32_t row) {
    std::size_t slot = slot_of(rows_[row].hash);
    while (slots_[slot] != kFree) {
        slot = next(slot);
    }
    slots_[slot] = row;
}

void EventHashes::grow() {
    slots_.assign(std::max(kSlotsMin, slots_.size() * 2), kFree);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        place(static_cast<std::uint32_t>(row));
    }
}

}  // namespace skald::store::sqlite
