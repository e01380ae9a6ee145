#include "store/sqlite/sqlite_store.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/examine.h"
#include "store/sqlite/file_lock.h"
#include "store/sqlite/log_rewrite.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_error.h"
#include "store/sqlite/writer.h"

namespace skald::store {
namespace {

class SqliteStore final : public Store {
 public:
    SqliteStore(sqlite::FileLock lock, std::unique_ptr<SQLite::Database> database,
                std::vector<std::unique_ptr<sqlite::ReaderConnection>> readers,
                const SqliteOptions& options, const std::string& path)
        : examiner_(path, options.vfs),
          lock_(std::move(lock)),
          database_(std::move(database)),
          readers_(std::move(readers)),
          writer_(*database_, readers_, options,
                  std::filesystem::path(path).parent_path().string()),
          reader_(readers_) {}

    Writer& writer() override { return writer_; }
    const Reader& reader() const override { return reader_; }
    const Recovery& recovery() const override { return reader_; }
    std::uint64_t wal_bytes() const override { return writer_.wal_bytes(); }
    void copy_to(std::string file, std::function<void(Result<void>)> done) override {
        writer_.copying().ask(std::move(file), std::move(done));
    }
    Result<Examination> examine(Depth depth) override { return examiner_.examine(depth); }
    void stop_examining() override { examiner_.stop(); }

 private:
    sqlite::Examiner examiner_;
    // In this order they end: the readers close before the writer, whose connection then moves the
    // log into the database, and the lock is let go last.
    sqlite::FileLock lock_;
    std::unique_ptr<SQLite::Database> database_;
    sqlite::ReaderPool readers_;
    sqlite::SqliteWriter writer_;
    sqlite::SqliteReader reader_;
};

/// Through symbolic links, so that one database has one lock file whatever it is called by.
Result<std::string> whole_path(const std::string& path) {
    const std::string doing = "open " + path;
    if (path.empty() || path.find('\0') != std::string::npos) {
        return sagas::fail(ErrorCode::InvalidArgument, doing + ": name a file");
    }
    std::error_code error;
    const std::filesystem::path whole =
        std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
    if (error) {
        return sagas::fail(ErrorCode::Unavailable, doing + ": " + error.message());
    }
    if (std::filesystem::is_directory(whole, error)) {
        return sagas::fail(ErrorCode::Unavailable, doing + ": this is a folder; name a file in it");
    }
    if (!std::filesystem::is_directory(whole.parent_path(), error)) {
        return sagas::fail(
            ErrorCode::Unavailable,
            doing + ": there is no folder " + whole.parent_path().string() + "; make it first");
    }
    return whole.string();
}

Error open_error(const SQLite::Exception& exception, const std::string& doing) {
    const std::string text = exception.what();
    switch (sqlite::result_code(exception) & 0xff) {
        case SQLITE_NOTADB:
            return {ErrorCode::InvalidArgument,
                    doing + ": this is no database of Skald's; name another file"};
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {ErrorCode::Unavailable,
                    doing + ": " + text +
                        "; give Skald the right to write the file, its -wal and -shm, and in their "
                        "folder"};
        case SQLITE_FULL:
            return {ErrorCode::Unavailable, doing + ": the disk is full; make room"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return {ErrorCode::Unavailable,
                    doing + ": another program has locked the file; end it first"};
        default:
            return {ErrorCode::Corruption,
                    doing + ": " + text + "; keep the file, and restore a backup"};
    }
}

/// SQLite reads zeroes where the end of the last page is missing. Only for a file whose log is
/// empty: else the log may hold that page.
Result<void> check_size(SQLite::Database& database, const std::string& doing) {
    sqlite3_file* file = nullptr;
    sqlite3_int64 bytes = 0;
    database.check(
        sqlite3_file_control(sqlite::handle(database), "main", SQLITE_FCNTL_FILE_POINTER, &file));
    database.check(file->pMethods->xFileSize(file, &bytes));
    if (bytes % database.execAndGet("PRAGMA page_size").getInt64() != 0) {
        return sagas::fail(ErrorCode::Corruption,
                           doing +
                               ": the file ends in the middle of a page; keep the file, and "
                               "restore a backup");
    }
    return {};
}

enum class Log : std::uint8_t { Empty, Left };

/// The log that a killed process left is taken in now, so that its size is known from here on.
Log empty_log(SQLite::Database& database) {
    const int code = sqlite3_wal_checkpoint_v2(sqlite::handle(database), nullptr,
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    // On a full disk, or while another program reads, it stays as it is; nothing is lost.
    if (code != SQLITE_BUSY && code != SQLITE_FULL) {
        database.check(code);
    }
    return code == SQLITE_OK ? Log::Empty : Log::Left;
}

Result<std::unique_ptr<Store>> open_locked(const SqliteOptions& options, const std::string& path,
                                           const std::string& doing, sqlite::FileLock lock) {
    auto database = sqlite::open_writer(path, options.vfs);
    if (Result<void> ours = sqlite::check_ours(*database, doing); !ours) {
        return tl::unexpected(ours.error());
    }
    if (Result<void> done = sqlite::configure_writer(*database, options, doing); !done) {
        return tl::unexpected(done.error());
    }
    {
        sqlite::Transactions transactions(*database, options.lock_wait);
        if (Result<void> done = sqlite::rewrite_log(*database, transactions, doing); !done) {
            return tl::unexpected(done.error());
        }
        if (Result<void> done = sqlite::migrate(*database, transactions, doing); !done) {
            return tl::unexpected(done.error());
        }
    }
    if (empty_log(*database) == Log::Empty) {
        if (Result<void> done = check_size(*database, doing); !done) {
            return tl::unexpected(done.error());
        }
    }
    std::vector<std::unique_ptr<sqlite::ReaderConnection>> readers;
    for (std::uint32_t i = 0; i < options.readers; ++i) {
        readers.push_back(
            std::make_unique<sqlite::ReaderConnection>(sqlite::open_reader(path, options.vfs)));
    }
    sqlite::set_checkpoint_at_close(*database, sqlite::CheckpointAtClose::Yes);
    return std::make_unique<SqliteStore>(std::move(lock), std::move(database), std::move(readers),
                                         options, path);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options) {
    const std::string doing = "open " + options.path;
    if (options.readers < 1 || options.readers > 8) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           doing + ": " + std::to_string(options.readers) +
                               " readers; there must be 1 to 8 of them");
    }
    const Result<std::string> path = whole_path(options.path);
    if (!path) {
        return tl::unexpected(path.error());
    }
    auto lock = sqlite::FileLock::take(*path, doing);
    if (!lock) {
        return tl::unexpected(lock.error());
    }
    try {
        return open_locked(options, *path, doing, std::move(*lock));
    } catch (const SQLite::Exception& exception) {
        return tl::unexpected(open_error(exception, doing));
    }
}

std::string sqlite_library_version() { return SQLite::getLibVersion(); }

}  // namespace skald::store
