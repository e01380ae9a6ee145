#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sagas/result.h"
#include "store/store.h"

namespace skald::engine {

/// A set of offsets, small where they lie close together.
///
///   text  = [range *("," range)]     ; ascending, with a gap between any two
///   range = offset ["-" offset]      ; the first and the last: "12-15,17"
///
/// Threads: used by one.
class OffsetRanges {
 public:
    /// Errors: Corruption, where it is not what `text_behind` gives.
    static sagas::Result<OffsetRanges> parse(std::string_view text);

    /// All from 1 to `last`.
    static OffsetRanges begun_at(store::Offset last);

    /// From `first` to `last`; none where `last` lies before it. Precondition: `first` is 1 at
    /// least.
    void add(store::Offset first, store::Offset last);
    void add(store::Offset offset) { add(offset, offset); }
    void remove(store::Offset offset);

    bool contains(store::Offset offset) const;
    /// How far all behind `offset` are in the set; `offset` itself where the next one is not.
    store::Offset end_of_run(store::Offset offset) const;
    /// Of the ranges that begin behind `offset`.
    std::string text_behind(store::Offset offset) const;
    /// How many from `first` to `last` are not in the set.
    std::uint64_t count_missing(store::Offset first, store::Offset last) const;
    /// How many offsets the ranges that begin behind `offset` have.
    std::uint64_t count_behind(store::Offset offset) const;

 private:
    using Ranges = std::map<std::int64_t, std::int64_t>;  ///< The last one of each by its first.
    Ranges::const_iterator range_of(std::int64_t number) const;

    Ranges ranges_;
};

}  // namespace skald::engine
