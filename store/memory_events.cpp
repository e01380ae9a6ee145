#include "store/memory_events.h"

#include <algorithm>
#include <iterator>

namespace skald::store::memory {
namespace {

Offset next(Offset offset) { return Offset{static_cast<std::int64_t>(offset) + 1}; }

}  // namespace

TopicOutcome EventLog::put(const PutTopic& put) {
    LatestTopic latest;
    if (const auto found = topics_.find(put.name);
        found != topics_.end() && !found->second.documents.empty()) {
        const auto& documents = found->second.documents;
        latest = {static_cast<std::uint32_t>(documents.size()), documents.back().source};
    }
    const TopicOutcome outcome = decide(put, latest);
    const auto* written = std::get_if<TopicWritten>(&outcome);
    if (written != nullptr && written->how == TopicWritten::How::NewVersion) {
        Topic& topic = find_or_make(put.name, put.at);
        topic.documents.push_back({put.source, put.at});
        topic.retain_for = put.retain_for;
        topic.retain_bytes = put.retain_bytes;
    }
    return outcome;
}

void EventLog::expect(const NewExpectation& expectation, std::vector<EventHit>& hits) {
    const Waiting waiting{expectation.saga, expectation.step, expectation.phase};
    const Timestamp since = kept_since(expectation.at, rules_.kept_for);
    std::set<EventName> earlier;
    for (const std::string& key : expectation.keys) {
        const auto events = found_by_.find(key);
        awaits_[expectation.saga].insert(key);
        const bool is_new = awaited_[key].insert(waiting).second && expectation.is_new;
        if (!is_new || events == found_by_.end()) {
            continue;
        }
        std::uint32_t count = 0;
        for (auto at = events->second.lower_bound({since, {}, {}});
             at != events->second.end() && count < kEarlierEventsMax; ++at, ++count) {
            earlier.insert(*at);
        }
    }
    for (const EventName& event : earlier) {
        add_hit(event, waiting, hits);
    }
}

EventWritten EventLog::publish(const NewEvent& event, std::vector<EventHit>& hits) {
    const std::string identity = event_identity(event);
    const auto known = ids_.find(identity);
    if (!event.saga && known != ids_.end() && is_repeat(known->second.at, event.at, rules_)) {
        return {known->second.offset, true};
    }
    Topic& topic = find_or_make(event.topic, event.at);
    topic.last = next(topic.last);
    topic.last_at = std::max(topic.last_at, event.at);
    topic.bytes += event.event.size();
    topic.events.push_back({topic.last, topic.last_at, event.event});
    ids_[identity] = {topic.last, event.at};
    const EventName name{topic.last_at, event.topic, topic.last};
    std::set<Waiting> all;
    const auto find_waiting = [&](const std::string& key) {
        const auto waiting = awaited_.find(key);
        if (waiting == awaited_.end()) return false;
        all.insert(waiting->second.begin(), waiting->second.end());
        return true;
    };
    for (const std::string& key : event.keys.values) {
        found_by_[key].insert(name);
        find_waiting(key);
    }
    const std::string& saga_key = event.keys.saga;
    if (!saga_key.empty() && !find_waiting(saga_key)) {
        found_by_[saga_key].insert(name);
    }
    for (const Waiting& waiting : all) {
        add_hit(name, waiting, hits);
    }
    return {topic.last, false};
}

void EventLog::forget(const ToldHit& told) {
    if (const EventRow* event = find(told.topic, told.offset)) {
        hits_.erase({{event->at, told.topic, told.offset}, {told.saga, told.step, told.phase}});
    }
}

void EventLog::leave(SagaKey saga) {
    const auto keys = awaits_.find(saga);
    if (keys == awaits_.end()) {
        return;
    }
    for (const std::string& key : keys->second) {
        const auto waiting = awaited_.find(key);
        std::erase_if(waiting->second, [&](const Waiting& each) { return each.saga == saga; });
        if (waiting->second.empty()) {
            awaited_.erase(waiting);
        }
    }
    awaits_.erase(keys);
}

void EventLog::erase(SagaKey saga) {
    leave(saga);
    std::erase_if(hits_, [&](const auto& hit) { return hit.second.saga == saga; });
}

void EventLog::keep_house(Timestamp now, const std::map<std::string, Offset>& settled) {
    if (next_look_ && now < *next_look_) {
        return;
    }
    next_look_ = now + std::chrono::seconds{1};
    std::erase_if(ids_, [&](const auto& known) {
        return known.second.at < kept_since(now, rules_.known_for);
    });
    for (auto& [name, topic] : topics_) {
        const auto found = settled.find(name);
        shorten(name, topic, now,
                found == settled.end() ? std::nullopt : std::optional{found->second});
    }
    forget_keys(now);
}

void EventLog::shorten(const std::string& name, Topic& topic, Timestamp now,
                       std::optional<Offset> settled) {
    const Timestamp before = kept_since(now, topic.retain_for.value_or(rules_.retain_for));
    while (!topic.events.empty()) {
        const EventRow& oldest = topic.events.front();
        const bool is_over = topic.retain_bytes && topic.bytes > *topic.retain_bytes;
        const bool is_old = oldest.at < before && (!settled || oldest.offset <= *settled);
        if ((!is_old && !is_over) || is_untold({oldest.at, name, oldest.offset})) {
            return;
        }
        topic.bytes -= oldest.event.size();
        topic.events.pop_front();
    }
}

/// Also those of events that are gone.
void EventLog::forget_keys(Timestamp now) {
    const Timestamp since = kept_since(now, rules_.kept_for);
    for (auto& [key, events] : found_by_) {
        std::erase_if(events, [&](const EventName& event) {
            return event.at < since || find(event.topic, event.offset) == nullptr;
        });
    }
    std::erase_if(found_by_, [](const auto& each) { return each.second.empty(); });
}

std::optional<TopicRow> EventLog::topic(const std::string& name,
                                        std::optional<std::uint32_t> version) const {
    const auto found = topics_.find(name);
    if (found == topics_.end()) {
        return std::nullopt;
    }
    const auto latest = static_cast<std::uint32_t>(found->second.documents.size());
    if (version && (*version == 0 || *version > latest)) {
        return std::nullopt;
    }
    return row(name, found->second, version.value_or(latest));
}

std::vector<TopicRow> EventLog::topics(std::string_view after, std::uint32_t limit) const {
    std::vector<TopicRow> found;
    for (auto at = topics_.upper_bound(std::string(after));
         at != topics_.end() && found.size() < limit; ++at) {
        found.push_back(*topic(at->first, std::nullopt));
    }
    return found;
}

std::optional<EventPage> EventLog::events(const std::string& topic, Offset after,
                                          std::uint32_t limit) const {
    const auto found = topics_.find(topic);
    if (found == topics_.end()) {
        return std::nullopt;
    }
    EventPage page;
    page.last = found->second.last;
    std::size_t bytes = 0;
    for (const EventRow& event : found->second.events) {
        if (event.offset <= after) continue;
        page.rows.push_back(event);
        bytes += event.event.size();
        page.is_cut = page.rows.size() == limit || bytes >= kEventPageBytesMax;
        if (page.is_cut) break;
    }
    return page;
}

std::optional<Offset> EventLog::offset_before(const std::string& topic, Timestamp at) const {
    const auto found = topics_.find(topic);
    if (found == topics_.end()) {
        return std::nullopt;
    }
    Offset before{};
    for (const EventRow& event : found->second.events) {
        if (event.at < at) before = event.offset;
    }
    return before;
}

std::vector<EventHit> EventLog::hits() const {
    std::vector<EventHit> all;
    for (const auto& [event, waiting] : hits_) {
        all.push_back(told(event, waiting));
    }
    return all;
}

EventLog::Topic& EventLog::find_or_make(const std::string& name, Timestamp at) {
    const auto [found, is_new] = topics_.try_emplace(name);
    if (is_new) {
        found->second.created_at = at;
    }
    return found->second;
}

const EventRow* EventLog::find(const std::string& topic, Offset offset) const {
    const auto found = topics_.find(topic);
    if (found == topics_.end() || found->second.events.empty()) {
        return nullptr;
    }
    const auto& events = found->second.events;
    const auto index =
        static_cast<std::int64_t>(offset) - static_cast<std::int64_t>(events.front().offset);
    return index < 0 || index >= std::ssize(events) ? nullptr
                                                    : &events[static_cast<std::size_t>(index)];
}

void EventLog::add_hit(const EventName& event, const Waiting& waiting,
                       std::vector<EventHit>& hits) {
    if (hits_.emplace(event, waiting).second) {
        hits.push_back(told(event, waiting));
    }
}

EventHit EventLog::told(const EventName& event, const Waiting& waiting) const {
    return {waiting.saga, waiting.step, waiting.phase,
            event.topic,  event.offset, find(event.topic, event.offset)->event};
}

bool EventLog::is_untold(const EventName& event) const {
    const auto at = hits_.lower_bound({event, {}});
    return at != hits_.end() && at->first == event;
}

TopicRow EventLog::row(const std::string& name, const Topic& topic, std::uint32_t version) const {
    TopicRow row{};
    row.name = name;
    row.version = version;
    row.source = version == 0 ? std::string() : topic.documents[version - 1].source;
    row.created_at = version == 0 ? topic.created_at : topic.documents[version - 1].at;
    row.last = topic.last;
    row.first = topic.events.empty() ? next(topic.last) : topic.events.front().offset;
    row.bytes = topic.bytes;
    return row;
}

}  // namespace skald::store::memory
