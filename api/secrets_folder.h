#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/clock.h"
#include "engine/mutex.h"
#include "sagas/request.h"

namespace skald::api {

/// Bytes of one secret in a file.
inline constexpr std::size_t kSecretBytesMax = 64u << 10;

/// `$secrets.NAME` from the file NAME of a folder, as Docker, Kubernetes and systemd lay secrets
/// out: symbolic links are followed, and one line end at the end of the file is dropped. What has
/// no file there comes from elsewhere. A file that can't be used (empty, over kSecretBytesMax, not
/// UTF-8, not readable, no file) is no secret, and hides what elsewhere has: the log says why, once
/// for each reason. A name that no document may hold (sagas/secret_name.h) names nothing.
///
/// Each secret that is asked for is read again when it was read kFreshFor ago or longer, so that a
/// changed one is noticed. Reading is done by whoever asks, the coordinator: the folder must be on
/// a local disk or in memory.
///
/// Threads: `find` from any number at once. Ownership: `elsewhere` must outlive it.
class FolderSecrets : public sagas::Secrets {
 public:
    using Now = std::function<engine::Instant()>;
    static constexpr std::chrono::milliseconds kFreshFor{1'000};
    static constexpr std::size_t kNamesMax = 4'096;  ///< That it remembers; then it begins anew.

    /// `folder`: empty: none, so that all comes from `elsewhere`.
    FolderSecrets(std::string folder, const sagas::Secrets& elsewhere,
                  Now now = engine::steady_now);

    std::optional<std::string> find(std::string_view name) const override;

 private:
    struct File {
        engine::Instant read_at;
        bool is_there = false;
        std::optional<std::string> value;  ///< None: it is not there, or can't be used.
        std::string fault;                 ///< Why it can't be used.
    };

    File read(const std::string& name) const;

    const std::string folder_;
    const sagas::Secrets& elsewhere_;
    const Now now_;
    mutable engine::Mutex mutex_;
    mutable std::map<std::string, File, std::less<>> files_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::api
