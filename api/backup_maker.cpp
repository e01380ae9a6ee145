#include "api/backup_maker.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/mutex.h"
#include "store/sqlite/examine.h"

namespace skald::api {

struct BackupMaker::State {
    store::Store& store;
    const std::string folder;
    const std::string database;
    engine::Mutex mutex;
    bool is_busy SKALD_GUARDED_BY(mutex) = false;
    std::jthread checking SKALD_GUARDED_BY(mutex);

    bool begin() SKALD_EXCLUDES(mutex) {
        const engine::MutexLock lock(mutex);
        return !std::exchange(is_busy, true);
    }
    void end() SKALD_EXCLUDES(mutex) {
        const engine::MutexLock lock(mutex);
        is_busy = false;
    }
};

namespace {

constexpr const char* kPartial = ".partial";

/// Of a server that was killed while it copied.
void remove_leftovers(const std::string& folder) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with('.') && name.ends_with(kPartial)) {
            std::filesystem::remove(entry.path(), ignored);
        }
    }
}

sagas::Result<MadeBackup> publish(const std::string& partial, const std::string& file) {
    const auto made = store::sqlite::publish_copy(partial, file);
    if (!made) return tl::unexpected(made.error());
    return MadeBackup{file, made->file_bytes, made->sagas};
}

}  // namespace

BackupMaker::BackupMaker(store::Store& store, const std::string& folder,
                         const std::string& database)
    : state_(new State{store,
                       std::filesystem::absolute(folder).lexically_normal().string(),
                       std::filesystem::path(database).filename().string(),
                       {},
                       false,
                       {}}) {
    remove_leftovers(state_->folder);
}

BackupMaker::~BackupMaker() {
    std::jthread checking;
    {
        const engine::MutexLock lock(state_->mutex);
        checking.swap(state_->checking);
    }
}

void BackupMaker::make(const std::string& name, Done done) {
    const std::string file = (std::filesystem::path(state_->folder) / name).string();
    // No client can ask for this name.
    const std::string partial =
        (std::filesystem::path(state_->folder) / ("." + name + kPartial)).string();
    std::error_code error;
    std::filesystem::create_directories(state_->folder, error);
    if (error) {
        done(sagas::fail(sagas::ErrorCode::Unavailable,
                         "make the folder " + state_->folder + ": " + error.message()));
        return;
    }
    const std::string& database = state_->database;
    if (name.starts_with(database) && name != database &&
        (name[database.size()] == '-' || name[database.size()] == '.')) {
        done(sagas::fail(sagas::ErrorCode::InvalidArgument,
                         "files named like that belong to the database " + database +
                             " itself; choose another name"));
        return;
    }
    if (std::filesystem::exists(file, error)) {
        done(sagas::fail(sagas::ErrorCode::AlreadyExists, file + " exists already"));
        return;
    }
    if (!state_->begin()) {
        done(sagas::fail(sagas::ErrorCode::Conflict, "another backup is being made"));
        return;
    }
    state_->store.copy_to(partial, [state = state_, partial, file,
                                    done = std::move(done)](const sagas::Result<void>& copied) {
        if (!copied) {
            state->end();
            done(tl::unexpected(copied.error()));
            return;
        }
        // Reading all of it takes time that the writer's thread does not have.
        const engine::MutexLock lock(state->mutex);
        state->checking = std::jthread([state = state.get(), partial, file, done] {
            auto made = publish(partial, file);
            state->end();
            done(std::move(made));
        });
    });
}

bool is_backup_name(std::string_view name) {
    return !name.empty() && name.size() <= 100 && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

}  // namespace skald::api
