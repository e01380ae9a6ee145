#include "api/secrets_folder.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <variant>

#include "sagas/result.h"
#include "sagas/secret_name.h"
#include "sagas/utf8.h"

namespace skald::api {
namespace {

struct NoFile {};
using Content = std::variant<NoFile, sagas::Result<std::string>>;

tl::unexpected<sagas::Error> unusable(std::string why) {
    return sagas::fail(sagas::ErrorCode::InvalidArgument, std::move(why));
}

tl::unexpected<sagas::Error> failed() { return unusable(std::generic_category().message(errno)); }

/// All of a file, and at most one byte over kSecretBytesMax.
sagas::Result<std::string> read_all(int file) {
    struct stat about {};
    if (::fstat(file, &about) != 0) return failed();
    if (!S_ISREG(about.st_mode)) return unusable("is no file");
    std::string bytes(kSecretBytesMax + 1, '\0');
    std::size_t count = 0;
    while (count < bytes.size()) {
        const ssize_t got = ::read(file, bytes.data() + count, bytes.size() - count);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed();
        if (got == 0) break;
        count += static_cast<std::size_t>(got);
    }
    bytes.resize(count);
    return bytes;
}

Content read_file(const std::string& path) {
    // Not blocking: a pipe in the place of a file must not stop the server.
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR)) return NoFile{};
    if (file < 0) return sagas::Result<std::string>(failed());
    sagas::Result<std::string> bytes = read_all(file);
    ::close(file);
    return bytes;
}

sagas::Result<std::string> to_secret(std::string bytes) {
    if (bytes.size() > kSecretBytesMax) {
        return unusable("is larger than " + std::to_string(kSecretBytesMax) + " bytes");
    }
    if (bytes.ends_with('\n')) bytes.pop_back();
    if (bytes.ends_with('\r')) bytes.pop_back();
    if (bytes.empty()) return unusable("is empty");
    if (!sagas::is_utf8(bytes)) return unusable("is not UTF-8");
    return bytes;
}

}  // namespace

FolderSecrets::FolderSecrets(std::string folder, const sagas::Secrets& elsewhere, Now now)
    : folder_(std::move(folder)), elsewhere_(elsewhere), now_(std::move(now)) {}

std::optional<std::string> FolderSecrets::find(std::string_view name) const {
    if (!sagas::is_secret_name(name)) return std::nullopt;
    if (folder_.empty()) return elsewhere_.find(name);
    {
        const engine::MutexLock lock(mutex_);
        auto known = files_.find(name);
        if (known == files_.end() || now_() - known->second.read_at >= kFreshFor) {
            File file = read(std::string(name));
            const bool is_new_fault = known == files_.end() || known->second.fault != file.fault;
            if (!file.fault.empty() && is_new_fault) {
                spdlog::error("the secret {}: {}/{} {}", name, folder_, name, file.fault);
            }
            if (files_.size() >= kNamesMax) files_.clear();
            known = files_.insert_or_assign(std::string(name), std::move(file)).first;
        }
        if (known->second.is_there) return known->second.value;
    }
    return elsewhere_.find(name);
}

FolderSecrets::File FolderSecrets::read(const std::string& name) const {
    File file;
    file.read_at = now_();
    Content content = read_file(folder_ + '/' + name);
    if (std::holds_alternative<NoFile>(content)) return file;
    file.is_there = true;
    auto secret = std::get<sagas::Result<std::string>>(std::move(content)).and_then(to_secret);
    if (secret) {
        file.value = std::move(*secret);
    } else {
        file.fault = secret.error().message;
    }
    return file;
}

}  // namespace skald::api
