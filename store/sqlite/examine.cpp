#include "store/sqlite/examine.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sqlite/connection.h"
#include "store/sqlite/saga_rows.h"
#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

constexpr int kFaultsMax = 20;

std::uint64_t number(SQLite::Database& database, const std::string& query) {
    return static_cast<std::uint64_t>(database.execAndGet(query).getInt64());
}

std::uint64_t size_of(const std::string& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

void add_integrity(SQLite::Database& database, Examination& found) {
    SQLite::Statement check(database, "PRAGMA integrity_check(" + std::to_string(kFaultsMax) + ")");
    while (check.executeStep()) {
        const std::string text = check.getColumn(0).getString();
        if (text != "ok") {
            found.faults.push_back(text);
        }
    }
    SQLite::Statement keys(database, "PRAGMA foreign_key_check");
    while (keys.executeStep() && found.faults.size() < kFaultsMax) {
        found.faults.push_back("table " + keys.getColumn(0).getString() +
                               " names a row that is not there");
    }
}

Result<void> add_counts(SQLite::Database& database, Examination& found) {
    Counts kept = no_sagas();
    Counts real = no_sagas();
    const auto count = [&database](const std::string& query, Counts& counts) -> Result<void> {
        SQLite::Statement rows(database, query);
        while (rows.executeStep()) {
            const auto status = status_of(rows.getColumn(0).getInt64());
            if (!status) {
                return tl::unexpected(status.error());
            }
            counts.by_status[*status] = static_cast<std::uint64_t>(rows.getColumn(1).getInt64());
        }
        return {};
    };
    if (auto done = count("SELECT status, sagas FROM count", kept); !done) return done;
    if (auto done = count("SELECT status, count(*) FROM saga GROUP BY status", real); !done) {
        return done;
    }
    for (const auto& [status, sagas] : real.by_status) {
        found.sagas += sagas;
        if (kept.by_status[status] != sagas) {
            found.faults.push_back("counted " + std::to_string(kept.by_status[status]) + " " +
                                   std::string(sagas::to_text(status)) + " sagas, but there are " +
                                   std::to_string(sagas));
        }
    }
    return {};
}

struct Rule {
    const char* what;
    const char* count;  ///< Of what breaks it.
};

// 3, 4 and 5: the terminal statuses. 40: kOffsetBits.
constexpr std::array kRules = {
    Rule{"sagas that are over, and queue for a lock",
         "SELECT count(*) FROM lock JOIN saga ON saga.key = lock.saga"
         " WHERE saga.status IN (3, 4, 5)"},
    Rule{"children that are kept, or not kept, otherwise than their parents say",
         "SELECT count(*) FROM saga AS child LEFT JOIN saga AS above ON above.key = child.parent"
         " WHERE child.parent IS NOT NULL AND coalesce(child.held, 0)"
         " <> coalesce(above.held = 1 OR above.status NOT IN (3, 4, 5), 0)"},
    Rule{"sagas that are over, and wait for an event",
         "SELECT count(*) FROM expectation JOIN saga ON saga.key = expectation.saga"
         " WHERE saga.status IN (3, 4, 5)"},
    Rule{"topics that hold other events than they say",
         "SELECT count(*) FROM (SELECT topic.*, count(event.key) AS events,"
         " min(event.key) AS lowest, max(event.key) AS highest,"
         " coalesce(sum(length(CAST(event.json AS BLOB))), 0) AS size"
         " FROM topic LEFT JOIN event ON event.key >= topic.key << 40"
         " AND event.key < (topic.key + 1) << 40 GROUP BY topic.key)"
         " WHERE events <> last - first + 1 OR size <> bytes"
         " OR lowest <> (key << 40) + first OR highest <> (key << 40) + last"},
    Rule{"events of a topic that is not there",
         "SELECT count(*) FROM event WHERE key >> 40 NOT IN (SELECT key FROM topic)"},
    Rule{"hashes of events that never were",
         "SELECT count(*) FROM (SELECT event FROM event_hash UNION ALL"
         " SELECT event FROM event_recent) LEFT JOIN topic ON topic.key = event >> 40"
         " WHERE event & 0xffffffffff NOT BETWEEN 1 AND coalesce(last, 0)"},
    Rule{"events that are waited for, and not there",
         "SELECT count(*) FROM event_hit WHERE event NOT IN (SELECT key FROM event)"},
    Rule{"subscriptions and bridges with other documents than they say",
         "SELECT count(*) FROM (SELECT version, (SELECT count(*) FROM subscription_version"
         " WHERE subscription = subscription.key AND version <= subscription.version) AS documents"
         " FROM subscription UNION ALL SELECT version, (SELECT count(*) FROM bridge_version"
         " WHERE bridge = bridge.name AND version <= bridge.version) FROM bridge)"
         " WHERE documents <> version OR version < 1"},
    Rule{"subscriptions of a definition or a bridge that is not there",
         "SELECT count(*) FROM subscription WHERE owner <> '' AND owner NOT IN"
         " (SELECT 'definition/' || name FROM definition_name WHERE state = 0"
         " UNION ALL SELECT 'bridge/' || name FROM bridge)"},
};

void add_broken_rules(SQLite::Database& database, Examination& found) {
    for (const Rule& rule : kRules) {
        if (const std::uint64_t count = number(database, rule.count); count > 0) {
            found.faults.push_back(std::string(rule.what) + ": " + std::to_string(count));
        }
    }
}

void look_whole(SQLite::Database& database, Examination& found) {
    database.exec("BEGIN");  // One moment: what is written meanwhile is no fault.
    add_integrity(database, found);
    if (const auto counted = add_counts(database, found); !counted) {
        found.faults.push_back(counted.error().message);
    }
    add_broken_rules(database, found);
    for (const char* table :
         {"journal", "input", "key", "parked", "lock", "expectation", "event_hit"}) {
        found.orphans += number(database, std::string("SELECT count(*) FROM ") + table +
                                              " WHERE saga NOT IN (SELECT key FROM saga)");
    }
    for (const char* table : {"failed_delivery", "dead_letter"}) {
        found.orphans +=
            number(database, std::string("SELECT count(*) FROM ") + table +
                                 " WHERE subscription NOT IN (SELECT key FROM subscription)");
    }
    database.exec("COMMIT");
    found.is_whole = true;
}

Result<void> sync(const std::string& path, int flags) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool is_done = file >= 0 && ::fsync(file) == 0;
    const int error = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (is_done) {
        return {};
    }
    return sagas::fail(ErrorCode::Unavailable,
                       "sync " + path + ": " + std::generic_category().message(error));
}

/// Never over a file that is there.
Result<void> rename_new(const std::string& from, const std::string& to) {
    bool is_done = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0;
    if (!is_done && (errno == EINVAL || errno == ENOSYS)) {  // Not on this file system.
        is_done = ::link(from.c_str(), to.c_str()) == 0;
        if (is_done) {
            ::unlink(from.c_str());
        }
    }
    if (is_done) {
        return {};
    }
    const int error = errno;
    return sagas::fail(error == EEXIST ? ErrorCode::AlreadyExists : ErrorCode::Unavailable,
                       error == EEXIST
                           ? to + " exists already"
                           : "name " + to + ": " + std::generic_category().message(error));
}

Examination look(SQLite::Database& database, const std::string& path, Depth depth) {
    Examination found;
    found.sqlite_version = SQLite::getLibVersion();
    found.schema = number(database, "PRAGMA user_version");
    found.file_bytes = size_of(path);
    found.wal_bytes = size_of(path + "-wal");
    struct statvfs disk {};
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (::statvfs(folder.empty() ? "." : folder.c_str(), &disk) == 0) {
        found.free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    }
    if (depth == Depth::Whole) {
        look_whole(database, found);
    }
    return found;
}

}  // namespace

Examiner::Examiner(std::string path, std::string vfs)
    : path_(std::move(path)), vfs_(std::move(vfs)) {}

Result<Examination> Examiner::examine(Depth depth) {
    const std::string doing = "examine " + path_;
    {
        const std::lock_guard lock(mutex_);
        if (is_stopped_ || (depth == Depth::Whole && is_busy_)) {
            return sagas::fail(ErrorCode::Unavailable,
                               doing + (is_stopped_ ? ": the store is being closed"
                                                    : ": somebody else is reading all of it"));
        }
        is_busy_ = is_busy_ || depth == Depth::Whole;
    }
    std::unique_ptr<SQLite::Database> database;
    Result<Examination> result = sagas::fail(ErrorCode::Unavailable, doing);
    try {
        database = open_reader(path_, vfs_);
        set_current(depth, database.get());
        result = look(*database, path_, depth);
    } catch (const SQLite::Exception& exception) {
        result = tl::unexpected(
            database ? to_error(exception, *database, doing)
                     : Error{ErrorCode::Unavailable, doing + ": " + exception.what()});
    }
    set_current(depth, nullptr);
    return result;
}

/// Null: it is over.
void Examiner::set_current(Depth depth, SQLite::Database* database) {
    if (depth != Depth::Whole) {
        return;
    }
    const std::lock_guard lock(mutex_);
    current_ = database;
    is_busy_ = database != nullptr;
    if (is_stopped_ && current_ != nullptr) {
        sqlite3_interrupt(handle(*current_));
    }
}

void Examiner::stop() {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    if (current_ != nullptr) {
        sqlite3_interrupt(handle(*current_));
    }
}

Result<Examination> publish_copy(const std::string& partial, const std::string& file) {
    const auto give_up = [&partial](Error error) {
        ::unlink(partial.c_str());
        return tl::unexpected(std::move(error));
    };
    auto found = Examiner(partial, "").examine(Depth::Whole);
    if (!found) {
        return give_up(found.error());
    }
    if (!found->faults.empty() || found->orphans > 0) {
        return give_up({ErrorCode::Corruption,
                        "the copy is not sound: " +
                            (found->faults.empty() ? std::to_string(found->orphans) + " orphans"
                                                   : found->faults.front())});
    }
    if (Result<void> done = sync(partial, O_RDONLY); !done) {
        return give_up(done.error());
    }
    if (Result<void> done = rename_new(partial, file); !done) {
        return give_up(done.error());
    }
    const std::string folder = std::filesystem::path(file).parent_path().string();
    if (Result<void> done = sync(folder, O_RDONLY | O_DIRECTORY); !done) {
        ::unlink(file.c_str());
        return tl::unexpected(done.error());
    }
    return found;
}

}  // namespace skald::store::sqlite
