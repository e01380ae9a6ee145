#include "store/event_rules.h"

#include <algorithm>

namespace skald::store {

TopicOutcome decide(const PutTopic& put, const LatestTopic& latest) {
    if (put.if_version && *put.if_version != latest.version) {
        return TopicVersionMismatch{latest.version};
    }
    if (latest.version > 0 && latest.source == put.source) {
        return TopicWritten{latest.version, TopicWritten::How::EqualToLatest};
    }
    return TopicWritten{latest.version + 1, TopicWritten::How::NewVersion};
}

// Any bytes may be in each of them, so the lengths keep them apart.
std::string event_identity(const NewEvent& event) {
    std::string text;
    text.reserve(event.topic.size() + event.source.size() + event.id.size() + 16);
    text.append(std::to_string(event.topic.size())).append(1, ' ');
    text.append(std::to_string(event.source.size())).append(1, ' ');
    return text.append(event.topic).append(event.source).append(event.id);
}

bool is_repeat(Timestamp first, Timestamp at, const EventRules& rules) {
    return at - first < rules.known_for;
}

Timestamp kept_since(Timestamp now, Milliseconds kept) {
    return kept < now.time_since_epoch() ? now - kept : Timestamp{};
}

bool has_untold(const std::vector<EventHit>& hits) {
    return std::any_of(hits.begin(), hits.end(), [](const EventHit& hit) { return !hit.is_told; });
}

}  // namespace skald::store
