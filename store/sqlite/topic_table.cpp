#include "store/sqlite/topic_table.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "store/event_rules.h"

namespace skald::store::sqlite {
namespace {

std::optional<std::int64_t> count_of(const std::optional<Milliseconds>& time) {
    return time ? std::optional{std::int64_t{time->count()}} : std::nullopt;
}

std::optional<std::int64_t> storable(const std::optional<std::uint64_t>& bytes) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    return bytes ? std::optional{static_cast<std::int64_t>(std::min(*bytes, kMax))} : std::nullopt;
}

}  // namespace

TopicTable::TopicTable(SQLite::Database& database)
    : find_(database, "SELECT key, last, last_at FROM topic WHERE name = ?"),
      insert_(database,
              "INSERT INTO topic(name, created_at, version, first, last, last_at, bytes)"
              " VALUES (?, ?, 0, 1, 0, 0, 0)"),
      advance_(database,
               "UPDATE topic SET last = ?2, last_at = ?3, bytes = bytes + ?4 WHERE key = ?1"),
      latest_(database,
              "SELECT document.version, document.source FROM topic CROSS JOIN topic_version"
              " AS document ON document.topic = topic.key AND document.version = topic.version"
              " WHERE topic.key = ?"),
      set_document_(database,
                    "UPDATE topic SET version = ?2, retain_for = ?3, retain_bytes = ?4"
                    " WHERE key = ?1"),
      insert_document_(database,
                       "INSERT INTO topic_version(topic, version, source, created_at)"
                       " VALUES (?, ?, ?, ?)") {}

void TopicTable::begin_transaction() {
    changed_.clear();
    if (!is_committed_ || known_.size() > kKnownMax) {
        known_.clear();
    }
    is_committed_ = false;
}

void TopicTable::finish() {
    for (Topic* const topic : changed_) {
        advance_.run(topic->key, topic->last, topic->last_at, topic->new_bytes);
        topic->has_new = false;
        topic->new_bytes = 0;
    }
    changed_.clear();
}

TopicOutcome TopicTable::write(const PutTopic& put) {
    LatestTopic latest;
    if (const Topic* topic = find(put.name)) {
        Rows rows = latest_.query(topic->key);
        if (rows.next()) {
            latest = {static_cast<std::uint32_t>(rows.integer(0)), rows.text(1)};
        }
    }
    const TopicOutcome outcome = decide(put, latest);
    const auto* written = std::get_if<TopicWritten>(&outcome);
    if (written != nullptr && written->how == TopicWritten::How::NewVersion) {
        const TopicKey key = find_or_make(put.name, put.at).key;
        insert_document_.run(key, written->version, put.source, put.at);
        set_document_.run(key, written->version, count_of(put.retain_for),
                          storable(put.retain_bytes));
    }
    return outcome;
}

TopicTable::Topic* TopicTable::find(const std::string& name) {
    if (const auto known = known_.find(name); known != known_.end()) {
        return &known->second;
    }
    Rows rows = find_.query(name);
    if (!rows.next()) {
        return nullptr;
    }
    const Topic topic{TopicKey{rows.integer(0)}, Offset{rows.integer(1)}, rows.time(2)};
    return &known_.emplace(name, topic).first->second;
}

TopicTable::Topic& TopicTable::find_or_make(const std::string& name, Timestamp at) {
    if (Topic* const topic = find(name)) {
        return *topic;
    }
    insert_.run(name, at);
    return *find(name);
}

Timestamp TopicTable::add_event(Topic& topic, Timestamp at, std::size_t bytes) {
    if (!topic.has_new) {
        changed_.push_back(&topic);
        topic.has_new = true;
    }
    topic.last = next(topic.last);
    topic.last_at = std::max(topic.last_at, at);
    topic.new_bytes += bytes;
    return topic.last_at;
}

}  // namespace skald::store::sqlite
