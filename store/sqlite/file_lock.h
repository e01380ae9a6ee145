#pragma once

#include <string>
#include <utility>

#include "store/store.h"

namespace skald::store::sqlite {

/// The right to use one database file, held by at most one process (and once in it): flock(2) on a
/// file beside it. Not on the database itself, for closing any descriptor of that drops SQLite's
/// own locks (sqlite.org, "How To Corrupt An SQLite Database File", 2.2). The lock file holds the
/// process id of its holder and stays when it ends.
class FileLock {
 public:
    /// `doing` starts the message of an error. Errors: Conflict: held already; the message names
    /// the process. Unavailable: the lock file can't be made.
    static Result<FileLock> take(const std::string& database_path, const std::string& doing);

    ~FileLock();
    FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileLock& operator=(FileLock&&) = delete;

 private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace skald::store::sqlite
