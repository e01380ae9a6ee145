#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace skald::simulation {

/// A disk in memory that SQLite uses through a VFS of its own (SqliteOptions::vfs), with what real
/// disks do: lose what was not synced when the power fails, tear writes, fill up, fail to sync.
/// Everything that is random on it comes from its seed, SQLite's own randomness and time included,
/// so that equal calls give equal bytes. SQLite has one randomness for the whole process: a Disk
/// seeds it when it is made and at each `come_up`, so use no other database meanwhile where bytes
/// must be equal.
///
/// The crash model. A write, truncation or deletion changes the present content at once; a sync
/// makes a file's present content its durable one. `go_down` (or `go_down_after`) freezes the disk
/// in the middle of whatever is being done: from then on each operation fails and changes nothing,
/// so the store that is still open can be destroyed. Then `come_up` says what is there for the next
/// process.
///
/// Threads: one.
class Disk {
 public:
    /// Registers the VFS `name`; no other may have it.
    Disk(const std::string& name, std::uint64_t seed);
    /// No database may be open on it.
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    const std::string& name() const;

    // ---- Crashes
    /// How a process ended.
    enum class Crash : std::uint8_t {
        Process,  ///< kill -9: what it wrote is kept by the system.
        /// Of what was not synced, each 512-byte sector is as it was at any of the writes since, or
        /// before them, independently; lengths, and files made or deleted since, too.
        Power,
    };
    void go_down();
    /// Goes down when so many more operations (writes, truncations, syncs, deletions) were done; 0:
    /// before the next one. A write may then be done in part (whole sectors, chosen at random).
    void go_down_after(std::uint64_t operations);
    void never_go_down();  ///< Takes go_down_after back.
    bool is_down() const;
    /// Precondition: is_down, and no database is open. After Crash::Power what is there is durable;
    /// after Crash::Process what was not synced still isn't, and a later power failure may lose it.
    void come_up(Crash crash);

    // ---- Faults that the process lives to see
    /// Bytes of all files together; a write or truncation that would grow them beyond it fails with
    /// SQLITE_FULL and changes nothing.
    void set_capacity(std::uint64_t bytes);
    std::uint64_t free_bytes() const;
    /// The next sync of any file fails with SQLITE_IOERR_FSYNC: its unsynced writes stay unsynced,
    /// and are never durable by later syncs of that file either (the system has dropped them from
    /// its list: see the fsync facts), though this process still reads them.
    void fail_next_sync();

    // ---- What it saw
    std::uint64_t operations() const;  ///< Writes, truncations, syncs and deletions, since ever.
    struct Counts {
        std::uint64_t lost_sectors = 0;  ///< By power failures.
        std::uint64_t torn_writes = 0;   ///< Some of whose sectors were lost and some kept.
        std::uint64_t full = 0;          ///< Times SQLITE_FULL was answered.
        std::uint64_t failed_syncs = 0;
    };
    Counts counts() const;

 private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace skald::simulation
