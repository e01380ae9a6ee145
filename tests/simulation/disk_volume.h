#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/disk.h"
#include "tests/simulation/disk_content.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

constexpr std::size_t kMemoryLocks = 8;  // SQLITE_SHM_NLOCK

/// Memory that the connections to one database share; gone when the last of them unmaps it.
struct DiskMemory {
    std::vector<std::unique_ptr<std::uint8_t[]>> regions;
    std::array<int, kMemoryLocks> locks{};  ///< Shared holders; -1: an exclusive one.
    int users = 0;
};

struct DiskOpening;

struct DiskFile {
    explicit DiskFile(std::string file_name)
        : name(std::move(file_name)),
          content(name.empty() ? DiskContent::Kind::Temporary : DiskContent::Kind::Lasting) {}

    const std::string name;  ///< Empty: a temporary one, which no folder has.
    DiskContent content;
    bool is_linked = true;      ///< Its name stands for it now.
    bool is_name_kept = false;  ///< And will after a power failure.
    std::vector<DiskOpening*> openings;
    DiskMemory memory;
};

/// What a connection holds of a file.
struct DiskOpening {
    /// Shared with its name, by which it may be deleted meanwhile.
    std::shared_ptr<DiskFile> file;
    int lock = 0;                                           ///< SQLITE_LOCK_...
    std::uint32_t memory_shared = 0, memory_exclusive = 0;  ///< Bits of the locks it holds.
    bool uses_memory = false;
    bool is_deleted_on_close = false;
};

/// The files, what a crash makes of them, and faults. The codes are SQLite's, as its VFS methods
/// give them.
class DiskVolume {
 public:
    explicit DiskVolume(std::uint64_t seed) : random_(Random(seed).fork()) {}
    ~DiskVolume();
    DiskVolume(const DiskVolume&) = delete;
    DiskVolume& operator=(const DiskVolume&) = delete;

    // ---- As Disk says
    void go_down();
    void go_down_after(std::uint64_t operations) { operations_left_ = operations; }
    void never_go_down() { operations_left_.reset(); }
    bool is_down() const { return is_down_; }
    void come_up(Disk::Crash crash);
    void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
    std::uint64_t free_bytes() const { return capacity_ - std::min(used_, capacity_); }
    void fail_next_sync() { fails_next_sync_ = true; }
    std::uint64_t operations() const { return operations_; }
    const Disk::Counts& counts() const { return counts_; }

    // ---- For SQLite
    int open(const char* name, DiskOpening& file, int flags);
    void close(DiskOpening& file);
    int write(DiskFile& file, std::uint64_t at, const std::uint8_t* from, std::size_t size);
    int truncate(DiskFile& file, std::uint64_t size);
    int sync(DiskFile& file);
    enum class FolderSync : std::uint8_t { Yes, No };
    int remove(const std::string& name, FolderSync sync);
    /// Null: there is none.
    const DiskFile* find(const std::string& name) const;
    std::uint64_t random_number() { return random_.next(); }
    /// Milliseconds since noon of 24 November 4714 BC, one later at each call.
    std::int64_t now() { return now_++; }
    void pass(std::int64_t milliseconds) { now_ += milliseconds; }

 private:
    /// What a name stands for: files may be made and deleted without a sync.
    struct Name {
        std::shared_ptr<DiskFile> present, durable;
    };
    enum class Fate : std::uint8_t { Done, DoneInPart, NotDone };

    Fate next_operation();
    bool fits(const DiskFile& file, std::uint64_t size);
    void write_in_part(DiskFile& file, std::uint64_t at, const std::uint8_t* from,
                       std::size_t size);
    void unlink(Name& name);
    void forget_deleted();
    void cut_power();

    Random random_;
    std::map<std::string, Name> names_;
    bool has_deleted_ = false;  ///< Files that a power failure may bring back.
    std::uint64_t openings_ = 0;
    std::uint64_t used_ = 0;
    std::uint64_t capacity_ = std::numeric_limits<std::uint64_t>::max();
    bool is_down_ = false;
    std::optional<std::uint64_t> operations_left_;
    bool fails_next_sync_ = false;
    std::uint64_t operations_ = 0;
    Disk::Counts counts_;
    std::int64_t now_ = 212'662'060'348'000;  // 2026-11-21.
};

}  // namespace skald::simulation
