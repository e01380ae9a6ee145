#pragma once

#include <string>

#include "store/sqlite/transactions.h"

namespace skald::store::sqlite {

/// Writes every byte of the write-ahead log over itself, and syncs it. To be called when a database
/// is opened, before its log is moved into it.
///
/// What an earlier process could not sync may be there to read and yet never reach the disk: after
/// a failed sync the system takes those pages for clean, and no later sync writes them (Rebello et
/// al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). To act on such a commit,
/// or to move it into the database, and then to lose power would lose what was acknowledged since,
/// or leave half a transaction. Written again, it is dirty again, and its sync says the truth.
///
/// Errors: as Transactions::run.
Result<void> rewrite_log(SQLite::Database& database, Transactions& transactions,
                         const std::string& doing);

}  // namespace skald::store::sqlite
