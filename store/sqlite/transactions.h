#pragma once

#include <functional>
#include <string>

#include "store/sqlite/prepared.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// The write transactions of the one connection that writes.
class Transactions {
 public:
    Transactions(SQLite::Database& database, Milliseconds lock_wait);

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when it gives an error or throws
    /// SQLite::Exception. `doing` starts the message of an error.
    ///
    /// Errors: Unavailable: nothing was written (full disk, or locked by another process for longer
    /// than `lock_wait`). Corruption: anything else; whether it was written is unknown.
    Result<void> run(const std::string& doing, const std::function<Result<void>()>& body);

 private:
    Result<void> begin(const std::string& doing);
    Result<void> rolled_back(Error error);

    SQLite::Database& database_;
    const Milliseconds lock_wait_;
    Prepared begin_, commit_, rollback_;
};

}  // namespace skald::store::sqlite
