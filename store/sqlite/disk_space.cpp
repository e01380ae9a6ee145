#include "store/sqlite/disk_space.h"

#include <sys/statvfs.h>

#include <utility>

namespace skald::store::sqlite {

DiskSpace::DiskSpace(std::string folder, std::uint64_t free_bytes_min,
                     std::function<std::uint64_t()> free_bytes)
    : folder_(std::move(folder)),
      free_bytes_min_(free_bytes_min),
      free_bytes_(std::move(free_bytes)) {}

Space DiskSpace::look() {
    const auto space = [this](std::uint64_t free) {
        return free < free_bytes_min_ ? Space::Low : Space::Plenty;
    };
    if (free_bytes_) {
        return space(free_bytes_());
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) {
        return space_;
    }
    next_look_ = now + std::chrono::seconds{1};
    struct statvfs disk {};
    // A look that fails says nothing about the space; a write that fails will.
    if (statvfs(folder_.c_str(), &disk) == 0) {
        space_ = space(std::uint64_t{disk.f_bavail} * disk.f_frsize);
    }
    return space_;
}

}  // namespace skald::store::sqlite
