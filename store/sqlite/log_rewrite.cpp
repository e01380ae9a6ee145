#include "store/sqlite/log_rewrite.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>

#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

/// Null: there is no log, or nothing in it was read yet.
sqlite3_file* log_of(SQLite::Database& database) {
    sqlite3_file* log = nullptr;
    database.check(sqlite3_file_control(handle(database), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                        static_cast<void*>(&log)));
    return log == nullptr || log->pMethods == nullptr ? nullptr : log;
}

void check(int code) {
    if (code != SQLITE_OK) {
        throw SQLite::Exception(sqlite3_errstr(code), code);
    }
}

void write_over_itself(sqlite3_file& log) {
    sqlite3_int64 size = 0;
    check(log.pMethods->xFileSize(&log, &size));
    std::array<char, 64u << 10> piece{};
    for (sqlite3_int64 at = 0; at < size; at += static_cast<sqlite3_int64>(piece.size())) {
        const auto bytes =
            static_cast<int>(std::min(static_cast<sqlite3_int64>(piece.size()), size - at));
        check(log.pMethods->xRead(&log, piece.data(), bytes, at));
        check(log.pMethods->xWrite(&log, piece.data(), bytes, at));
    }
    if (size > 0) {
        check(log.pMethods->xSync(&log, SQLITE_SYNC_NORMAL));
    }
}

}  // namespace

Result<void> rewrite_log(SQLite::Database& database, Transactions& transactions,
                         const std::string& doing) {
    // Within a write transaction nobody else writes to the log, or starts it anew.
    return transactions.run(doing, [&database]() -> Result<void> {
        if (sqlite3_file* log = log_of(database)) {
            write_over_itself(*log);
        }
        return {};
    });
}

}  // namespace skald::store::sqlite
