#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "store/store.h"

namespace skald::store {

struct SqliteOptions {
    std::string path;  ///< Of the database; "-wal", "-shm" and ".lock" stand beside it.
    enum class Synchronous : std::uint8_t { Full, Normal } synchronous = Synchronous::Full;
    Retention retention;
    EventRules events;
    std::uint32_t readers = 4;                 ///< 1 to 8 pooled read-only connections.
    std::uint64_t wal_bytes_max = 32u << 20;   ///< Above it the log is recycled.
    std::uint64_t free_bytes_min = 64u << 20;  ///< Below it Space is Low.
    /// How long a write waits for another process that has locked the file.
    Milliseconds lock_wait{5'000};
    std::string vfs;  ///< A registered SQLite VFS; empty: the system's. For fault injection.
    /// Tells, at each commit, how many bytes are free for the database; empty: the file system is
    /// asked, at most once a second. For simulation.
    std::function<std::uint64_t()> free_bytes;
};

/// Opens, or makes, the database at `options.path`, migrates it, and takes its lock. A file that is
/// refused is left as it was.
///
/// Errors, each in one line that says what to do: Conflict: another process has it open.
/// Unavailable: it can't be opened or written (missing folder, permissions, read-only, full disk,
/// locked by another program). InvalidArgument: it is not Skald's, or was written by a newer Skald,
/// or an option is out of its range. Corruption.
Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options);

/// "3.40.1": of the SQLite that this process runs with.
std::string sqlite_library_version();

}  // namespace skald::store
