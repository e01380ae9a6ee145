#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/participants.h"
#include "tests/faults/act.h"
#include "tests/faults/attempt.h"
#include "tests/faults/database_file.h"
#include "tests/faults/stage.h"
#include "tests/faults/tally.h"

/// Broken, cut and foreign database files. Each is survived with all that was acknowledged, or
/// refused in one line with the file left as it was, or told of by `skald doctor --deep`.
///
/// What SQLite can't notice, nobody can yet: pages have no checksum of their own, so that another
/// letter in a text is just another text; and where the log breaks off, there it ends for SQLite
/// (sqlite.org/fileformat2.html, 4.1), whether that is a torn write that nobody was told of or
/// synced commits that somebody took away. The tests below hold that the rest is a state that was,
/// with nothing torn, and that the doctor finds it sound.
namespace skald::faults {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::HasSubstr;

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kFrameBytes = 24 + kPageBytes;
constexpr std::size_t kLogHeaderBytes = 32;
constexpr std::size_t kPagesSampled = 8;

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

void run_sql(const fs::path& file, const char* sql) {
    sqlite3* database = nullptr;
    sqlite3_open(file.c_str(), &database);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
}

/// What skald answers about a database.
struct Survey {
    bool is_sound = false;                       ///< By the doctor, of the whole file.
    std::map<std::string, std::string> answers;  ///< By target; "500" and the like where it failed.
};

class Files : public ::testing::Test {
 protected:
    void SetUp() override {
        crash::Ledger ledger;
        crash::Participants participants(ledger, seed_, [](std::uint64_t) {});
        const fs::path database = stage_.prepare(Database::Made);
        KeptSkald skald({crash::binary(), database, {}, {}}, {});
        Scene scene(skald, participants, ledger);
        play_orders(scene);
        scene.check();
        skald.kill();
        killed_ = copy_database(database, stage_.file("killed"));
        ASSERT_TRUE(try_to_serve(database).is_ready);
        closed_ = copy_database(database, stage_.file("closed"));
        journal_ = journal_of(closed_);
        const Survey whole = survey(copy(closed_));
        ASSERT_TRUE(whole.is_sound);
        answers_ = whole.answers;
        ASSERT_GT(answers_.size(), 20u);
    }

    fs::path copy(const fs::path& of) {
        return copy_database(of, stage_.file("copy-" + std::to_string(++copies_)));
    }

    /// Starts skald, and asks for all that there should be.
    Survey survey(const fs::path& database) {
        Survey found;
        outside::SkaldProcess process({crash::binary(), database, {}, {}});
        const std::uint16_t port = process.await_ready(std::chrono::seconds(30));
        if (port == 0) return found;
        outside::HttpClient client(port);
        const auto ask = [&client](const std::string& target) {
            const auto reply = client.get(target);
            return reply ? std::to_string(reply->status) + ' ' + reply->body : "nothing";
        };
        const std::string list = ask("/v1/sagas?limit=200");
        std::vector<std::string> sagas;
        for (const auto& [target, answer] : answers_) sagas.push_back(target);
        if (answers_.empty()) {
            const Json items = Json::parse(list.substr(4))["items"];
            for (const Json& saga : items) {
                const std::string target = "/v1/sagas/" + saga["id"].get<std::string>();
                sagas.push_back(target);
                sagas.push_back(target + "/history");
            }
        }
        for (const std::string& target : sagas) found.answers[target] = ask(target);
        const Json doctor = Json::parse(ask("/v1/doctor?deep=true").substr(4), nullptr, false);
        if (doctor.is_object() && doctor.contains("checks")) {
            found.is_sound = true;
            for (const Json& check : doctor["checks"]) {
                found.is_sound = found.is_sound && check["status"] != "failed";
            }
        }
        process.stop(std::chrono::seconds(30));
        return found;
    }

    void expect_refused_and_untouched(const fs::path& database, const std::string& reason) {
        const auto before = bytes_of(database);
        expect_refused(try_to_serve(database), reason);
        EXPECT_TRUE(bytes_of(database) == before) << "the file was changed";
        tally_.count(0);
    }

    void expect_whole(const fs::path& database) {
        const Survey found = survey(database);
        EXPECT_TRUE(found.is_sound);
        EXPECT_EQ(found.answers, answers_);
        tally_.count(0);
    }

    /// Refused, or all is there, or what is wrong is told.
    void expect_no_silent_loss(const fs::path& database) {
        const auto before = bytes_of(database);
        const Attempt attempt = try_to_serve(database);
        if (attempt.exit_code != 0) {
            expect_told_of_damage(attempt);
            EXPECT_TRUE(bytes_of(database) == before) << "the file was changed";
        } else {
            const Survey found = survey(database);
            EXPECT_TRUE(found.answers == answers_ || !found.is_sound)
                << "something is lost, and the doctor sees nothing";
        }
        tally_.count(0);
    }

    /// The journal is one that was, and the doctor finds the file sound.
    void expect_an_earlier_state(const fs::path& database) {
        const std::vector<std::string> journal = journal_of(database);
        ASSERT_LT(journal.size(), journal_.size());
        EXPECT_TRUE(std::equal(journal.begin(), journal.end(), journal_.begin()));
        const Survey found = survey(database);
        EXPECT_TRUE(found.is_sound);
        EXPECT_EQ(integrity_of(database), "ok");
        tally_.count(0);
    }

    const std::uint64_t seed_ = seed_wanted();
    std::mt19937_64 random_{seed_};
    Stage stage_{seed_};
    fs::path killed_;  ///< All in its -wal.
    fs::path closed_;  ///< Without a -wal.
    std::vector<std::string> journal_;
    std::map<std::string, std::string> answers_;  ///< By target, of the sound database.
    std::size_t copies_ = 0;
    Tally tally_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
};

using SoundFiles = Files;
using CutFiles = Files;
using OverwrittenFiles = Files;
using ForeignFiles = Files;
using BrokenLogs = Files;

TEST_F(SoundFiles, AreNotWrittenByAStartAlone) {
    const fs::path database = copy(closed_);
    const auto before = bytes_of(database);
    EXPECT_TRUE(try_to_serve(database).is_ready);
    EXPECT_TRUE(bytes_of(database) == before) << "the file was changed";
    tally_.count(0);
}

TEST_F(CutFiles, AreRefused) {
    const std::size_t size = fs::file_size(closed_);
    // SQLite would read zeroes for what is missing of a page.
    for (const std::size_t missing : {std::size_t{1}, kPageBytes / 2}) {
        const fs::path database = copy(closed_);
        fs::resize_file(database, size - missing);
        expect_refused_and_untouched(database, "the file ends in the middle of a page; keep");
    }
    for (const std::size_t left : {size / 2, size - kPageBytes, std::size_t{600}}) {
        SCOPED_TRACE("cut to " + std::to_string(left) + " bytes of " + std::to_string(size));
        const fs::path database = copy(closed_);
        fs::resize_file(database, left);
        expect_no_silent_loss(database);
    }
}

TEST_F(OverwrittenFiles, AreRefusedByTheirHeader) {
    const fs::path database = copy(closed_);
    std::string bytes = read(database);
    bytes.replace(0, 16, "Dear diary, ....");
    write(database, bytes);
    expect_refused_and_untouched(database, "this is no database of Skald's; name another file");
}

TEST_F(OverwrittenFiles, AreRefusedOrToldOfPageByPage) {
    const std::string sound = read(closed_);
    const std::size_t pages = sound.size() / kPageBytes;
    const std::size_t sampled = kills_wanted() < 1'000 ? kPagesSampled : pages;
    const std::size_t from = random_() % pages;
    for (std::size_t i = 0; i < sampled; ++i) {
        const std::size_t page = (from + i * pages / sampled) % pages;
        // After the file's header, which is at the front of the first page.
        const std::size_t header = page * kPageBytes + (page == 0 ? 100 : 0);
        for (const std::size_t bytes : {std::size_t{8}, kPageBytes / 2}) {
            SCOPED_TRACE("page " + std::to_string(page + 1) + ", " + std::to_string(bytes) +
                         " bytes, SKALD_FAULTS_SEED=" + std::to_string(seed_));
            const fs::path database = copy(closed_);
            std::string broken = sound;
            for (std::size_t at = header; at < header + bytes; ++at) {
                broken[at] = static_cast<char>(broken[at] ^ 0x5a);
            }
            write(database, broken);
            expect_no_silent_loss(database);
        }
    }
}

// See above: SQLite has no checksums of pages.
TEST_F(OverwrittenFiles, AnotherLetterInATextIsNotNoticed) {
    const fs::path database = copy(closed_);
    std::string bytes = read(database);
    const std::size_t at = bytes.find("1 Main Street");
    ASSERT_NE(at, std::string::npos);
    bytes[at] = '2';
    write(database, bytes);
    const Survey found = survey(database);
    EXPECT_TRUE(found.is_sound);
    EXPECT_NE(found.answers, answers_);
    EXPECT_EQ(found.answers.size(), answers_.size());
    tally_.count(0);
}

TEST_F(ForeignFiles, AreRefusedAndLeftAlone) {
    const fs::path folder = stage_.file("foreign");
    fs::create_directory(folder);
    write(folder / "text.db", std::string(5'000, 'x'));
    expect_refused_and_untouched(folder / "text.db",
                                 "this is no database of Skald's; name another");
    write(folder / "short.db", "milk, bread");
    expect_refused_and_untouched(folder / "short.db",
                                 "this is no database of Skald's; name another");

    run_sql(folder / "other.db", "CREATE TABLE note(text); INSERT INTO note VALUES ('milk')");
    expect_refused_and_untouched(folder / "other.db",
                                 "a database of another program; name another");
    run_sql(folder / "log.db",
            "PRAGMA journal_mode = WAL; CREATE TABLE note(text); INSERT INTO note VALUES ('milk')");
    expect_refused_and_untouched(folder / "log.db", "a database of another program; name another");

    const fs::path newer = copy(closed_);
    run_sql(newer, "PRAGMA user_version = 99");
    expect_refused_and_untouched(newer, "written by a newer Skald (schema 99");

    fs::create_directory(folder / "folder.db");
    expect_refused(try_to_serve(folder / "folder.db"), "this is a folder; name a file in it");
    fs::create_symlink(folder / "nowhere" / "skald.db", folder / "dangling.db");
    expect_refused(try_to_serve(folder / "dangling.db"), "unable to open database file");
    tally_.count(0);
}

TEST_F(BrokenLogs, KeepAllCommitsBeforeATornTail) {
    const std::string log = read(killed_.string() + "-wal");
    ASSERT_EQ((log.size() - kLogHeaderBytes) % kFrameBytes, 0u);
    const std::string frame = log.substr(log.size() - kFrameBytes);
    for (const std::string& tail :
         {std::string(300, 'x'), frame.substr(0, 20), frame.substr(0, kFrameBytes / 2), frame,
          std::string(3 * kFrameBytes, '\0')}) {
        SCOPED_TRACE(std::to_string(tail.size()) + " bytes behind the last commit");
        const fs::path database = copy(killed_);
        write(database.string() + "-wal", log + tail);
        expect_whole(database);
    }
}

TEST_F(BrokenLogs, WithoutOrWithABrokenIndexLoseNothing) {
    for (const std::string& index : {std::string(), std::string(100, 'x'), std::string(32'768, 'x'),
                                     std::string(32'768, '\0')}) {
        const fs::path database = copy(killed_);
        write(database.string() + "-shm", index);
        expect_whole(database);
    }
}

// See above: where the log breaks off, there it ends.
TEST_F(BrokenLogs, AreReadToWhereTheyBreakOff) {
    const std::string log = read(killed_.string() + "-wal");
    const std::size_t frames = (log.size() - kLogHeaderBytes) / kFrameBytes;
    const auto with_log = [this](const std::string& bytes) {
        const fs::path database = copy(killed_);
        write(database.string() + "-wal", bytes);
        return database;
    };
    expect_an_earlier_state(with_log(log.substr(0, log.size() - 100)));
    expect_an_earlier_state(with_log(log.substr(0, log.size() / 2)));
    expect_an_earlier_state(with_log(log.substr(0, 20)));
    for (int i = 0; i < 4; ++i) {
        const std::size_t frame = random_() % frames;
        const std::size_t at = kLogHeaderBytes + frame * kFrameBytes + random_() % kFrameBytes;
        SCOPED_TRACE("byte " + std::to_string(at) + ", SKALD_FAULTS_SEED=" + std::to_string(seed_));
        std::string broken = log;
        broken[at] = static_cast<char>(broken[at] ^ 0x10);
        expect_an_earlier_state(with_log(broken));
    }
    std::string header = log;
    header[16] = static_cast<char>(header[16] ^ 0x10);
    expect_an_earlier_state(with_log(header));
    const fs::path without = copy(killed_);
    fs::remove(without.string() + "-wal");
    expect_an_earlier_state(without);
}

// A log of a database that is not this one: its pages are taken for this one's.
TEST_F(BrokenLogs, OfAnotherDatabaseAreRefusedOrToldOf) {
    const fs::path database = copy(closed_);
    fs::copy_file(killed_.string() + "-wal", database.string() + "-wal");
    expect_no_silent_loss(database);
}

}  // namespace
}  // namespace skald::faults
