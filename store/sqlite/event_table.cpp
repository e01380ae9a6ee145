#include "store/sqlite/event_table.h"

#include <algorithm>

#include "sagas/json.h"
#include "store/event_rules.h"

namespace skald::store::sqlite {

EventTable::EventTable(SQLite::Database& database, const HashKey& key, const EventRules& rules,
                       EventIndex& index)
    : key_(key),
      rules_(rules),
      index_(index),
      rows_(database, "event(key, at, json)"),
      json_(database, "SELECT json FROM event WHERE key = ?"),
      whole_(database,
             "SELECT topic.name, event.at, event.json FROM event"
             " CROSS JOIN topic ON topic.key = event.key >> 40 WHERE event.key = ?") {
    static_assert(kOffsetBits == 40);
}

EventTable::Written EventTable::write(const NewEvent& event, TopicTable& topics,
                                      const std::vector<std::int64_t>& hashes) {
    TopicTable::Topic& topic = topics.find_or_make(event.topic, event.at);
    const std::int64_t identity = hash_text(key_, event_identity(event), 0);
    if (!event.saga) {
        if (const auto first = repeated(event, topic.key, identity)) {
            return {*first, true};
        }
    }
    const Timestamp at = topics.add_event(topic, event.at, event.event.size());
    const EventKey key = event_key(topic.key, topic.last);
    rows_.hold(key, at, event.event);
    index_.add(identity, {key, event.at});
    for (const std::int64_t hash : hashes) {
        index_.add(hash, {key, at});
    }
    return {key, false};
}

/// None: `hash` stands for no event, or for others.
std::optional<EventKey> EventTable::repeated(const NewEvent& event, TopicKey topic,
                                             std::int64_t hash) {
    std::optional<EventKey> first;
    index_.find(hash, kept_since(event.at, rules_.known_for), [&](const EventIndex::Entry& entry) {
        if (!is_repeat(entry.at, event.at, rules_) || is_another(entry.event, event, topic)) {
            return EventIndex::Look::GoOn;
        }
        first = entry.event;
        return EventIndex::Look::Stop;
    });
    return first;
}

/// Two hashes may be equal by chance: nobody's event is lost by that.
bool EventTable::is_another(EventKey key, const NewEvent& event, TopicKey topic) {
    if (topic_of(key) != topic) {
        return true;
    }
    rows_.finish();  // It may be of this transaction.
    Rows rows = json_.query(key);
    if (!rows.next()) {
        return false;
    }
    const auto first = sagas::Json::parse(rows.text(0), nullptr, false);
    const auto differs = [&first](const char* name, const std::string& text) {
        const auto member = first.find(name);
        return member != first.end() && member->is_string() && *member != text;
    };
    return first.is_object() && (differs("source", event.source) || differs("id", event.id));
}

std::vector<EventTable::Earlier> EventTable::find(std::int64_t hash, Timestamp since) {
    std::vector<Earlier> found;
    index_.find(hash, since, [&](const EventIndex::Entry& entry) {
        const bool is_found = std::any_of(found.begin(), found.end(), [&entry](const auto& each) {
            return each.key == entry.event;
        });
        if (is_found) {
            return EventIndex::Look::GoOn;
        }
        Rows rows = whole_.query(entry.event);
        if (rows.next()) {
            found.push_back({rows.text(0), rows.time(1), entry.event, rows.text(2)});
        }
        return found.size() == kEarlierEventsMax ? EventIndex::Look::Stop : EventIndex::Look::GoOn;
    });
    return found;
}

}  // namespace skald::store::sqlite
