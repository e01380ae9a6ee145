#pragma once

#include <mutex>
#include <string>

#include "store/store.h"

namespace SQLite {
class Database;
}

namespace skald::store::sqlite {

/// Looks at the database at a path, through a connection of its own: see Store::examine.
///
/// Threads: any.
class Examiner {
 public:
    Examiner(std::string path, std::string vfs);

    /// One at a time with Depth::Whole.
    Result<Examination> examine(Depth depth);

    /// Breaks off what goes on; from now on every look fails.
    void stop();

 private:
    void set_current(Depth depth, SQLite::Database* database);

    const std::string path_;
    const std::string vfs_;
    std::mutex mutex_;
    // Guarded by mutex_.
    bool is_busy_ = false;
    bool is_stopped_ = false;
    SQLite::Database* current_ = nullptr;
};

/// Checks the copy at `partial` as a whole look does, makes it durable and gives it the name
/// `file`. Errors: AlreadyExists: there is such a file. Corruption: the copy is not sound.
/// Unavailable.
Result<Examination> publish_copy(const std::string& partial, const std::string& file);

}  // namespace skald::store::sqlite
