#include "store/sqlite/reader_pool.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "store/sqlite/saga_rows.h"
#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

// CROSS JOIN: in this order (sqlite.org/optoverview.html, 8.2).
const std::string kFromSaga =
    " FROM saga CROSS JOIN definition ON definition.key = saga.definition";
const std::string kOneSaga = "SELECT " + kSagaColumns + ", input.json" + kFromSaga +
                             " CROSS JOIN input ON input.saga = saga.key WHERE saga.";

/// For searches, which are stepped through as far as wanted. ?1: only keys below.
const std::string kNewestFirst = " AND saga.key < ?1 ORDER BY saga.key DESC";
std::string search(const std::string& index, const std::string& where) {
    return "SELECT " + kSagaColumns + " FROM saga" + index +
           " CROSS JOIN definition ON definition.key = saga.definition WHERE " + where +
           kNewestFirst;
}

const std::string kFromDefinition =
    " FROM definition CROSS JOIN definition_name ON definition_name.name = definition.name";

// Of topic and, where there is one, its document.
const std::string kTopicColumns =
    "topic.name, coalesce(document.version, 0), coalesce(document.source, ''),"
    " coalesce(document.created_at, topic.created_at), topic.first, topic.last, topic.bytes";
const std::string kLatestTopic = "SELECT " + kTopicColumns +
                                 " FROM topic LEFT JOIN topic_version AS document"
                                 " ON document.topic = topic.key"
                                 " AND document.version = topic.version WHERE topic.name ";

}  // namespace

ReaderConnection::ReaderConnection(std::unique_ptr<SQLite::Database> database)
    : database_(std::move(database)),
      pin(*database_, "SELECT 1 FROM meta"),
      saga_by_id(*database_, kOneSaga + "id = ?"),
      saga_by_key(*database_, kOneSaga + "key = ?"),
      journal(*database_, "SELECT " + kJournalColumns +
                              " FROM journal WHERE saga = ? AND seq > ? ORDER BY seq LIMIT ?"),
      counts(*database_, "SELECT status, sagas FROM count"),
      search_all(*database_, search("", "true")),
      search_definition(*database_, search(" INDEXED BY saga_definition", "saga.definition = ?2")),
      // Completed sagas are the many, and not in this index.
      search_status(*database_, search(" INDEXED BY saga_not_completed",
                                       "saga.status = ?2 AND saga.status <> 3")),
      started_at(*database_,
                 "SELECT key, started_at FROM saga WHERE key <= ? ORDER BY key DESC LIMIT 1"),
      newest(*database_, "SELECT coalesce(max(key), 0) FROM saga"),
      feed(*database_, "SELECT " + kJournalColumns + ", " + kSagaColumns +
                           " FROM journal CROSS JOIN saga ON saga.key = journal.saga"
                           " CROSS JOIN definition ON definition.key = saga.definition"
                           " WHERE journal.pos > ? ORDER BY journal.pos LIMIT ?"),
      last_position(*database_,
                    "SELECT max((SELECT coalesce(max(pos), 0) FROM journal),"
                    " (SELECT value FROM meta WHERE name = 'position_max'))"),
      versions_of_name(*database_,
                       "SELECT key FROM definition WHERE name = ?1"
                       " AND version = coalesce(?2, version) ORDER BY version DESC"),
      definition_latest(*database_, "SELECT " + kDefinitionColumns +
                                        " FROM definition_name CROSS JOIN definition"
                                        " ON definition.key = definition_name.latest"
                                        " WHERE definition_name.name = ?"),
      definition_version(*database_, "SELECT " + kDefinitionColumns + kFromDefinition +
                                         " WHERE definition.name = ? AND definition.version = ?"),
      definition_by_key(*database_, "SELECT " + kDefinitionColumns + kFromDefinition +
                                        " WHERE definition.key = ?"),
      definitions(*database_, "SELECT " + kDefinitionColumns +
                                  " FROM definition_name CROSS JOIN definition"
                                  " ON definition.key = definition_name.latest"
                                  " WHERE definition_name.name > ? AND definition_name.state = ?"
                                  " ORDER BY definition_name.name LIMIT ?"),
      parked(*database_,
             "SELECT saga, wake_at FROM parked WHERE wake_at <= ? ORDER BY wake_at, saga LIMIT ?"),
      lock_place(*database_,
                 "SELECT (SELECT saga.id FROM lock AS first JOIN saga ON saga.key = first.saga"
                 " WHERE first.hash = own.hash ORDER BY first.saga LIMIT 1),"
                 " (SELECT count(*) FROM (SELECT 1 FROM lock AS earlier"
                 " WHERE earlier.hash = own.hash AND earlier.saga < own.saga LIMIT ?2))"
                 " FROM lock AS own WHERE own.saga = ?1"),
      topic_latest(*database_, kLatestTopic + "= ?"),
      topic_version(*database_, "SELECT " + kTopicColumns +
                                    " FROM topic CROSS JOIN topic_version AS document"
                                    " ON document.topic = topic.key"
                                    " WHERE topic.name = ? AND document.version = ?"),
      topics(*database_, kLatestTopic + "> ? ORDER BY topic.name LIMIT ?"),
      topic_range(*database_, "SELECT key, first, last FROM topic WHERE name = ?"),
      events(*database_,
             "SELECT key, at, json FROM event WHERE key > ? AND key < ? ORDER BY key LIMIT ?"),
      event_at(*database_, "SELECT at FROM event WHERE key = ?"),
      // Both are read in the order of the keys, so that each look into `parked` goes on where the
      // one before ended.
      live_keys(*database_,
                "SELECT key FROM saga INDEXED BY saga_not_completed"
                " WHERE status = ? AND status <> 3 AND key NOT IN (SELECT saga FROM parked)"),
      // The latest time stands in the last batch, whose starts are written before its rows,
      // whichever happened first; and a batch is smaller than this.
      last_keys(*database_,
                "SELECT max((SELECT coalesce(max(key), 0) FROM saga),"
                " (SELECT value FROM meta WHERE name = 'saga_max')),"
                " max((SELECT coalesce(max(pos), 0) FROM journal),"
                " (SELECT value FROM meta WHERE name = 'position_max')),"
                " max(coalesce((SELECT max(at) FROM"
                " (SELECT at FROM journal ORDER BY pos DESC LIMIT 16384)), 0),"
                " (SELECT value FROM meta WHERE name = 'time_max'))"),
      lock_heads(*database_,
                 // is_granted: of the row with the least saga (sqlite.org/lang_select.html,
                 // "Bare columns in an aggregate query").
                 "SELECT saga FROM (SELECT min(saga) AS saga, is_granted FROM lock GROUP BY hash)"
                 " WHERE is_granted = 0"),
      event_hits(*database_,
                 "SELECT event_hit.saga, event_hit.step, event_hit.phase, topic.name, event.key,"
                 " event.json FROM event_hit CROSS JOIN event ON event.key = event_hit.event"
                 " CROSS JOIN topic ON topic.key = event_hit.event >> 40"
                 " ORDER BY event.at, topic.name, event.key, event_hit.saga, event_hit.step,"
                 " event_hit.phase"),
      match_paths(*database_, "SELECT topic, type, path FROM match_path ORDER BY 1, 2, 3"),
      request_keys(*database_),
      subscriptions(*database_) {}

ReaderConnection::~ReaderConnection() = default;

void ReaderConnection::interrupt() { sqlite3_interrupt(handle(*database_)); }

ReaderPool::ReaderPool(std::vector<std::unique_ptr<ReaderConnection>> connections)
    : connections_(std::move(connections)) {
    for (const auto& connection : connections_) {
        idle_.push_back(connection.get());
    }
}

ReaderPool::~ReaderPool() = default;

Result<ReaderPool::Lease> ReaderPool::lease() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kLeaseWait, [this] { return !is_closed_ && !idle_.empty(); })) {
        return sagas::fail(ErrorCode::Unavailable,
                           "read: too many others are reading; try again later");
    }
    ReaderConnection& connection = *idle_.back();
    idle_.pop_back();
    return Lease(*this, connection);
}

Result<void> ReaderPool::run(const char* doing,
                             const std::function<void(ReaderConnection&)>& body) {
    const auto leased = lease();
    if (!leased) {
        return tl::unexpected(leased.error());
    }
    ReaderConnection& connection = **leased;
    try {
        body(connection);
        return {};
    } catch (const SQLite::Exception& exception) {
        return tl::unexpected(to_error(exception, connection.database(), doing));
    }
}

void ReaderPool::give_back(ReaderConnection& connection) {
    {
        const std::lock_guard lock(mutex_);
        idle_.push_back(&connection);
    }
    changed_.notify_all();
}

ReaderPool::Gate ReaderPool::close_gate() {
    std::unique_lock lock(mutex_);
    is_closed_ = true;
    const auto back = [this] { return all_are_back(); };
    if (changed_.wait_for(lock, kGateWait, back)) {
        return Gate::Closed;
    }
    // An interrupt that comes before the first step of a query is lost, so it is repeated.
    constexpr Milliseconds kInterval{5};
    for (Milliseconds waited{0}; waited < kInterruptWait; waited += kInterval) {
        for (const auto& connection : connections_) {
            connection->interrupt();
        }
        if (changed_.wait_for(lock, kInterval, back)) {
            return Gate::Closed;
        }
    }
    is_closed_ = false;
    lock.unlock();
    changed_.notify_all();
    return Gate::StillBusy;
}

void ReaderPool::open_gate() {
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = false;
    }
    changed_.notify_all();
}

}  // namespace skald::store::sqlite
