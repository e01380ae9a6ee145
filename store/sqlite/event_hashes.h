#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/sqlite/event_key.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Hashes of events in memory, found by value; several may be equal. A table of places in one array
/// (open addressing, linear probing), for there are a dozen of them for each saga by events, and a
/// std::unordered_multimap takes an allocation for each. The hashes are as good as random.
class EventHashes {
 public:
    struct Row {
        std::int64_t hash;
        EventKey event;
        Timestamp at;
    };

    void add(const Row& row);
    void add_all(const EventHashes& others);
    void clear();
    /// Without those that were added before `since`.
    void drop_before(Timestamp since);

    std::size_t size() const { return rows_.size(); }
    /// In the order they were added.
    const std::vector<Row>& rows() const { return rows_; }

    /// Calls `each` for every row of `hash`, in any order.
    template <typename Each>
    void find(std::int64_t hash, const Each& each) const {
        if (rows_.empty()) {
            return;
        }
        for (std::size_t slot = slot_of(hash); slots_[slot] != kFree; slot = next(slot)) {
            const Row& row = rows_[slots_[slot]];
            if (row.hash == hash) each(row);
        }
    }

 private:
    static constexpr std::uint32_t kFree = 0xffffffff;

    std::size_t slot_of(std::int64_t hash) const {
        return static_cast<std::size_t>(hash) & (slots_.size() - 1);
    }
    std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
    void place(std::uint32_t row);
    void grow();

    std::vector<Row> rows_;
    std::vector<std::uint32_t> slots_;  ///< Of rows_; as many as a power of two; half are free.
};

}  // namespace skald::store::sqlite
