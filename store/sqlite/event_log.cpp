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
    expectations_.begin_transaction();
    written_ = {};
    fresh_hits_.clear();
    ended_.clear();
    parked_.clear();
}

void EventLog::committed() {
    topics_.committed();
    index_.committed();
    expectations_.committed();
}

void EventLog::look_at(SagaKey saga, const Record& row) {
    if (row.decision.end) {
        ended_.push_back(saga);
    } else if (std::holds_alternative<sagas::ParentTurned>(row.cause)) {
        std::erase(ended_, saga);  // It goes on.
    }
}

Result<void> EventLog::publish(const Batch& batch, Committed& committed) {
    for (; written_.match_paths < batch.match_paths.size(); ++written_.match_paths) {
        const sagas::MatchPath& path = batch.match_paths[written_.match_paths];
        insert_path_.run(path.topic, path.type, path.path);
    }
    for (; written_.topics < batch.topics.size(); ++written_.topics) {
        committed.topics.push_back(topics_.write(batch.topics[written_.topics]));
    }
    // They waited before it.
    if (auto done = enter(batch, IsNew::No, written_.not_new, committed); !done) {
        return done;
    }
    for (; written_.events < batch.events.size(); ++written_.events) {
        if (auto done = publish(batch.events[written_.events], committed); !done) {
            return done;
        }
    }
    for (; written_.told_hits < batch.told_hits.size(); ++written_.told_hits) {
        erase(batch.told_hits[written_.told_hits], committed.event_hits);
    }
    return {};
}

Result<void> EventLog::write(const Batch& batch, Committed& committed) {
    events_.finish();  // They borrow from the batch, which may grow; and may be looked for.
    return enter(batch, IsNew::Yes, written_.expectations, committed);
}

/// Those of one kind, from `next` on.
Result<void> EventLog::enter(const Batch& batch, IsNew is_new, std::size_t& next,
                             Committed& committed) {
    for (; next < batch.expectations.size(); ++next) {
        const NewExpectation& expectation = batch.expectations[next];
        if (expectation.is_new != (is_new == IsNew::Yes)) {
            continue;
        }
        if (auto done = enter(expectation, committed.event_hits); !done) {
            return done;
        }
    }
    return {};
}

void EventLog::finish() {
    for (const FreshHit& hit : fresh_hits_) {
        expectations_.add_hit(hit.event, hit.waiting);
    }
    index_.finish();
    topics_.finish();
    for (const SagaKey saga : parked_) {
        expectations_.park(saga);
    }
    // Not before: what the batch has for a saga that ended in it is still told, and no expectation
    // of such a saga stays.
    for (const SagaKey saga : ended_) {
        expectations_.leave(saga);
    }
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
    if (expectation.is_new) {
        find_earlier(waiting, hashes, kept_since(expectation.at, rules_.kept_for), hits);
    }
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
        if (is_hit(each.key, waiting)) {
            continue;
        }
        note_hit(each.key, waiting,
                 {waiting.saga, waiting.step, waiting.phase, std::move(each.topic),
                  offset_of(each.key), std::move(each.event)},
                 hits);
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
    std::vector<std::int64_t> hashes = hashes_of(event.keys.values);
    const std::vector<Waiting> all = find_waiting(event, hashes);
    const auto [key, is_repeat] = events_.write(event, topics_, hashes);
    committed.events.push_back(EventWritten{offset_of(key), is_repeat});
    if (is_repeat) {
        return {};
    }
    for (const Waiting& waiting : all) {
        note_hit(key, waiting,
                 {waiting.saga, waiting.step, waiting.phase, event.topic, offset_of(key),
                  event.event, committed.events.size() - 1},
                 committed.event_hits);
    }
    return {};
}

/// All that wait for `event`. Its saga's key is added to `hashes`, by which it is found later,
/// where nobody waits by that now.
std::vector<Waiting> EventLog::find_waiting(const NewEvent& event,
                                            std::vector<std::int64_t>& hashes) {
    std::vector<Waiting> all = expectations_.find(hashes);
    if (event.keys.saga.empty()) {
        return all;
    }
    const std::int64_t hash = hash_text(key_, event.keys.saga, 0);
    const auto own = expectations_.find({hash});
    if (own.empty()) {
        hashes.push_back(hash);
    }
    all.insert(all.end(), own.begin(), own.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

/// It is known, and not told yet.
bool EventLog::is_hit(EventKey event, const Waiting& waiting) {
    const bool is_fresh = std::any_of(
        fresh_hits_.begin(), fresh_hits_.end(),
        [&](const FreshHit& hit) { return hit.event == event && hit.waiting == waiting; });
    return is_fresh || expectations_.has_hit(event, waiting);
}

void EventLog::note_hit(EventKey event, const Waiting& waiting, EventHit hit,
                        std::vector<EventHit>& hits) {
    fresh_hits_.push_back({event, waiting, hits.size()});
    hits.push_back(std::move(hit));
}

void EventLog::erase(const ToldHit& told, std::vector<EventHit>& hits) {
    const TopicTable::Topic* topic = topics_.find(told.topic);
    if (topic == nullptr) {
        return;
    }
    const EventKey event = event_key(topic->key, told.offset);
    const Waiting waiting{told.saga, told.step, told.phase};
    const auto fresh = std::find_if(
        fresh_hits_.begin(), fresh_hits_.end(),
        [&](const FreshHit& hit) { return hit.event == event && hit.waiting == waiting; });
    if (fresh == fresh_hits_.end()) {
        expectations_.erase_hit(event, waiting);
        return;
    }
    hits[fresh->index].is_told = true;
    fresh_hits_.erase(fresh);
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
