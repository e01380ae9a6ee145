#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "store/store.h"

/// What the event log comes to; pure, and the same in every store.
namespace skald::store {

/// A step that begins to wait is told of at most so many events that are there already, by each of
/// its keys: of the oldest ones.
inline constexpr std::uint32_t kEarlierEventsMax = 8;
/// Of the events in one EventPage; the last of them may exceed it.
inline constexpr std::size_t kEventPageBytesMax = 2u << 20;

/// The latest document of a topic; version 0: it has none.
struct LatestTopic {
    std::uint32_t version = 0;
    std::string source;
};
/// NewVersion: the document has to be stored.
TopicOutcome decide(const PutTopic& put, const LatestTopic& latest);

/// What an event is known by: equal for those of one topic, source and id alone.
std::string event_identity(const NewEvent& event);
/// Whether an event of `at` repeats one of `first` that has its identity.
bool is_repeat(Timestamp first, Timestamp at, const EventRules& rules);

/// What is kept for `kept` goes when it is from before this.
Timestamp kept_since(Timestamp now, Milliseconds kept);

/// A place in a saga that waits for events.
struct Waiting {
    SagaKey saga;
    sagas::StepIndex step;
    sagas::Phase phase;
    auto operator<=>(const Waiting&) const = default;
};

/// Whether a ToldHit is owed for any of them.
bool has_untold(const std::vector<EventHit>& hits);

}  // namespace skald::store
