#include "tests/store/sqlite_file.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace skald::store::sample {
namespace {

std::string column_text(const SQLite::Column& column) {
    if (column.isNull()) {
        return "NULL";
    }
    if (!column.isBlob()) {
        return column.getString();
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const char byte : column.getString()) {
        const auto bits = static_cast<unsigned char>(byte);
        hex += kDigits[bits >> 4];
        hex += kDigits[bits & 15];
    }
    return hex;
}

std::vector<std::string> rows_of(SQLite::Database& database, const std::string& sql) {
    SQLite::Statement statement(database, sql);
    std::vector<std::string> rows;
    while (statement.executeStep()) {
        std::string row;
        for (int i = 0; i < statement.getColumnCount(); ++i) {
            row += (i == 0 ? "" : "|") + column_text(statement.getColumn(i));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path().string() + "/skald-store-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
        ADD_FAILURE() << "can't make a temporary folder";
    }
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

SqliteOptions options_in(const TemporaryFolder& folder) {
    SqliteOptions options;
    options.path = folder.file("skald.db");
    options.readers = 2;
    options.lock_wait = Milliseconds{20};
    // What the machine's disk holds is not this test's business.
    options.free_bytes = [] { return std::uint64_t{1} << 40; };
    return options;
}

std::unique_ptr<Store> open_or_fail(const SqliteOptions& options) {
    auto store = open_sqlite_store(options);
    if (!store) {
        ADD_FAILURE() << store.error().message;
        return nullptr;
    }
    return std::move(*store);
}

void run_sql(const std::string& path, const std::string& sql) {
    SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
}

std::vector<std::string> query_sql(const std::string& path, const std::string& sql) {
    SQLite::Database database(path, SQLite::OPEN_READWRITE);
    return rows_of(database, sql);
}

std::vector<std::string> problems(const std::string& path) {
    struct Rule {
        const char* name;
        const char* broken;
    };
    constexpr std::array kRules = {
        Rule{"integrity", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
        Rule{"foreign keys", "SELECT * FROM pragma_foreign_key_check"},
        Rule{"journal gap",
             "SELECT saga FROM journal GROUP BY saga HAVING min(seq) <> 1 OR max(seq) <> count(*)"},
        Rule{"order of the journal",
             "SELECT a.saga FROM journal a JOIN journal b ON a.saga = b.saga AND a.seq < b.seq"
             " WHERE a.pos > b.pos"},
        Rule{"journal without saga",
             "SELECT saga FROM journal WHERE saga NOT IN (SELECT key FROM saga)"},
        Rule{"saga without journal",
             "SELECT key FROM saga WHERE key NOT IN (SELECT saga FROM journal)"},
        Rule{"saga without input",
             "SELECT key FROM saga WHERE key NOT IN (SELECT saga FROM input)"},
        Rule{"input without saga",
             "SELECT saga FROM input WHERE saga NOT IN (SELECT key FROM saga)"},
        Rule{"key without saga",
             "SELECT hash FROM key WHERE saga NOT IN (SELECT key FROM saga WHERE has_key = 1)"},
        Rule{"saga without key",
             "SELECT key FROM saga WHERE has_key = 1 AND key NOT IN (SELECT saga FROM key)"},
        Rule{"parked without saga",
             "SELECT saga FROM parked WHERE saga NOT IN (SELECT key FROM saga)"},
        Rule{"queueing without saga",
             "SELECT saga FROM lock WHERE saga NOT IN (SELECT key FROM saga)"},
        Rule{"queueing after its end",
             "SELECT lock.saga FROM lock JOIN journal ON journal.saga = lock.saga"
             " WHERE json_extract(data, '$.end') IS NOT NULL"},
        Rule{"granted is as the journal says",
             "SELECT saga FROM lock WHERE is_granted <>"
             " EXISTS (SELECT 1 FROM journal WHERE journal.saga = lock.saga AND type = 13)"},
        Rule{"not in a queue",
             "SELECT saga FROM journal WHERE seq = 1 AND json_extract(data, '$.lock') IS NOT NULL"
             " AND NOT EXISTS (SELECT 1 FROM journal AS other WHERE other.saga = journal.saga"
             " AND json_extract(other.data, '$.end') IS NOT NULL)"
             " AND saga NOT IN (SELECT saga FROM lock)"},
        Rule{"held",
             "SELECT child.key FROM saga AS child LEFT JOIN saga AS above"
             " ON above.key = child.parent WHERE coalesce(child.held, 0) <>"
             " coalesce(above.held = 1 OR above.status < 3, 0)"},
        Rule{"offset gap",
             "SELECT topic.name FROM topic LEFT JOIN event ON event.key >> 40 = topic.key"
             " GROUP BY topic.key HAVING first < 1 OR count(event.key) <> last - first + 1"
             " OR min(event.key) <> (topic.key << 40) + first"
             " OR max(event.key) <> (topic.key << 40) + last"},
        Rule{"bytes of a topic",
             "SELECT name, bytes FROM topic WHERE bytes <>"
             " (SELECT coalesce(sum(length(CAST(json AS BLOB))), 0) FROM event"
             " WHERE event.key >> 40 = topic.key)"},
        Rule{"event without topic",
             "SELECT key FROM event WHERE key >> 40 NOT IN (SELECT key FROM topic)"},
        Rule{"order of events",
             "SELECT a.key FROM event a JOIN event b ON b.key = a.key + 1 WHERE a.at > b.at"},
        Rule{"latest event",
             "SELECT name FROM topic JOIN event ON event.key = (topic.key << 40) + last"
             " WHERE last_at <> at"},
        Rule{"documents of a topic",
             "SELECT topic.name FROM topic WHERE version <>"
             " (SELECT coalesce(max(version), 0) FROM topic_version WHERE topic = topic.key)"
             " OR version <> (SELECT count(*) FROM topic_version WHERE topic = topic.key)"},
        Rule{"hash of an event that never was",
             "SELECT event FROM (SELECT event FROM event_hash UNION ALL"
             " SELECT event FROM event_recent) LEFT JOIN topic ON topic.key = event >> 40"
             " WHERE event & 0xffffffffff NOT BETWEEN 1 AND coalesce(last, 0)"},
        Rule{"hit without event",
             "SELECT event FROM event_hit WHERE event NOT IN (SELECT key FROM event)"},
        Rule{"hit without saga",
             "SELECT saga FROM event_hit WHERE saga NOT IN (SELECT key FROM saga)"},
        Rule{"waiting without saga",
             "SELECT saga FROM expectation WHERE saga NOT IN (SELECT key FROM saga)"},
        Rule{"waiting after its end",
             "SELECT saga FROM expectation JOIN saga ON saga.key = expectation.saga"
             " WHERE status > 2"},
        Rule{"documents of a subscription",
             "SELECT name FROM subscription WHERE version < 1 OR version <>"
             " (SELECT max(version) FROM subscription_version WHERE subscription = key)"
             " OR version <> (SELECT count(*) FROM subscription_version WHERE subscription = key)"},
        Rule{"documents of a bridge",
             "SELECT name FROM bridge WHERE version < 1 OR version <>"
             " (SELECT max(version) FROM bridge_version WHERE bridge = name)"
             " OR version <> (SELECT count(*) FROM bridge_version WHERE bridge = name)"},
        Rule{"subscription without owner",
             "SELECT name FROM subscription WHERE owner <> '' AND owner NOT IN"
             " (SELECT 'definition/' || name FROM definition_name WHERE state = 0 UNION ALL"
             " SELECT 'bridge/' || name FROM bridge)"},
        Rule{"delivery without subscription",
             "SELECT subscription FROM (SELECT subscription FROM failed_delivery UNION ALL"
             " SELECT subscription FROM dead_letter)"
             " WHERE subscription NOT IN (SELECT key FROM subscription)"},
        Rule{"counts",
             "SELECT status, sagas FROM count"
             " WHERE sagas <> (SELECT count(*) FROM saga WHERE saga.status = count.status)"},
    };
    std::vector<std::string> found;
    SQLite::Database database(path, SQLite::OPEN_READWRITE);
    for (const Rule& rule : kRules) {
        for (const std::string& row : rows_of(database, rule.broken)) {
            found.push_back(std::string(rule.name) + ": " + row);
        }
    }
    return found;
}

}  // namespace skald::store::sample
