#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/torture/story.h"

namespace skald::torture {

/// The sagas that have ended, and how: 16 to 32 bytes each, so that it holds millions of them. Ids
/// are kept as 61 bits of a hash: among ten million, two are taken for one with a probability of
/// about 1 in 50,000.
///
/// Threads: one at a time.
class SettledSagas {
 public:
    SettledSagas();

    /// False when it is there already.
    bool insert(std::string_view saga, End end);
    std::optional<End> find(std::string_view saga) const;
    /// Notes that skald listed it. False when it isn't there, or was listed before.
    bool tick_off(std::string_view saga);

    std::size_t size() const { return size_; }
    std::size_t ticked_off() const { return ticked_off_; }
    bool is_ticked_off(std::string_view saga) const;

 private:
    /// The place of that hash, or the free one where it belongs.
    std::size_t place_of(std::uint64_t hash) const;
    void grow();

    std::vector<std::uint64_t> entries_;  ///< Hash, ticked off, end + 1; 0: free.
    std::size_t size_ = 0;
    std::size_t ticked_off_ = 0;
};

}  // namespace skald::torture
