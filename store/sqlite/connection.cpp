#include "store/sqlite/connection.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

/// For readers, and while opening. Only another program's locks, or a log that is being recovered,
/// can make them wait.
constexpr int kBusyTimeoutMs = 1'000;
constexpr int kRowBytesMax = 16 << 20;
constexpr int kIncremental = 2;  ///< Of PRAGMA auto_vacuum.

/// Before the first connection of the process. By default SQLite counts all memory, under one mutex
/// that every allocation on every thread takes; nobody asks for those figures. Where some other
/// code of the process uses SQLite already, it is refused, and they are counted.
void count_no_memory() {
    [[maybe_unused]] static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void configure_handle(SQLite::Database& database) {
    sqlite3* const db = handle(database);
    struct Flag {
        int name;
        int value;
    };
    // Against a hostile or damaged file (sqlite.org/security.html).
    for (const Flag flag : {Flag{SQLITE_DBCONFIG_DEFENSIVE, 1},
                            {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                            {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                            {SQLITE_DBCONFIG_DQS_DML, 0},
                            {SQLITE_DBCONFIG_DQS_DDL, 0},
                            {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
                            {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                            {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                            {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}}) {
        database.check(sqlite3_db_config(db, flag.name, flag.value, nullptr));
    }
    for (const Flag limit : {Flag{SQLITE_LIMIT_LENGTH, kRowBytesMax},
                             {SQLITE_LIMIT_SQL_LENGTH, 100'000},
                             {SQLITE_LIMIT_ATTACHED, 0},
                             {SQLITE_LIMIT_VARIABLE_NUMBER, 1'000},
                             {SQLITE_LIMIT_EXPR_DEPTH, 100}}) {
        sqlite3_limit(db, limit.name, limit.value);
    }
    // Checkpoints are the writer's alone, between its transactions: with two connections that
    // checkpoint or reset the log at once, SQLite 3.7.0 to 3.51.2 can lose commits
    // (sqlite.org/wal.html, "The WAL-Reset Bug").
    database.exec("PRAGMA wal_autocheckpoint = 0");
    // No memory map: an I/O error there is a signal that ends the process.
    database.exec("PRAGMA mmap_size = 0");
    database.exec("PRAGMA cell_size_check = ON");
    database.exec("PRAGMA temp_store = MEMORY");
}

/// The journal mode that the file has then. SQLite gives the row that says "wal" before it commits
/// the change, so the statement is run to its end, where a failure of the commit is thrown.
std::string switch_to_log(SQLite::Database& database) {
    SQLite::Statement change(database, "PRAGMA journal_mode = WAL");
    while (change.executeStep()) {
    }
    return database.execAndGet("PRAGMA journal_mode").getString();
}

}  // namespace

std::unique_ptr<SQLite::Database> open_writer(const std::string& path, const std::string& vfs) {
    count_no_memory();
    auto database = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs,
        vfs);
    configure_handle(*database);
    return database;
}

Result<void> configure_writer(SQLite::Database& database, const SqliteOptions& options,
                              const std::string& doing) {
    // SQLite quietly opens for reading only what it may not write.
    if (sqlite3_db_readonly(handle(database), "main") != 0) {
        return sagas::fail(ErrorCode::Unavailable,
                           doing + ": the file is read-only; give Skald the right to write it");
    }
    // Of a new file only; to set it again would write to the file, even to one that is refused
    // later.
    if (database.execAndGet("PRAGMA auto_vacuum").getInt() != kIncremental) {
        database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    }
    // While there is a rollback journal, the folder too must be synced when it goes: else a power
    // failure brings it back, and it rolls back what was committed.
    database.exec("PRAGMA synchronous = EXTRA");
    if (switch_to_log(database) != "wal") {
        return sagas::fail(ErrorCode::Unavailable,
                           doing +
                               ": its file system can't share memory between connections, "
                               "as write-ahead logging needs; use a local disk");
    }
    const bool is_full = options.synchronous == SqliteOptions::Synchronous::Full;
    database.exec(is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("PRAGMA cache_size = -8192");
    database.exec("PRAGMA secure_delete = FAST");
    database.exec("PRAGMA journal_size_limit = " + std::to_string(options.wal_bytes_max));
    database.setBusyTimeout(0);  // Transactions says when to wait.
    return {};
}

std::unique_ptr<SQLite::Database> open_reader(const std::string& path, const std::string& vfs) {
    count_no_memory();
    auto database = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs, vfs);
    configure_handle(*database);
    database->exec("PRAGMA query_only = ON");
    database->exec("PRAGMA cache_size = -2048");
    return database;
}

void set_checkpoint_at_close(SQLite::Database& database, CheckpointAtClose at_close) {
    database.check(sqlite3_db_config(handle(database), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
                                     at_close == CheckpointAtClose::No ? 1 : 0, nullptr));
}

}  // namespace skald::store::sqlite
