#include "tests/store/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>

namespace skald::faults {

class FaultVfs::State {
 public:
    explicit State(std::string vfs_name) : name(std::move(vfs_name)) {}

    /// What this operation must report; SQLITE_OK: let it happen.
    int strike(Operation operation, File file) {
        const std::lock_guard lock(mutex);
        const bool is_counted = is_armed &&
                                std::find(plan.operations.begin(), plan.operations.end(),
                                          operation) != plan.operations.end() &&
                                (plan.file == File::Any || plan.file == file);
        if (!is_counted || seen++ < plan.after) {
            return SQLITE_OK;
        }
        is_armed = plan.lasting == Lasting::Forever;
        ++struck;
        if (plan.failure == Failure::DiskFull) {
            return SQLITE_FULL;
        }
        switch (operation) {
            case Operation::Write:
                return SQLITE_IOERR_WRITE;
            case Operation::Sync:
                return SQLITE_IOERR_FSYNC;
            case Operation::Truncate:
                return SQLITE_IOERR_TRUNCATE;
        }
        return SQLITE_IOERR;
    }

    const std::string name;
    sqlite3_vfs vfs{};
    sqlite3_vfs* real = nullptr;
    mutable std::mutex mutex;
    // Guarded by mutex.
    Plan plan;
    bool is_armed = false;
    std::uint64_t seen = 0;
    std::uint64_t struck = 0;
};

namespace {

using State = FaultVfs::State;

/// SQLite allots szOsFile bytes: this, and the real file right behind it.
struct FaultFile {
    sqlite3_file base;
    State* state;
    File kind;

    static FaultFile* of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
static_assert(sizeof(FaultFile) % alignof(void*) == 0);

sqlite3_file* real(sqlite3_file* file) { return FaultFile::of(file)->real(); }

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    return real(file)->pMethods->xRead(real(file), to, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    FaultFile* self = FaultFile::of(file);
    const int code = self->state->strike(Operation::Write, self->kind);
    return code != SQLITE_OK ? code : real(file)->pMethods->xWrite(real(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    FaultFile* self = FaultFile::of(file);
    const int code = self->state->strike(Operation::Truncate, self->kind);
    return code != SQLITE_OK ? code : real(file)->pMethods->xTruncate(real(file), size);
}
int sync_file(sqlite3_file* file, int) {
    FaultFile* self = FaultFile::of(file);
    return self->state->strike(Operation::Sync, self->kind);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* is_held) {
    return real(file)->pMethods->xCheckReservedLock(real(file), is_held);
}
int control_file(sqlite3_file* file, int what, void* with) {
    return real(file)->pMethods->xFileControl(real(file), what, with);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int characteristics(sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int map_memory(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, to);
}
int lock_memory(sqlite3_file* file, int from, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), from, count, flags);
}
void memory_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int unmap_memory(sqlite3_file* file, int also_delete) {
    return real(file)->pMethods->xShmUnmap(real(file), also_delete);
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

State& state_of(sqlite3_vfs* vfs) { return *static_cast<State*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
    State& state = state_of(vfs);
    auto* self = new (file) FaultFile{};
    self->state = &state;
    self->kind = (flags & SQLITE_OPEN_WAL) != 0 ? File::Log : File::Database;
    const int code = state.real->xOpen(state.real, name, self->real(), flags, out);
    // SQLite closes what has methods, also when it could not be opened.
    self->base.pMethods = self->real()->pMethods != nullptr ? &kMethods : nullptr;
    return code;
}
int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    return state_of(vfs).real->xDelete(state_of(vfs).real, name, sync_folder);
}
int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
    return state_of(vfs).real->xAccess(state_of(vfs).real, name, flags, result);
}
int full_path(sqlite3_vfs* vfs, const char* name, int size, char* to) {
    return state_of(vfs).real->xFullPathname(state_of(vfs).real, name, size, to);
}
int randomness(sqlite3_vfs* vfs, int size, char* to) {
    return state_of(vfs).real->xRandomness(state_of(vfs).real, size, to);
}
int nap(sqlite3_vfs* vfs, int microseconds) {
    return state_of(vfs).real->xSleep(state_of(vfs).real, microseconds);
}
int current_time(sqlite3_vfs* vfs, double* days) {
    return state_of(vfs).real->xCurrentTime(state_of(vfs).real, days);
}
int last_error(sqlite3_vfs* vfs, int size, char* to) {
    return state_of(vfs).real->xGetLastError(state_of(vfs).real, size, to);
}

}  // namespace

FaultVfs::FaultVfs(const std::string& name) : state_(std::make_unique<State>(name)) {
    state_->real = sqlite3_vfs_find(nullptr);
    sqlite3_vfs& vfs = state_->vfs;
    vfs.iVersion = 1;
    vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + state_->real->szOsFile;
    vfs.mxPathname = state_->real->mxPathname;
    vfs.zName = state_->name.c_str();
    vfs.pAppData = state_.get();
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_path;
    vfs.xRandomness = randomness;
    vfs.xSleep = nap;
    vfs.xCurrentTime = current_time;
    vfs.xGetLastError = last_error;
    sqlite3_vfs_register(&vfs, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& FaultVfs::name() const { return state_->name; }

void FaultVfs::fail(const Plan& plan) {
    const std::lock_guard lock(state_->mutex);
    state_->plan = plan;
    state_->is_armed = true;
    state_->seen = 0;
    state_->struck = 0;
}

void FaultVfs::clear() {
    const std::lock_guard lock(state_->mutex);
    state_->is_armed = false;
}

std::uint64_t FaultVfs::struck() const {
    const std::lock_guard lock(state_->mutex);
    return state_->struck;
}

}  // namespace skald::faults
