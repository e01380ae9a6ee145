#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// A file system for SQLite that goes wrong on order: a layer over the system's, in which the nth
/// operation of some kinds fails. Syncs are counted but not done: what a process wrote outlives the
/// process anyway. For any program that opens a store with SqliteOptions::vfs.
namespace skald::faults {

enum class Operation : std::uint8_t { Write, Sync, Truncate };
enum class File : std::uint8_t { Database, Log, Any };

/// What the operation reports; nothing of it is done.
enum class Failure : std::uint8_t {
    DiskFull,    ///< SQLITE_FULL
    InputOutput  ///< SQLITE_IOERR_WRITE, _FSYNC or _TRUNCATE
};
enum class Lasting : std::uint8_t {
    Once,     ///< Those after it succeed.
    Forever,  ///< Until `clear`.
};

struct Plan {
    std::vector<Operation> operations;  ///< Which are counted.
    File file = File::Any;
    std::uint64_t after = 0;  ///< So many of them succeed first.
    Failure failure = Failure::InputOutput;
    Lasting lasting = Lasting::Once;
};

/// Registered with SQLite while it lives; no database may be open by it when it ends.
///
/// Threads: any.
class FaultVfs {
 public:
    explicit FaultVfs(const std::string& name);
    ~FaultVfs();
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;

    const std::string& name() const;
    void fail(const Plan& plan);
    void clear();
    /// How often the present plan (or the last) struck.
    std::uint64_t struck() const;

    class State;

 private:
    std::unique_ptr<State> state_;
};

}  // namespace skald::faults
