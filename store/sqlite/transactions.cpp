#include "store/sqlite/transactions.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <thread>

#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

/// So often a busy BEGIN is tried again at once: one of our own readers may be looking at the
/// header of the log's index just then, for some microseconds.
constexpr int kTriesAtOnce = 500;

}  // namespace

Transactions::Transactions(SQLite::Database& database, Milliseconds lock_wait)
    : database_(database),
      lock_wait_(lock_wait),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      rollback_(database, "ROLLBACK") {}

Result<void> Transactions::run(const std::string& doing,
                               const std::function<Result<void>()>& body) {
    if (Result<void> begun = begin(doing); !begun) {
        return begun;
    }
    try {
        if (Result<void> done = body(); !done) {
            return rolled_back(done.error());
        }
        commit_.run();
        return {};
    } catch (const SQLite::Exception& exception) {
        return rolled_back(to_error(exception, database_, doing));
    }
}

Result<void> Transactions::begin(const std::string& doing) {
    for (int tries = 1;; ++tries) {
        if (tries == kTriesAtOnce) {
            // It is another program's lock: SQLite waits for it, in naps.
            database_.setBusyTimeout(static_cast<int>(lock_wait_.count()));
        }
        try {
            begin_.run();
            database_.setBusyTimeout(0);
            return {};
        } catch (const SQLite::Exception& exception) {
            const Error error = to_error(exception, database_, doing);
            if (!is_busy(exception) || tries == kTriesAtOnce) {
                database_.setBusyTimeout(0);
                return tl::unexpected(error);
            }
            std::this_thread::yield();
        }
    }
}

Result<void> Transactions::rolled_back(Error error) {
    // After some errors SQLite has rolled back by itself (lang_transaction.html, 2.2).
    if (sqlite3_get_autocommit(handle(database_)) == 0) {
        try {
            rollback_.run();
        } catch (const SQLite::Exception& exception) {
            error.message += "; the rollback failed too: " + std::string(exception.what());
        }
        if (sqlite3_get_autocommit(handle(database_)) == 0) {
            error.code = ErrorCode::Corruption;
        }
    }
    return tl::unexpected(std::move(error));
}

}  // namespace skald::store::sqlite
