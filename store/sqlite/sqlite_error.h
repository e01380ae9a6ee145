#pragma once

#include <string>

#include "store/store.h"

struct sqlite3;
namespace SQLite {
class Database;
class Exception;
}  // namespace SQLite

namespace skald::store::sqlite {

/// The extended result code (sqlite.org/rescode.html).
int result_code(const SQLite::Exception& exception);
bool is_busy(const SQLite::Exception& exception);

/// What `exception`, met while `doing`, means to who called the store: Unavailable where SQLite
/// says that nothing was done and the same may be tried again (a full disk, another's lock, an
/// interrupt); else Corruption. To be called before anything else is done on the connection.
Error to_error(const SQLite::Exception& exception, const SQLite::Database& database,
               const std::string& doing);

/// The handle, for what SQLiteCpp has no call for.
sqlite3* handle(const SQLite::Database& database);

}  // namespace skald::store::sqlite
