#include "store/sqlite/event_log.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace skald::store::sqlite {

EventLog::EventLog(SQLite::Database& database, Transactions& transactions, const HashKey& key,
                   const EventRules& rules, SagaTable& sagas)
    : key_(key),
      rules_(rules),
      sagas_(sagas),
      topics_(database),
      index_(database, transactions, std::max(rules.known_for, rules.kept_for)),
      events_(database, key, rules, index_),
      expectations_(database),
      insert_path_(database,
                   "INSERT INTO match_path(topic, type, path) VALUES (?, ?, ?)"
                   " ON CONFLICT DO NOTHING") {}

void EventLog::begin_transaction() {
    topics_.begin_transaction();
    index_.begin_transaction();
    events_.begin_transaction();
    ended_.clear();
}

void EventLog::committed() {
    topics_.committed();
    index_.committed();
}

void EventLog::look_at(SagaKey saga, const Record& row) {
    if (row.decision.end) {
        ended_.push_back(saga);
    } else if (std::holds_alternative<sagas::ParentTurned>(row.cause)) {
        std::erase(ended_, saga);  // It goes on.
    }
}

Result<void> EventLog::write(const Batch& batch, Committed& committed) {
    for (const sagas::MatchPath& path : batch.match_paths) {
        insert_path_.run(path.topic, path.type, path.path);
    }
    for (const PutTopic& put : batch.topics) {
        committed.topics.push_back(topics_.write(put));
    }
    for (const NewExpectation& expectation : batch.expectations) {
        if (auto done = enter(expectation, committed.event_hits); !done) {
            return done;
        }
    }
    for (const NewEvent& event : batch.events) {
        if (auto done = publish(event, committed); !done) {
            return done;
        }
    }
    for (const ToldHit& told : batch.told_hits) {
        erase(told);
    }
    events_.finish();
    index_.finish();
    topics_.finish();
    // Not before: what the batch has for a saga that ended in it is still told, and no expectation
    // of such a saga stays.
    for (const SagaKey saga : ended_) {
        expectations_.leave(saga);
    }
    return {};
}

Result<void> EventLog::enter(const NewExpectation& expectation, std::vector<EventHit>& hits) {
    const auto is_there = sagas_.is_there(expectation.saga);
    if (!is_there) {
        return tl::unexpected(is_there.error());
    }
    if (!*is_there) {
        return {};
    }
    const Waiting waiting{expectation.saga, expectation.step, expectation.phase};
    std::vector<std::int64_t> hashes = hashes_of(expectation.keys);
    std::erase_if(hashes, [&](std::int64_t hash) {
        return expectations_.enter(waiting, hash) == ExpectationTable::Entered::WaitedAlready;
    });
    find_earlier(waiting, hashes, kept_since(expectation.at, rules_.kept_for), hits);
    return {};
}

void EventLog::find_earlier(const Waiting& waiting, const std::vector<std::int64_t>& hashes,
                            Timestamp since, std::vector<EventHit>& hits) {
    std::vector<EventTable::Earlier> found;
    for (const std::int64_t hash : hashes) {
        auto some = events_.find(hash, since);
        std::move(some.begin(), some.end(), std::back_inserter(found));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::tie(a.at, a.topic, a.key) < std::tie(b.at, b.topic, b.key);
    });
    for (EventTable::Earlier& each : found) {
        if (expectations_.add_hit(each.key, waiting) == ExpectationTable::Hit::New) {
            hits.push_back({waiting.saga, waiting.step, waiting.phase, std::move(each.topic),
                            offset_of(each.key), std::move(each.event)});
        }
    }
}

Result<void> EventLog::publish(const NewEvent& event, Committed& committed) {
    if (event.saga) {
        const auto is_there = sagas_.is_there(*event.saga);
        if (!is_there) {
            return tl::unexpected(is_there.error());
        }
        if (!*is_there) {
            committed.events.push_back(std::nullopt);
            return {};
        }
    }
    const std::vector<std::int64_t> hashes = hashes_of(event.keys);
    const auto [key, is_repeat] = events_.write(event, topics_, hashes);
    committed.events.push_back(EventWritten{offset_of(key), is_repeat});
    if (is_repeat) {
        return {};
    }
    for (const Waiting& waiting : expectations_.find(hashes)) {
        expectations_.add_hit(key, waiting);
        committed.event_hits.push_back(
            {waiting.saga, waiting.step, waiting.phase, event.topic, offset_of(key), event.event});
    }
    return {};
}

void EventLog::erase(const ToldHit& told) {
    if (const TopicTable::Topic* topic = topics_.find(told.topic)) {
        expectations_.erase_hit(event_key(topic->key, told.offset),
                                {told.saga, told.step, told.phase});
    }
}

/// Each once, in the order of `keys`.
std::vector<std::int64_t> EventLog::hashes_of(const std::vector<std::string>& keys) const {
    std::vector<std::int64_t> hashes;
    for (const std::string& key : keys) {
        const std::int64_t hash = hash_text(key_, key, 0);
        if (std::find(hashes.begin(), hashes.end(), hash) == hashes.end()) {
            hashes.push_back(hash);
        }
    }
    return hashes;
}

}  // namespace skald::store::sqlite
