#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "store/event_rules.h"
#include "store/store.h"

namespace skald::store::memory {

/// Topics, their events, and what waits for them; of the memory store. What it is told of sagas
/// that aren't there is left out by the caller.
class EventLog {
 public:
    explicit EventLog(const EventRules& rules = {}) : rules_(rules) {}

    // As Batch says.
    TopicOutcome put(const PutTopic& put);
    void expect(const NewExpectation& expectation, std::vector<EventHit>& hits);
    EventWritten publish(const NewEvent& event, std::vector<EventHit>& hits);
    void forget(const ToldHit& told);
    void add_path(const sagas::MatchPath& path) { paths_.insert(path); }

    /// Nothing of `saga` waits any more; hits stay.
    void leave(SagaKey saga);
    /// It is deleted.
    void erase(SagaKey saga);
    /// Once a second of `now`, everything goes that is too old, or too much. `settled`: of topics
    /// that are subscribed to; events beyond it don't go for their age.
    void keep_house(Timestamp now, const std::map<std::string, Offset>& settled);

    // As Reader and Recovery say; none: NotFound.
    std::optional<TopicRow> topic(const std::string& name,
                                  std::optional<std::uint32_t> version) const;
    std::vector<TopicRow> topics(std::string_view after, std::uint32_t limit) const;
    std::optional<EventPage> events(const std::string& topic, Offset after,
                                    std::uint32_t limit) const;
    std::optional<Offset> offset_before(const std::string& topic, Timestamp at) const;
    std::vector<EventHit> hits() const;
    std::vector<sagas::MatchPath> paths() const { return {paths_.begin(), paths_.end()}; }

 private:
    struct Document {
        std::string source;
        Timestamp at;
    };
    struct Topic {
        Timestamp created_at;
        std::vector<Document> documents;
        std::optional<Milliseconds> retain_for;
        std::optional<std::uint64_t> retain_bytes;
        std::deque<EventRow> events;  ///< The last one is `last`.
        Offset last{};
        Timestamp last_at{};
        std::uint64_t bytes = 0;  ///< Of `events`.
    };
    /// Ordered as events were written.
    struct EventName {
        Timestamp at;
        std::string topic;
        Offset offset;
        auto operator<=>(const EventName&) const = default;
    };
    struct Known {
        Offset offset;
        Timestamp at;
    };

    Topic& find_or_make(const std::string& name, Timestamp at);
    const EventRow* find(const std::string& topic, Offset offset) const;
    void add_hit(const EventName& event, const Waiting& waiting, std::vector<EventHit>& hits);
    EventHit told(const EventName& event, const Waiting& waiting) const;
    void shorten(const std::string& name, Topic& topic, Timestamp now,
                 std::optional<Offset> settled);
    void forget_keys(Timestamp now);
    bool is_untold(const EventName& event) const;
    TopicRow row(const std::string& name, const Topic& topic, std::uint32_t version) const;

    EventRules rules_;
    std::map<std::string, Topic> topics_;
    std::map<std::string, Known> ids_;                     ///< By event_identity.
    std::map<std::string, std::set<EventName>> found_by_;  ///< By the keys of events.
    std::map<std::string, std::set<Waiting>> awaited_;     ///< By key.
    std::map<SagaKey, std::set<std::string>> awaits_;      ///< The keys in `awaited_`.
    std::set<std::pair<EventName, Waiting>> hits_;         ///< That are not told.
    std::set<sagas::MatchPath> paths_;
    std::optional<Timestamp> next_look_;
};

}  // namespace skald::store::memory
