#include "store/sqlite/sqlite_error.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cerrno>

namespace skald::store::sqlite {
namespace {

int primary(int code) { return code & 0xff; }

/// SQLite itself reports ENOSPC of a write as SQLITE_FULL, but neither a quota nor a shared-memory
/// file that can't grow. Never a failed sync: after that nobody knows what is on the disk.
bool is_disk_full(int code, const SQLite::Database& database) {
    if (primary(code) == SQLITE_FULL) {
        return true;
    }
    const bool is_write = code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE;
    const int system_error = sqlite3_system_errno(handle(database));
    return is_write && (system_error == ENOSPC || system_error == EDQUOT);
}

}  // namespace

sqlite3* handle(const SQLite::Database& database) { return database.getHandle(); }

int result_code(const SQLite::Exception& exception) {
    const int extended = exception.getExtendedErrorCode();
    return extended > 0 ? extended : exception.getErrorCode();
}

bool is_busy(const SQLite::Exception& exception) {
    const int code = primary(result_code(exception));
    return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}

Error to_error(const SQLite::Exception& exception, const SQLite::Database& database,
               const std::string& doing) {
    const int code = result_code(exception);
    if (is_disk_full(code, database)) {
        return {ErrorCode::Unavailable, doing + ": the disk is full"};
    }
    if (is_busy(exception)) {
        return {ErrorCode::Unavailable, doing + ": the file is locked by another process"};
    }
    if (primary(code) == SQLITE_INTERRUPT) {
        return {ErrorCode::Unavailable, doing + ": interrupted, for it took too long"};
    }
    const bool is_damaged = primary(code) == SQLITE_CORRUPT || primary(code) == SQLITE_NOTADB;
    return {ErrorCode::Corruption, doing + ": " + exception.what() + " (SQLite result " +
                                       std::to_string(code) + ")" +
                                       (is_damaged ? "; keep the file, and restore a backup" : "")};
}

}  // namespace skald::store::sqlite
