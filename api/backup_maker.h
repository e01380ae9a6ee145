#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sagas/result.h"
#include "sagas/time.h"
#include "store/store.h"

namespace skald::api {

struct MadeBackup {
    std::string file;  ///< Its whole path.
    std::uint64_t bytes;
    std::uint64_t sagas;
};

/// Makes backups, one at a time: has the store copy itself, checks the copy, makes it durable and
/// gives it its name. `store` outlives it.
///
/// Threads: any.
class BackupMaker {
 public:
    using Done = std::function<void(sagas::Result<MadeBackup>)>;

    /// Backups go to `folder`, which is made when it is missing, and is this server's alone: what
    /// an earlier process left unfinished there is deleted. `database`: whose name they may not
    /// have.
    BackupMaker(store::Store& store, const std::string& folder, const std::string& database);
    /// Waits for the check of a copy that is complete.
    ~BackupMaker();

    /// `name`: a backup's (is_backup_name). `done` comes once, on any thread. Errors:
    /// AlreadyExists: there is such a file. Conflict: another backup is being made. Unavailable:
    /// the disk is full, or the folder can't be written. InvalidArgument: a
    /// name of the database's own files. Corruption: the copy is not sound. Nothing
    /// is left of a backup that failed.
    void make(const std::string& name, Done done);

 private:
    struct State;
    std::shared_ptr<State> state_;
};

/// [A-Za-z0-9._-]{1,100}, and no dot in front.
bool is_backup_name(std::string_view name);

}  // namespace skald::api
