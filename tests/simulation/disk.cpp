#include "tests/simulation/disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "sagas/check.h"
#include "tests/simulation/disk_volume.h"

namespace skald::simulation {
namespace {

static_assert(kMemoryLocks == SQLITE_SHM_NLOCK);

/// SQLite allocates szOsFile bytes for it.
struct OpenFile : sqlite3_file {
    DiskVolume* volume;
    DiskOpening opening;

    static OpenFile& of(sqlite3_file* file) { return *static_cast<OpenFile*>(file); }
    DiskContent& content() const { return opening.file->content; }
};

// ---- What SQLite calls: of an open file --------------------------------------------------------

int close_file(sqlite3_file* file) {
    OpenFile& self = OpenFile::of(file);
    self.volume->close(self.opening);
    self.~OpenFile();
    return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    const OpenFile& self = OpenFile::of(file);
    if (self.volume->is_down()) {
        return SQLITE_IOERR_READ;
    }
    auto* bytes = static_cast<std::uint8_t*>(to);
    const auto wanted = static_cast<std::size_t>(size);
    const std::size_t there = self.content().read(static_cast<std::uint64_t>(at), bytes, wanted);
    if (there == wanted) {
        return SQLITE_OK;
    }
    std::memset(bytes + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    const OpenFile& self = OpenFile::of(file);
    return self.volume->write(*self.opening.file, static_cast<std::uint64_t>(at),
                              static_cast<const std::uint8_t*>(from),
                              static_cast<std::size_t>(size));
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    const OpenFile& self = OpenFile::of(file);
    return self.volume->truncate(*self.opening.file, static_cast<std::uint64_t>(size));
}

int sync_file(sqlite3_file* file, int) {
    const OpenFile& self = OpenFile::of(file);
    return self.volume->sync(*self.opening.file);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    const OpenFile& self = OpenFile::of(file);
    if (self.volume->is_down()) {
        return SQLITE_IOERR_FSTAT;
    }
    *size = static_cast<sqlite3_int64>(self.content().size());
    return SQLITE_OK;
}

/// The strongest that another opening of the file holds.
int strongest_other_lock(const DiskOpening& self) {
    int strongest = SQLITE_LOCK_NONE;
    for (const DiskOpening* other : self.file->openings) {
        strongest = other == &self ? strongest : std::max(strongest, other->lock);
    }
    return strongest;
}

int lock_file(sqlite3_file* file, int level) {
    OpenFile& open = OpenFile::of(file);
    if (open.volume->is_down()) {
        return SQLITE_IOERR_LOCK;
    }
    DiskOpening& self = open.opening;
    if (self.lock >= level) {
        return SQLITE_OK;
    }
    const int other = strongest_other_lock(self);
    if (level == SQLITE_LOCK_SHARED ? other >= SQLITE_LOCK_PENDING
                                    : other >= SQLITE_LOCK_RESERVED) {
        return SQLITE_BUSY;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE && other == SQLITE_LOCK_SHARED) {
        self.lock = SQLITE_LOCK_PENDING;  // No new readers until those that are there have ended.
        return SQLITE_BUSY;
    }
    self.lock = level;
    return SQLITE_OK;
}

int unlock_file(sqlite3_file* file, int level) {
    DiskOpening& self = OpenFile::of(file).opening;
    self.lock = std::min(self.lock, level);
    return SQLITE_OK;
}

int check_lock(sqlite3_file* file, int* is_held) {
    const OpenFile& self = OpenFile::of(file);
    if (self.volume->is_down()) {
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    }
    const int strongest = std::max(self.opening.lock, strongest_other_lock(self.opening));
    *is_held = strongest >= SQLITE_LOCK_RESERVED ? 1 : 0;
    return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(kSectorBytes); }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int map_memory(sqlite3_file* file, int region, int size, int extend, void volatile** to) {
    OpenFile& self = OpenFile::of(file);
    *to = nullptr;
    if (self.volume->is_down()) {
        return SQLITE_IOERR_SHMMAP;
    }
    DiskMemory& memory = self.opening.file->memory;
    if (!self.opening.uses_memory) {
        self.opening.uses_memory = true;
        ++memory.users;
    }
    const auto index = static_cast<std::size_t>(region);
    while (extend != 0 && memory.regions.size() <= index) {
        memory.regions.push_back(std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(size)));
    }
    if (index < memory.regions.size()) {
        *to = memory.regions[index].get();
    }
    return SQLITE_OK;
}

void unlock_memory(DiskOpening& self, std::uint32_t bits) {
    auto& locks = self.file->memory.locks;
    for (std::size_t i = 0; i < locks.size(); ++i) {
        const std::uint32_t bit = bits & (1u << i);
        if ((self.memory_exclusive & bit) != 0) {
            locks[i] = 0;
        } else if ((self.memory_shared & bit) != 0) {
            --locks[i];
        }
    }
    self.memory_exclusive &= ~bits;
    self.memory_shared &= ~bits;
}

int lock_memory(sqlite3_file* file, int first, int count, int flags) {
    OpenFile& open = OpenFile::of(file);
    DiskOpening& self = open.opening;
    const std::uint32_t bits = ((1u << count) - 1) << first;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        unlock_memory(self, bits);
        return SQLITE_OK;
    }
    if (open.volume->is_down()) {
        return SQLITE_IOERR_SHMLOCK;
    }
    const bool is_shared = (flags & SQLITE_SHM_SHARED) != 0;
    std::uint32_t& held = is_shared ? self.memory_shared : self.memory_exclusive;
    const std::uint32_t wanted = bits & ~held;
    auto& locks = self.file->memory.locks;
    for (std::size_t i = 0; i < locks.size(); ++i) {
        if ((wanted & (1u << i)) != 0 && (is_shared ? locks[i] < 0 : locks[i] != 0)) {
            return SQLITE_BUSY;
        }
    }
    for (std::size_t i = 0; i < locks.size(); ++i) {
        if ((wanted & (1u << i)) != 0) {
            locks[i] = is_shared ? locks[i] + 1 : -1;
        }
    }
    held |= wanted;
    return SQLITE_OK;
}

void memory_barrier(sqlite3_file*) { std::atomic_signal_fence(std::memory_order_seq_cst); }

int unmap_memory(sqlite3_file* file, int) {
    DiskOpening& self = OpenFile::of(file).opening;
    if (!self.uses_memory) {
        return SQLITE_OK;
    }
    unlock_memory(self, ~0u);
    self.uses_memory = false;
    if (--self.file->memory.users == 0) {
        self.file->memory.regions.clear();
    }
    return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {2,
                                         close_file,
                                         read_file,
                                         write_file,
                                         truncate_file,
                                         sync_file,
                                         file_size,
                                         lock_file,
                                         unlock_file,
                                         check_lock,
                                         control_file,
                                         sector_size,
                                         characteristics,
                                         map_memory,
                                         lock_memory,
                                         memory_barrier,
                                         unmap_memory,
                                         nullptr,
                                         nullptr};

// ---- What SQLite calls: of the disk ------------------------------------------------------------

DiskVolume& volume_of(sqlite3_vfs* vfs) { return *static_cast<DiskVolume*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* self = new (file) OpenFile{};
    self->volume = &volume_of(vfs);
    if (const int code = self->volume->open(name, self->opening, flags); code != SQLITE_OK) {
        self->~OpenFile();
        file->pMethods = nullptr;
        return code;
    }
    self->pMethods = &kMethods;
    if (out != nullptr) {
        *out = flags;
    }
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    return volume_of(vfs).remove(
        name, sync_folder != 0 ? DiskVolume::FolderSync::Yes : DiskVolume::FolderSync::No);
}

int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
    const DiskVolume& volume = volume_of(vfs);
    if (volume.is_down()) {
        return SQLITE_IOERR_ACCESS;
    }
    const DiskFile* file = volume.find(name);
    // As on Unix, an empty file doesn't exist.
    *result = file != nullptr && (flags != SQLITE_ACCESS_EXISTS || file->content.size() > 0);
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* to) {
    const std::size_t needed = std::strlen(name) + 1;
    if (needed > static_cast<std::size_t>(size)) {
        return SQLITE_CANTOPEN;
    }
    std::memcpy(to, name, needed);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* to) {
    for (int i = 0; i < size; ++i) {
        to[i] = static_cast<char>(volume_of(vfs).random_number() >> 56);
    }
    return size;
}

int nap(sqlite3_vfs* vfs, int microseconds) {
    volume_of(vfs).pass((microseconds + 999) / 1000);
    return microseconds;
}

int current_time(sqlite3_vfs* vfs, double* days) {
    *days = static_cast<double>(volume_of(vfs).now()) / 86'400'000.0;
    return SQLITE_OK;
}

int current_time_ms(sqlite3_vfs* vfs, sqlite3_int64* milliseconds) {
    *milliseconds = volume_of(vfs).now();
    return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

/// SQLite asks the default VFS for the seed of its own generator, and only once in a process.
void seed_sqlite(std::uint64_t seed) {
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed >> 33) | 1, nullptr);
}

}  // namespace

class Disk::State {
 public:
    State(std::string vfs_name, std::uint64_t seed) : name(std::move(vfs_name)), volume(seed) {
        SKALD_CHECK(sqlite3_vfs_find(name.c_str()) == nullptr);
        vfs.iVersion = 2;
        vfs.szOsFile = static_cast<int>(sizeof(OpenFile));
        vfs.mxPathname = 1024;
        vfs.zName = name.c_str();
        vfs.pAppData = &volume;
        vfs.xOpen = open_file;
        vfs.xDelete = delete_file;
        vfs.xAccess = access_file;
        vfs.xFullPathname = full_path;
        vfs.xRandomness = randomness;
        vfs.xSleep = nap;
        vfs.xCurrentTime = current_time;
        vfs.xGetLastError = last_error;
        vfs.xCurrentTimeInt64 = current_time_ms;
        sqlite3_vfs_register(&vfs, 0);
        seed_sqlite(volume.random_number());
    }
    ~State() {
        sqlite3_vfs_unregister(&vfs);
        sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 0, nullptr);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    const std::string name;
    DiskVolume volume;
    sqlite3_vfs vfs{};
};

Disk::Disk(const std::string& name, std::uint64_t seed)
    : state_(std::make_unique<State>(name, seed)) {}
Disk::~Disk() = default;

const std::string& Disk::name() const { return state_->name; }
void Disk::go_down() { state_->volume.go_down(); }
void Disk::go_down_after(std::uint64_t operations) { state_->volume.go_down_after(operations); }
void Disk::never_go_down() { state_->volume.never_go_down(); }
bool Disk::is_down() const { return state_->volume.is_down(); }
void Disk::come_up(Crash crash) {
    state_->volume.come_up(crash);
    seed_sqlite(state_->volume.random_number());
}
void Disk::set_capacity(std::uint64_t bytes) { state_->volume.set_capacity(bytes); }
std::uint64_t Disk::free_bytes() const { return state_->volume.free_bytes(); }
void Disk::fail_next_sync() { state_->volume.fail_next_sync(); }
std::uint64_t Disk::operations() const { return state_->volume.operations(); }
Disk::Counts Disk::counts() const { return state_->volume.counts(); }

}  // namespace skald::simulation
