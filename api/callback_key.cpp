#include "api/callback_key.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

namespace skald::api {
namespace {

constexpr mode_t kOwnersAlone = S_IRUSR | S_IWUSR;

class Descriptor {
 public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    bool is_open() const { return number_ >= 0; }
    int number() const { return number_; }

 private:
    const int number_;
};

tl::unexpected<sagas::Error> key_failed(const std::string& what, int error) {
    return sagas::fail(sagas::ErrorCode::Unavailable,
                       what + ": " + std::generic_category().message(error));
}

tl::unexpected<sagas::Error> key_refused(const std::string& file, const std::string& why) {
    return sagas::fail(sagas::ErrorCode::InvalidArgument, "the key of callbacks " + file + why);
}

sagas::Result<CallbackKey> read_key(const Descriptor& descriptor, const std::string& file) {
    struct stat found {};
    if (::fstat(descriptor.number(), &found) != 0) return key_failed("read " + file, errno);
    if (!S_ISREG(found.st_mode) || found.st_size != static_cast<off_t>(CallbackKey().size())) {
        return key_refused(file,
                           " is not a file of 32 bytes: bring the right one back, or remove it "
                           "(then callbacks that are awaited are refused)");
    }
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return key_refused(file, " can be read by others: chmod 600 it");
    }
    CallbackKey key;
    const ssize_t got = ::read(descriptor.number(), key.data(), key.size());
    if (got != static_cast<ssize_t>(key.size()))
        return key_failed("read " + file, got < 0 ? errno : EIO);
    return key;
}

/// None: it is done.
std::optional<int> write_key(const std::string& file, const CallbackKey& key) {
    const Descriptor made(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnersAlone));
    // One that an earlier process left may have another mode.
    if (!made.is_open() || ::fchmod(made.number(), kOwnersAlone) != 0) return errno;
    const ssize_t put = ::write(made.number(), key.data(), key.size());
    if (put != static_cast<ssize_t>(key.size())) return put < 0 ? errno : ENOSPC;
    if (::fsync(made.number()) != 0) return errno;
    return std::nullopt;
}

std::optional<int> sync_folder(const std::string& file) {
    const auto parent = std::filesystem::path(file).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open() || ::fsync(opened.number()) != 0) return errno;
    return std::nullopt;
}

sagas::Result<CallbackKey> make_key(const std::string& file) {
    CallbackKey key;
    if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
        return sagas::fail(sagas::ErrorCode::Unavailable, "make " + file + ": no random bytes");
    }
    // Whole or not there, whenever the process ends.
    const std::string fresh = file + ".new";
    auto error = write_key(fresh, key);
    if (!error && std::rename(fresh.c_str(), file.c_str()) != 0) error = errno;
    if (!error) error = sync_folder(file);
    if (error) return key_failed("make " + file, *error);
    return key;
}

}  // namespace

sagas::Result<CallbackKey> load_callback_key(const std::string& file) {
    const Descriptor there(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!there.is_open()) {
        return errno == ENOENT ? make_key(file) : key_failed("read " + file, errno);
    }
    auto key = read_key(there, file);
    if (!key) return key;
    // The process that made it may have been killed before its name was durable.
    if (const auto error = sync_folder(file)) return key_failed("sync " + file, *error);
    return key;
}

}  // namespace skald::api
