#include "engine/offset_ranges.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

namespace skald::engine {
namespace {

using Range = std::pair<std::int64_t, std::int64_t>;

std::optional<std::int64_t> read_offset(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc{} && end == text.data() + text.size();
    // The last number of all has none behind it.
    if (!is_whole || number == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return number;
}

std::optional<Range> read_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = read_offset(text.substr(0, dash));
    const auto last = dash == text.npos ? first : read_offset(text.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    return Range{*first, *last};
}

void append_range(std::string& text, const Range& range) {
    if (!text.empty()) text += ',';
    text += std::to_string(range.first);
    if (range.first == range.second) return;
    text += '-';
    text += std::to_string(range.second);
}

}  // namespace

sagas::Result<OffsetRanges> OffsetRanges::parse(std::string_view text) {
    OffsetRanges ranges;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        const auto range = read_range(rest.substr(0, comma));
        if (!range || range->first < 1) break;
        ranges.add(store::Offset{range->first}, store::Offset{range->second});
        rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    }
    // Ranges that are empty, meet or are out of order give another text.
    if (ranges.text_behind(store::Offset{0}) != text) {
        return sagas::fail(sagas::ErrorCode::Corruption, "settled offsets: not in their form");
    }
    return ranges;
}

OffsetRanges OffsetRanges::begun_at(store::Offset last) {
    OffsetRanges ranges;
    ranges.add(store::Offset{1}, last);
    return ranges;
}

void OffsetRanges::add(store::Offset first, store::Offset last) {
    const auto from = static_cast<std::int64_t>(first);
    const auto to = static_cast<std::int64_t>(last);
    if (to < from) return;
    const auto behind = ranges_.upper_bound(from);
    const bool meets = behind != ranges_.begin() && std::prev(behind)->second >= from - 1;
    const auto grown = meets ? std::prev(behind) : ranges_.emplace_hint(behind, from, to);
    grown->second = std::max(grown->second, to);
    auto next = std::next(grown);
    while (next != ranges_.end() && next->first <= grown->second + 1) {
        grown->second = std::max(grown->second, next->second);
        next = ranges_.erase(next);
    }
}

void OffsetRanges::remove(store::Offset offset) {
    const auto number = static_cast<std::int64_t>(offset);
    const auto found = range_of(number);
    if (found == ranges_.end()) return;
    const Range range = *found;
    ranges_.erase(found);
    add(store::Offset{range.first}, store::Offset{number - 1});
    add(store::Offset{number + 1}, store::Offset{range.second});
}

bool OffsetRanges::contains(store::Offset offset) const {
    return range_of(static_cast<std::int64_t>(offset)) != ranges_.end();
}

store::Offset OffsetRanges::end_of_run(store::Offset offset) const {
    const auto range = range_of(static_cast<std::int64_t>(offset) + 1);
    return range == ranges_.end() ? offset : store::Offset{range->second};
}

std::string OffsetRanges::text_behind(store::Offset offset) const {
    std::string text;
    const auto first = ranges_.upper_bound(static_cast<std::int64_t>(offset));
    for (auto range = first; range != ranges_.end(); ++range) append_range(text, *range);
    return text;
}

std::uint64_t OffsetRanges::count_missing(store::Offset first, store::Offset last) const {
    const auto to = static_cast<std::int64_t>(last);
    std::int64_t missing = 0;
    std::int64_t next =
        static_cast<std::int64_t>(end_of_run(store::Offset{static_cast<std::int64_t>(first) - 1})) +
        1;
    for (auto range = ranges_.upper_bound(next); next <= to; ++range) {
        const std::int64_t until = range == ranges_.end() ? to + 1 : std::min(range->first, to + 1);
        missing += until - next;
        if (range == ranges_.end()) break;
        next = range->second + 1;
    }
    return static_cast<std::uint64_t>(missing);
}

std::uint64_t OffsetRanges::count_behind(store::Offset offset) const {
    std::uint64_t count = 0;
    const auto first = ranges_.upper_bound(static_cast<std::int64_t>(offset));
    for (auto range = first; range != ranges_.end(); ++range) {
        count += static_cast<std::uint64_t>(range->second - range->first + 1);
    }
    return count;
}

OffsetRanges::Ranges::const_iterator OffsetRanges::range_of(std::int64_t number) const {
    const auto behind = ranges_.upper_bound(number);
    if (behind == ranges_.begin()) return ranges_.end();
    const auto range = std::prev(behind);
    return range->second >= number ? range : ranges_.end();
}

}  // namespace skald::engine
