#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/store.h"

namespace SQLite {
class Database;
}

namespace skald::store::sqlite {

/// Copies the database to another file while work goes on: page by page, in slices between batches,
/// on the writer's own connection, so that what is written meanwhile goes into the copy as well
/// (sqlite.org/c3ref/backup_finish.html; a copy through another connection starts anew at each
/// write).
///
/// Threads: `ask` from any; everything else on the writer's.
class Copying {
 public:
    using Done = std::function<void(Result<void>)>;

    explicit Copying(SQLite::Database& source);
    /// A copy that isn't complete is given up: Unavailable.
    ~Copying();

    /// See Store::copy_to.
    void ask(std::string file, Done done);

    /// One slice of the copy that was asked for, if one was. True: there is more to do.
    bool step();

 private:
    struct Asked {
        std::string file;
        Done done;
    };
    class Copy;

    std::optional<Asked> take_asked();
    void end(Result<void> result);

    SQLite::Database& source_;
    std::mutex mutex_;
    // Guarded by mutex_.
    std::optional<Asked> asked_;
    bool is_busy_ = false;

    Done done_;                   ///< Of `copy_`.
    std::unique_ptr<Copy> copy_;  ///< Null: none is being made.
};

}  // namespace skald::store::sqlite
