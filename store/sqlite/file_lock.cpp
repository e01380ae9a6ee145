#include "store/sqlite/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace skald::store::sqlite {
namespace {

std::string holder(int descriptor) {
    std::array<char, 24> text{};
    const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
    std::string pid;
    for (ssize_t i = 0; i < size && text[static_cast<std::size_t>(i)] >= '0' &&
                        text[static_cast<std::size_t>(i)] <= '9';
         ++i) {
        pid += text[static_cast<std::size_t>(i)];
    }
    return pid.empty() ? "another process" : "process " + pid;
}

std::string system_message(int error) { return std::generic_category().message(error); }

}  // namespace

Result<FileLock> FileLock::take(const std::string& database_path, const std::string& doing) {
    const std::string path = database_path + ".lock";
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return sagas::fail(ErrorCode::Unavailable,
                           doing + ": its lock file " + path + " can't be written (" +
                               system_message(errno) +
                               "); give Skald the right to write in that folder");
    }
    FileLock lock(descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return sagas::fail(ErrorCode::Conflict,
                               doing + ": " + holder(descriptor) +
                                   " has it open; stop that one first, or use another file");
        }
        return sagas::fail(
            ErrorCode::Unavailable,
            doing + ": its lock file " + path + " can't be locked (" + system_message(errno) + ")");
    }
    // For people only: on a full disk the lock must hold without it.
    const std::string pid = std::to_string(getpid()) + "\n";
    if (ftruncate(descriptor, 0) == 0) {
        [[maybe_unused]] const ssize_t written = pwrite(descriptor, pid.data(), pid.size(), 0);
    }
    return lock;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) {
        close(descriptor_);  // Which releases the lock.
    }
}

}  // namespace skald::store::sqlite
