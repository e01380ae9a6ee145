#pragma once

#include <memory>
#include <string>

#include "store/sqlite/sqlite_store.h"

namespace SQLite {
class Database;
}

/// How connections are opened and set up. Every function may throw SQLite::Exception.
namespace skald::store::sqlite {

/// The one connection that writes and checkpoints, not yet configured: nothing in the file changes
/// by opening it, nor by closing it again.
std::unique_ptr<SQLite::Database> open_writer(const std::string& path, const std::string& vfs);
/// For a file that check_ours has let pass. Switches it to WAL.
/// Errors: Unavailable: the file or its file system can't do that.
Result<void> configure_writer(SQLite::Database& database, const SqliteOptions& options,
                              const std::string& doing);

std::unique_ptr<SQLite::Database> open_reader(const std::string& path, const std::string& vfs);

/// At close, the last connection moves the log into the database (at a clean end) or leaves it as
/// it is (after a failed sync, and for readers).
enum class CheckpointAtClose : std::uint8_t { Yes, No };
void set_checkpoint_at_close(SQLite::Database& database, CheckpointAtClose at_close);

}  // namespace skald::store::sqlite
