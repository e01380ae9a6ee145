#pragma once

#include <algorithm>
#include <cstdint>

#include "store/store.h"

/// How events are numbered in the database: the topic above, the offset in the lowest 40 bits, so
/// that a topic's events lie together and in their order. A stored format.
namespace skald::store::sqlite {

enum class TopicKey : std::int64_t {};
enum class EventKey : std::int64_t {};

inline constexpr int kOffsetBits = 40;
inline constexpr std::int64_t kOffsetMax = (std::int64_t{1} << kOffsetBits) - 1;

/// An offset that no event can have becomes the nearest one.
inline constexpr EventKey event_key(TopicKey topic, Offset offset) {
    const auto number = std::clamp(static_cast<std::int64_t>(offset), std::int64_t{0}, kOffsetMax);
    return EventKey{static_cast<std::int64_t>(topic) << kOffsetBits | number};
}
/// Above every event of `topic`, and below those of the next one.
inline constexpr EventKey end_of(TopicKey topic) {
    return event_key(TopicKey{static_cast<std::int64_t>(topic) + 1}, Offset{0});
}
inline constexpr TopicKey topic_of(EventKey key) {
    return TopicKey{static_cast<std::int64_t>(key) >> kOffsetBits};
}
inline constexpr Offset offset_of(EventKey key) {
    return Offset{static_cast<std::int64_t>(key) & kOffsetMax};
}
inline constexpr Offset next(Offset offset) {
    return Offset{static_cast<std::int64_t>(offset) + 1};
}

}  // namespace skald::store::sqlite
