#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

namespace skald::store {
namespace {

using namespace sample;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Every refusal is one line that names the file.
void expect_refused(const SqliteOptions& options, ErrorCode code, const std::string& message) {
    const auto opened = open_sqlite_store(options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, code) << opened.error().message;
    EXPECT_THAT(opened.error().message,
                AllOf(HasSubstr("open " + options.path), HasSubstr(message), Not(HasSubstr("\n"))));
}

TEST(SqliteOpening, MakesAFileOfOurKind) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    open_or_fail(options);
    EXPECT_THAT(query_sql(options.path, "PRAGMA application_id"), ElementsAre("1399549028"));
    EXPECT_THAT(query_sql(options.path, "PRAGMA user_version"), ElementsAre("5"));
    EXPECT_THAT(query_sql(options.path, "PRAGMA journal_mode"), ElementsAre("wal"));
    EXPECT_THAT(query_sql(options.path, "PRAGMA auto_vacuum"), ElementsAre("2"));
    EXPECT_THAT(problems(options.path), IsEmpty());
}

TEST(SqliteOpening, TakesItsLogInWhenItIsClosed) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    put(*open_or_fail(options), definition("order"));
    EXPECT_FALSE(std::filesystem::exists(options.path + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(options.path + "-shm"));
}

TEST(SqliteOpening, RefusesASecondOpener) {
    const TemporaryFolder folder;
    SqliteOptions options = options_in(folder);
    auto store = open_or_fail(options);
    const std::string holder = "process " + std::to_string(getpid()) + " has it open";
    expect_refused(options, ErrorCode::Conflict, holder);
    // By another name, too.
    std::filesystem::create_symlink(options.path, folder.file("other.db"));
    SqliteOptions other = options;
    other.path = folder.file("other.db");
    expect_refused(other, ErrorCode::Conflict, holder);

    EXPECT_TRUE(store->writer().write({}));
    store.reset();
    open_or_fail(options);
}

TEST(SqliteOpening, RefusesWhatIsNotADatabase) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    const std::string bytes(5'000, 'x');
    std::ofstream(options.path) << bytes;
    expect_refused(options, ErrorCode::InvalidArgument, "this is no database of Skald's");
    EXPECT_EQ(bytes_of(options.path), bytes);
}

TEST(SqliteOpening, RefusesADatabaseOfAnotherProgram) {
    const std::array foreign = {"CREATE TABLE notes(text TEXT)", "PRAGMA user_version = 1",
                                "PRAGMA application_id = 7",
                                "PRAGMA journal_mode = WAL;"
                                "CREATE TABLE notes(text TEXT)"};
    for (const char* sql : foreign) {
        SCOPED_TRACE(sql);
        const TemporaryFolder folder;
        const SqliteOptions options = options_in(folder);
        run_sql(options.path, sql);
        const std::string before = bytes_of(options.path);
        expect_refused(options, ErrorCode::InvalidArgument, "a database of another program");
        EXPECT_EQ(bytes_of(options.path), before);
    }
}

TEST(SqliteOpening, RefusesANewerSchema) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    open_or_fail(options);
    run_sql(options.path, "PRAGMA user_version = 6");
    const std::string before = bytes_of(options.path);
    expect_refused(options, ErrorCode::InvalidArgument,
                   "written by a newer Skald (schema 6, this one knows 5)");
    EXPECT_EQ(bytes_of(options.path), before);
}

TEST(SqliteOpening, TakesAnEmptyFile) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    std::ofstream{options.path};
    put(*open_or_fail(options), definition("order"));
    EXPECT_THAT(problems(options.path), IsEmpty());
}

TEST(SqliteOpening, RefusesPathsThatCannotBe) {
    const TemporaryFolder folder;
    SqliteOptions options = options_in(folder);
    options.path = "";
    expect_refused(options, ErrorCode::InvalidArgument, "name a file");
    options.path = folder.path();
    expect_refused(options, ErrorCode::Unavailable, "this is a folder");
    options.path = folder.file("missing/skald.db");
    expect_refused(options, ErrorCode::Unavailable,
                   "there is no folder " + folder.file("missing") + "; make it first");
    options = options_in(folder);
    for (const std::uint32_t readers : {0u, 9u}) {
        options.readers = readers;
        expect_refused(options, ErrorCode::InvalidArgument, "1 to 8");
    }
}

/// What opening says to a user who isn't root (root may write everywhere).
std::string refusal_for_nobody(const SqliteOptions& options) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
        return "no pipe";
    }
    const pid_t child = fork();
    if (child == 0) {
        constexpr uid_t kNobody = 65'534;
        std::string text = "can't become nobody";
        if (geteuid() != 0 || seteuid(kNobody) == 0) {
            const auto opened = open_sqlite_store(options);
            text = opened ? "opened"
                          : std::to_string(static_cast<int>(opened.error().code)) + " " +
                                opened.error().message;
        }
        [[maybe_unused]] const ssize_t written = write(ends[1], text.data(), text.size());
        _exit(0);
    }
    close(ends[1]);
    std::string text(4'096, '\0');
    const ssize_t size = read(ends[0], text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return text;
}

std::string starts(ErrorCode code, const SqliteOptions& options) {
    return std::to_string(static_cast<int>(code)) + " open " + options.path;
}

TEST(SqliteOpening, RefusesAReadOnlyFile) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    open_or_fail(options);
    chmod(folder.path().c_str(), 0777);
    chmod((options.path + ".lock").c_str(), 0666);
    chmod(options.path.c_str(), 0444);
    EXPECT_THAT(refusal_for_nobody(options),
                AllOf(HasSubstr(starts(ErrorCode::Unavailable, options)),
                      HasSubstr("give Skald the right to write")));
}

TEST(SqliteOpening, RefusesAReadOnlyFolder) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    chmod(folder.path().c_str(), 0555);
    EXPECT_THAT(refusal_for_nobody(options),
                AllOf(HasSubstr(starts(ErrorCode::Unavailable, options)),
                      HasSubstr("give Skald the right to write in that folder")));
    open_or_fail(options);
    chmod((options.path + ".lock").c_str(), 0666);
    chmod(options.path.c_str(), 0666);
    EXPECT_THAT(refusal_for_nobody(options),
                AllOf(HasSubstr(starts(ErrorCode::Unavailable, options)),
                      HasSubstr("give Skald the right to write")));
    chmod(folder.path().c_str(), 0777);
}

TEST(SqliteOpening, WaitsAWhileForAForeignLock) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    auto store = open_or_fail(options);
    SQLite::Database foreign(options.path, SQLite::OPEN_READWRITE);
    foreign.exec("BEGIN IMMEDIATE");
    Batch batch;
    batch.definitions.emplace_back(definition("order"));
    const auto refused = store->writer().write(batch);
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("locked by another process"));
    foreign.exec("ROLLBACK");
    ASSERT_TRUE(store->writer().write(batch));
    EXPECT_TRUE(store->reader().definition("order", 1));
}

}  // namespace
}  // namespace skald::store
