#include "store/sqlite/copying.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

constexpr int kSlicePages = 256;  // A megabyte: some milliseconds.

Error copy_error(const SQLite::Exception& exception, const std::string& file) {
    const bool is_full = (result_code(exception) & 0xff) == SQLITE_FULL;
    return {ErrorCode::Unavailable,
            "copy to " + file + ": " + (is_full ? "the disk is full" : exception.what())};
}

}  // namespace

/// A copy in the making. What isn't complete at its end is deleted.
class Copying::Copy {
 public:
    /// May throw SQLite::Exception.
    Copy(SQLite::Database& source, const std::string& file)
        : file_(file),
          target_(std::make_unique<SQLite::Database>(
              file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)) {
        // Whoever publishes it syncs it: here it would hold up every commit.
        target_->exec("PRAGMA synchronous = OFF");
        backup_ = std::make_unique<SQLite::Backup>(*target_, source);
    }

    ~Copy() {
        backup_.reset();
        target_.reset();
        if (!is_complete_) {
            std::error_code ignored;
            std::filesystem::remove(file_, ignored);
        }
    }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    /// True: it is complete. May throw SQLite::Exception, also where another program has locked the
    /// copy.
    bool step() {
        const int code = backup_->executeStep(kSlicePages);
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
            throw SQLite::Exception("another program has locked the copy", code);
        }
        if (code != SQLITE_DONE) {
            return false;
        }
        backup_.reset();
        // A copy of a log-keeping database asks for a log of its own; a file by itself is wanted.
        target_->exec("PRAGMA journal_mode = DELETE");
        is_complete_ = true;
        return true;
    }

    const std::string& file() const { return file_; }

 private:
    std::string file_;
    std::unique_ptr<SQLite::Database> target_;
    std::unique_ptr<SQLite::Backup> backup_;
    bool is_complete_ = false;
};

Copying::Copying(SQLite::Database& source) : source_(source) {}

Copying::~Copying() {
    const auto stopping = sagas::fail(ErrorCode::Unavailable, "copy: the store is being closed");
    if (auto asked = take_asked()) {
        asked->done(stopping);
    }
    if (copy_) {
        end(stopping);
    }
}

void Copying::ask(std::string file, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (!is_busy_) {
            is_busy_ = true;
            asked_ = Asked{std::move(file), std::move(done)};
            return;
        }
    }
    done(sagas::fail(ErrorCode::Conflict, "another copy is being made"));
}

std::optional<Copying::Asked> Copying::take_asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, std::nullopt);
}

void Copying::end(Result<void> result) {
    copy_.reset();
    const Done done = std::exchange(done_, nullptr);
    {
        const std::lock_guard lock(mutex_);
        is_busy_ = false;
    }
    done(std::move(result));
}

bool Copying::step() {
    std::string file;
    try {
        if (!copy_) {
            auto asked = take_asked();
            if (!asked) {
                return false;
            }
            file = asked->file;
            done_ = std::move(asked->done);
            copy_ = std::make_unique<Copy>(source_, file);
        }
        file = copy_->file();
        if (copy_->step()) {
            end({});
            return false;
        }
        return true;
    } catch (const SQLite::Exception& exception) {
        end(tl::unexpected(copy_error(exception, file)));
        return false;
    }
}

}  // namespace skald::store::sqlite
