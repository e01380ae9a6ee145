#include "tests/simulation/disk.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

namespace skald::simulation {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Crash = Disk::Crash;

constexpr std::size_t kSector = 512;

// ---- Files by themselves -----------------------------------------------------------------------

/// An opening of a file as SQLite has it.
class RawFile {
 public:
    RawFile(const Disk& disk, std::string name, int flags = SQLITE_OPEN_CREATE)
        : vfs_(sqlite3_vfs_find(disk.name().c_str())),
          name_(std::move(name)),
          memory_(static_cast<std::size_t>(vfs_->szOsFile) / sizeof(std::max_align_t) + 1) {
        opened_ = vfs_->xOpen(vfs_, name_.c_str(), file(),
                              flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, nullptr);
    }
    ~RawFile() {
        if (opened_ == SQLITE_OK) {
            methods().xClose(file());
        }
    }
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;

    int opened() const { return opened_; }
    int write(std::size_t at, const std::string& bytes) {
        return methods().xWrite(file(), bytes.data(), static_cast<int>(bytes.size()),
                                static_cast<sqlite3_int64>(at));
    }
    int truncate(std::size_t size) {
        return methods().xTruncate(file(), static_cast<sqlite3_int64>(size));
    }
    int sync() { return methods().xSync(file(), SQLITE_SYNC_NORMAL); }
    int read(std::string& to) {
        sqlite3_int64 size = 0;
        if (const int code = methods().xFileSize(file(), &size); code != SQLITE_OK) {
            return code;
        }
        to.assign(static_cast<std::size_t>(size), '?');
        return methods().xRead(file(), to.data(), static_cast<int>(size), 0);
    }
    int read_byte() {
        char byte = 0;
        return methods().xRead(file(), &byte, 1, 0);
    }
    std::string whole() {
        std::string bytes;
        EXPECT_EQ(read(bytes), SQLITE_OK);
        return bytes;
    }

 private:
    sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
    const sqlite3_io_methods& methods() { return *file()->pMethods; }

    sqlite3_vfs* vfs_;
    std::string name_;
    std::vector<std::max_align_t> memory_;
    int opened_;
};

int remove_file(const Disk& disk, const std::string& name) {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(disk.name().c_str());
    return vfs->xDelete(vfs, name.c_str(), 0);
}

/// None: there is no such file.
std::optional<std::string> file_text(const Disk& disk, const std::string& name) {
    RawFile file(disk, name, 0);
    return file.opened() == SQLITE_OK ? std::optional(file.whole()) : std::nullopt;
}

void crash(Disk& disk, Crash how) {
    disk.go_down();
    disk.come_up(how);
}

/// What there is of the file "a" after `change` and a crash, with a hundred seeds.
template <typename Change>
std::set<std::optional<std::string>> after_crashes(Crash how, const Change& change) {
    std::set<std::optional<std::string>> found;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Disk disk("raw", seed);
        change(disk);
        crash(disk, how);
        found.insert(file_text(disk, "a"));
    }
    return found;
}

const std::string kOld(kSector, 'o');
const std::string kNew(kSector, 'n');
const std::string kNewer(kSector, 'x');
const std::string kZeros(kSector, '\0');

TEST(Disk, KeepsWhatWasSyncedAndPerhapsWhatWasNot) {
    const auto made = [](Disk& disk) { RawFile(disk, "a").write(0, kOld); };
    EXPECT_THAT(after_crashes(Crash::Process, made), ElementsAre(kOld));
    // There is no file, or an empty one, or one whose size is there and its bytes aren't.
    EXPECT_THAT(after_crashes(Crash::Power, made),
                testing::UnorderedElementsAre(std::nullopt, "", kZeros, kOld));

    const auto synced = [](Disk& disk) {
        RawFile file(disk, "a");
        file.write(0, kOld);
        file.sync();
    };
    EXPECT_THAT(after_crashes(Crash::Power, synced), ElementsAre(kOld));
}

TEST(Disk, MayLoseAfterAProcessCrashWhatWasNotSyncedBefore) {
    const auto twice = [](Disk& disk) {
        {
            RawFile file(disk, "a");
            file.write(0, kOld);
            file.sync();
            file.write(0, kNew);
        }
        crash(disk, Crash::Process);
        EXPECT_EQ(file_text(disk, "a"), kNew);
    };
    EXPECT_THAT(after_crashes(Crash::Power, twice), ElementsAre(kNew, kOld));
}

TEST(Disk, ChoosesForEachSectorOneOfItsWrites) {
    std::set<std::string> of_sector;
    std::set<std::string> whole;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        Disk disk("raw", seed);
        {
            RawFile file(disk, "a");
            file.write(0, std::string(4 * kSector, 'a'));
            file.sync();
            file.write(0, std::string(4 * kSector, 'b'));
            // Bytes beside what is written don't change: "powersafe overwrite".
            file.write(kSector + 100, std::string(2 * kSector, 'c'));
        }
        crash(disk, Crash::Power);
        const std::string text = file_text(disk, "a").value();
        ASSERT_EQ(text.size(), 4 * kSector);
        for (std::size_t i = 0; i < 4; ++i) {
            of_sector.insert(std::to_string(i) + text[i * kSector] + text[i * kSector + 99] +
                             text[i * kSector + 100] + text[i * kSector + 511]);
        }
        whole.insert(text);
    }
    EXPECT_THAT(of_sector,
                testing::UnorderedElementsAre("0aaaa", "0bbbb", "1aaaa", "1bbbb", "1bbcc", "2aaaa",
                                              "2bbbb", "2cccc", "3aaaa", "3bbbb", "3ccbb"));
    EXPECT_EQ(whole.size(), 2u * 3 * 3 * 3);
}

TEST(Disk, CountsWhatIsLost) {
    std::set<std::string> found;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        Disk disk("raw", seed);
        {
            RawFile file(disk, "a");
            file.sync();
            file.write(0, kOld + kOld);
        }
        crash(disk, Crash::Power);
        const std::string text = file_text(disk, "a").value();
        const bool has_first = text.substr(0, kSector) == kOld;
        const bool has_second = text.size() == 2 * kSector && text.substr(kSector) == kOld;
        EXPECT_EQ(disk.counts().lost_sectors, (has_first ? 0u : 1u) + (has_second ? 0u : 1u));
        EXPECT_EQ(disk.counts().torn_writes, has_first != has_second ? 1u : 0u);
        found.insert(text);
    }
    EXPECT_THAT(found, testing::UnorderedElementsAre("", kZeros, kOld, kZeros + kZeros,
                                                     kOld + kZeros, kZeros + kOld, kOld + kOld));
}

TEST(Disk, TruncatesWhollyOrNotAtAll) {
    std::set<std::string> found;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Disk disk("raw", seed);
        {
            RawFile file(disk, "a");
            file.write(0, kOld + kOld);
            file.sync();
            file.truncate(0);
            file.write(0, kNew);
        }
        crash(disk, Crash::Power);
        found.insert(file_text(disk, "a").value());
    }
    // Never the new bytes before the old ones.
    EXPECT_THAT(found, testing::UnorderedElementsAre(kOld + kOld, "", kZeros, kNew));
}

TEST(Disk, MayBringBackADeletedFileUntilASync) {
    const auto deleted = [](Disk& disk) {
        {
            RawFile file(disk, "a");
            file.write(0, kOld);
            file.sync();
        }
        EXPECT_EQ(remove_file(disk, "a"), SQLITE_OK);
        EXPECT_EQ(remove_file(disk, "a"), SQLITE_IOERR_DELETE_NOENT);
    };
    EXPECT_THAT(after_crashes(Crash::Process, deleted), ElementsAre(std::nullopt));
    EXPECT_THAT(after_crashes(Crash::Power, deleted), ElementsAre(std::nullopt, kOld));
    const auto synced = [&deleted](Disk& disk) {
        deleted(disk);
        RawFile(disk, "b").sync();
    };
    EXPECT_THAT(after_crashes(Crash::Power, synced), ElementsAre(std::nullopt));
}

TEST(Disk, NeverMakesDurableWhatAFailedSyncDropped) {
    const auto dropped = [](Disk& disk) {
        RawFile file(disk, "a");
        file.write(0, kOld + kOld);
        file.sync();
        file.write(0, kNew + kNew);
        disk.fail_next_sync();
        EXPECT_EQ(file.sync(), SQLITE_IOERR_FSYNC);
        EXPECT_EQ(file.whole(), kNew + kNew);
        EXPECT_EQ(file.write(kSector, kNewer), SQLITE_OK);
        EXPECT_EQ(file.sync(), SQLITE_OK);
        EXPECT_EQ(disk.counts().failed_syncs, 1u);
    };
    // The second sector was written again.
    EXPECT_THAT(after_crashes(Crash::Power, dropped), ElementsAre(kNew + kNewer, kOld + kNewer));

    const auto cut = [](Disk& disk) {
        RawFile file(disk, "a");
        file.write(0, kOld + kOld);
        disk.fail_next_sync();
        file.sync();
        file.truncate(kSector);
        disk.fail_next_sync();
        file.sync();
        file.truncate(2 * kSector);
        EXPECT_EQ(file.sync(), SQLITE_OK);
    };
    EXPECT_THAT(after_crashes(Crash::Power, cut), ElementsAre(kZeros + kZeros, kOld + kZeros));

    const auto cut_first = [](Disk& disk) {
        RawFile file(disk, "a");
        file.write(0, kOld + kOld);
        file.sync();
        file.truncate(kSector);
        file.write(0, kNew);
        disk.fail_next_sync();
        file.sync();
        EXPECT_EQ(file.sync(), SQLITE_OK);
    };
    EXPECT_THAT(after_crashes(Crash::Power, cut_first), ElementsAre(kNew, kOld));
}

TEST(Disk, DoesNothingWhileItIsDown) {
    Disk disk("raw", 1);
    {
        RawFile file(disk, "a");
        ASSERT_EQ(file.write(0, kOld), SQLITE_OK);
        ASSERT_EQ(file.sync(), SQLITE_OK);
        disk.go_down_after(1);
        ASSERT_EQ(file.write(0, kNew), SQLITE_OK);
        ASSERT_FALSE(disk.is_down());
        EXPECT_EQ(file.sync(), SQLITE_IOERR_FSYNC);
        ASSERT_TRUE(disk.is_down());
        const std::uint64_t operations = disk.operations();
        std::string bytes;
        EXPECT_EQ(file.read(bytes) & 0xff, SQLITE_IOERR);
        EXPECT_EQ(file.read_byte(), SQLITE_IOERR_READ);
        EXPECT_EQ(file.write(0, kOld) & 0xff, SQLITE_IOERR);
        EXPECT_EQ(file.truncate(0) & 0xff, SQLITE_IOERR);
        EXPECT_EQ(file.sync() & 0xff, SQLITE_IOERR);
        EXPECT_EQ(remove_file(disk, "a") & 0xff, SQLITE_IOERR);
        EXPECT_EQ(RawFile(disk, "a").opened() & 0xff, SQLITE_IOERR);
        EXPECT_EQ(disk.operations(), operations);
    }
    disk.come_up(Crash::Process);
    EXPECT_EQ(file_text(disk, "a"), kNew);
    disk.go_down_after(0);
    disk.never_go_down();
    EXPECT_EQ(RawFile(disk, "a").write(0, kOld), SQLITE_OK);
}

TEST(Disk, WritesInPartWhenItGoesDown) {
    std::set<std::string> found;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Disk disk("raw", seed);
        {
            RawFile file(disk, "a");
            file.write(0, kOld + kOld);
            disk.go_down_after(0);
            EXPECT_EQ(file.write(0, kNew + kNew) & 0xff, SQLITE_IOERR);
        }
        disk.come_up(Crash::Process);
        const std::string text = file_text(disk, "a").value();
        EXPECT_EQ(disk.counts().torn_writes, text[0] == text[kSector] ? 0u : 1u);
        found.insert(text);
    }
    EXPECT_THAT(found,
                testing::UnorderedElementsAre(kOld + kOld, kOld + kNew, kNew + kOld, kNew + kNew));
}

TEST(Disk, CountsTheBytesOfAllFiles) {
    Disk disk("raw", 1);
    disk.set_capacity(3 * kSector);
    RawFile file(disk, "a");
    RawFile other(disk, "b");
    EXPECT_EQ(file.write(0, kOld), SQLITE_OK);
    EXPECT_EQ(other.write(kSector, kOld), SQLITE_OK);  // With a hole before it.
    EXPECT_EQ(disk.free_bytes(), 0u);
    EXPECT_EQ(file.write(1, kNew), SQLITE_FULL);
    EXPECT_EQ(file.truncate(kSector + 1), SQLITE_FULL);
    EXPECT_EQ(file.whole(), kOld);
    EXPECT_EQ(file.write(0, kNew), SQLITE_OK);
    EXPECT_EQ(disk.counts().full, 2u);
    EXPECT_EQ(other.truncate(0), SQLITE_OK);
    EXPECT_EQ(disk.free_bytes(), 2 * kSector);
    EXPECT_EQ(remove_file(disk, "a"), SQLITE_OK);
    EXPECT_EQ(disk.free_bytes(), 2 * kSector);  // It is open still.
    EXPECT_EQ(file.whole(), kNew);
    disk.set_capacity(1);
    EXPECT_EQ(disk.free_bytes(), 0u);
}

TEST(Disk, HasTheSpaceOfADeletedFileAgain) {
    Disk disk("raw", 1);
    disk.set_capacity(kSector);
    EXPECT_EQ(RawFile(disk, "a").write(0, kOld), SQLITE_OK);
    EXPECT_EQ(disk.free_bytes(), 0u);
    EXPECT_EQ(remove_file(disk, "a"), SQLITE_OK);
    EXPECT_EQ(disk.free_bytes(), kSector);
}

// ---- Databases ---------------------------------------------------------------------------------

using Database = SQLite::Database;

std::unique_ptr<Database> connect(const Disk& disk, int flags = SQLite::OPEN_READWRITE) {
    return std::make_unique<Database>(std::string("/data"), flags | SQLite::OPEN_NOMUTEX, 0,
                                      disk.name());
}

std::unique_ptr<Database> open(const Disk& disk, const std::string& synchronous = "FULL") {
    auto database = connect(disk, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = " + synchronous);
    database->exec("PRAGMA wal_autocheckpoint = 12");
    database->exec("CREATE TABLE IF NOT EXISTS t(n INTEGER, half INTEGER, filler TEXT)");
    return database;
}

/// Two rows, of some pages, in one transaction.
void insert(Database& database, int n) {
    const std::string values =
        std::to_string(n) + ", half, hex(randomblob(1500 + 200 * (" + std::to_string(n) + " % 9)))";
    database.exec("INSERT INTO t WITH halves(half) AS (VALUES (0), (1)) SELECT " + values +
                  " FROM halves");
}

int number(Database& database, const std::string& query) {
    return database.execAndGet(query).getInt();
}

int rows(Database& database) { return number(database, "SELECT count(*) FROM t"); }

std::string integrity(Database& database) {
    return database.execAndGet("PRAGMA integrity_check").getString();
}

/// The code of what `body` throws; SQLITE_OK: nothing.
template <typename Body>
int code_of(const Body& body) {
    try {
        body();
    } catch (const SQLite::Exception& exception) {
        return exception.getExtendedErrorCode();
    }
    return SQLITE_OK;
}

/// Commits up to `count` rows, until the disk goes down; how many it was told are committed.
int commit_until_down(const Disk& disk, int count, const std::string& synchronous = "FULL") {
    int committed = 0;
    code_of([&] {
        const auto database = open(disk, synchronous);
        for (int n = 1; n <= count; ++n) {
            insert(*database, n);
            committed = n;
        }
    });
    return committed;
}

/// Of `committed` transactions all are there, whole, and perhaps the one after them.
void expect_committed(const Disk& disk, int committed) {
    const auto database = open(disk);
    ASSERT_EQ(integrity(*database), "ok");
    const int found = number(*database, "SELECT count(DISTINCT n) FROM t");
    EXPECT_THAT(found, AnyOf(committed, committed + 1));
    EXPECT_EQ(rows(*database), 2 * found);
    EXPECT_EQ(number(*database, "SELECT coalesce(max(n), 0) FROM t"), found);
}

constexpr int kCommits = 20;

TEST(Disk, KeepsCommittedRowsThroughAPowerCutAtAnyOperation) {
    Disk::Counts counts;
    bool is_clean = false;
    for (std::uint64_t n = 0; !is_clean; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        Disk disk("cut", n);
        disk.go_down_after(n);
        const int committed = commit_until_down(disk, kCommits);
        is_clean = !disk.is_down();
        disk.go_down();
        disk.come_up(Crash::Power);
        // And another one while it recovers, or soon after.
        disk.go_down_after(n % 11);
        code_of([&] { open(disk)->exec("PRAGMA wal_checkpoint(TRUNCATE)"); });
        disk.go_down();
        disk.come_up(Crash::Power);
        ASSERT_NO_FATAL_FAILURE(expect_committed(disk, committed));
        ASSERT_FALSE(HasFailure());
        counts.lost_sectors += disk.counts().lost_sectors;
        counts.torn_writes += disk.counts().torn_writes;
        ASSERT_TRUE(!is_clean || (committed == kCommits && n > 100)) << "it did next to nothing";
    }
    EXPECT_GT(counts.lost_sectors, 1'000u);
    EXPECT_GT(counts.torn_writes, 100u);
}

TEST(Disk, KeepsCommittedRowsThroughTheEndOfAProcessAtAnyOperation) {
    for (const std::string synchronous : {"OFF", "FULL"}) {
        bool is_clean = false;
        for (std::uint64_t n = 0; !is_clean; ++n) {
            SCOPED_TRACE(synchronous + ", operation " + std::to_string(n));
            Disk disk("killed", n);
            disk.go_down_after(n);
            const int committed = commit_until_down(disk, 12, synchronous);
            is_clean = !disk.is_down();
            disk.go_down();
            disk.come_up(Crash::Process);
            ASSERT_NO_FATAL_FAILURE(expect_committed(disk, committed));
            ASSERT_FALSE(HasFailure());
            EXPECT_EQ(disk.counts().lost_sectors, 0u);
        }
    }
}

/// By power cuts after ten commits, with many seeds.
struct Losses {
    int commits_max = 0;
    bool is_broken = false;  ///< Some database was.
};

Losses losses(const std::string& synchronous) {
    Losses losses;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Disk disk("losing", seed);
        {
            const auto database = open(disk, synchronous);
            for (int n = 1; n <= 10; ++n) {
                insert(*database, n);
            }
            disk.go_down();
        }
        disk.come_up(Crash::Power);
        const int code = code_of([&] {
            const auto database = open(disk);
            if (integrity(*database) == "ok") {
                losses.commits_max = std::max(losses.commits_max, 10 - rows(*database) / 2);
            } else {
                losses.is_broken = true;
            }
        });
        losses.is_broken = losses.is_broken || code != SQLITE_OK;
    }
    return losses;
}

TEST(Disk, LosesCommittedRowsThatWereNotSynced) {
    const Losses full = losses("FULL");
    EXPECT_EQ(full.commits_max, 0);
    EXPECT_FALSE(full.is_broken);
    const Losses normal = losses("NORMAL");
    EXPECT_GT(normal.commits_max, 0);
    EXPECT_FALSE(normal.is_broken);
    const Losses off = losses("OFF");
    EXPECT_GT(off.commits_max, normal.commits_max);
    EXPECT_TRUE(off.is_broken);
}

TEST(Disk, GoesOnWhenThereIsRoomAgain) {
    Disk disk("full", 1);
    auto database = open(disk);
    insert(*database, 1);
    disk.set_capacity(200'000);
    int committed = 1;
    int code = SQLITE_OK;
    while (code == SQLITE_OK && committed < 1'000) {
        code = code_of([&] { insert(*database, committed + 1); });
        committed += code == SQLITE_OK ? 1 : 0;
    }
    EXPECT_EQ(code, SQLITE_FULL);
    EXPECT_GT(disk.counts().full, 0u);
    EXPECT_EQ(rows(*database), 2 * committed);
    disk.set_capacity(400'000);
    EXPECT_GT(disk.free_bytes(), 200'000u - 1);
    insert(*database, ++committed);
    EXPECT_EQ(rows(*database), 2 * committed);
    database.reset();
    expect_committed(disk, committed);
}

// Those before it are not in doubt.
TEST(Disk, LeavesACommitInDoubtWhoseSyncFailed) {
    std::set<int> found;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        Disk disk("sync", seed);
        {
            const auto database = open(disk);
            insert(*database, 1);
            disk.fail_next_sync();
            EXPECT_EQ(code_of([&] { insert(*database, 2); }), SQLITE_IOERR_FSYNC);
            EXPECT_EQ(disk.counts().failed_syncs, 1u);
            disk.go_down();
        }
        disk.come_up(Crash::Power);
        ASSERT_NO_FATAL_FAILURE(expect_committed(disk, 1));
        found.insert(rows(*open(disk)));
    }
    EXPECT_THAT(found, ElementsAre(2, 4));
}

/// What a run leaves: files, operations, losses, and the bytes of SQLite's own randomness.
using Picture = std::tuple<std::optional<std::string>, std::optional<std::string>, std::uint64_t,
                           std::uint64_t, std::string>;

/// `others`: so many random numbers another database draws before the second process.
Picture run(std::uint64_t seed, int others) {
    Disk disk("again", seed);
    disk.go_down_after(90);
    commit_until_down(disk, 100);
    EXPECT_TRUE(disk.is_down());
    Database(std::string(":memory:"))
        .execAndGet("SELECT randomblob(" + std::to_string(others) + ")");
    disk.come_up(Crash::Power);
    std::string random;
    {
        const auto database = open(disk);
        random = database->execAndGet("SELECT hex(randomblob(8)) || datetime('now')").getString();
        insert(*database, 1'000);
        disk.go_down();
    }
    disk.come_up(Crash::Process);
    return {file_text(disk, "/data"), file_text(disk, "/data-wal"), disk.operations(),
            disk.counts().lost_sectors, random};
}

TEST(Disk, DoesTheSameWithTheSameSeed) {
    const Picture first = run(7, 1);
    EXPECT_TRUE(std::get<0>(first).has_value());
    EXPECT_TRUE(std::get<1>(first).has_value());
    {
        const Disk between("between", 3);
        insert(*open(between), 1);
    }
    EXPECT_TRUE(run(7, 2) == first);
    EXPECT_NE(std::get<4>(run(8, 1)), std::get<4>(first));
}

// ---- Several connections -----------------------------------------------------------------------

TEST(Disk, GivesEachReaderItsSnapshot) {
    Disk disk("readers", 1);
    const auto writer = open(disk);
    writer->exec("PRAGMA wal_autocheckpoint = 0");
    std::vector<std::unique_ptr<Database>> readers;
    for (int n = 1; n <= 8; ++n) {
        insert(*writer, n);
        readers.push_back(connect(disk, SQLite::OPEN_READONLY));
        readers.back()->exec("BEGIN");
        EXPECT_EQ(rows(*readers.back()), 2 * n);
    }
    insert(*writer, 9);
    // A checkpoint goes no further than what the oldest reader sees, and the log isn't emptied.
    int frames = 0, moved = 0;
    const auto checkpoint = [&](int mode) {
        return sqlite3_wal_checkpoint_v2(writer->getHandle(), nullptr, mode, &frames, &moved);
    };
    EXPECT_EQ(checkpoint(SQLITE_CHECKPOINT_PASSIVE), SQLITE_OK);
    EXPECT_GT(frames, moved);
    EXPECT_EQ(checkpoint(SQLITE_CHECKPOINT_TRUNCATE), SQLITE_BUSY);
    for (int n = 1; n <= 8; ++n) {
        Database& reader = *readers.at(static_cast<std::size_t>(n - 1));
        EXPECT_EQ(rows(reader), 2 * n);
        reader.exec("COMMIT");
        EXPECT_EQ(rows(reader), 18);
    }
    EXPECT_EQ(checkpoint(SQLITE_CHECKPOINT_TRUNCATE), SQLITE_OK);
    EXPECT_EQ(file_text(disk, "/data-wal"), "");
    insert(*writer, 10);
    EXPECT_EQ(rows(*readers.front()), 20);
    EXPECT_EQ(integrity(*readers.back()), "ok");
}

TEST(Disk, HasOneWriterAtATime) {
    Disk disk("writers", 1);
    const auto first = open(disk);
    const auto second = open(disk);
    first->exec("BEGIN IMMEDIATE");
    EXPECT_EQ(code_of([&] { second->exec("BEGIN IMMEDIATE"); }) & 0xff, SQLITE_BUSY);
    insert(*first, 1);
    EXPECT_EQ(rows(*second), 0);
    first->exec("COMMIT");
    insert(*second, 2);
    EXPECT_EQ(rows(*first), 4);
    // One that read before another wrote can't write any more.
    first->exec("BEGIN");
    EXPECT_EQ(rows(*first), 4);
    insert(*second, 3);
    EXPECT_EQ(code_of([&] { insert(*first, 4); }), SQLITE_BUSY_SNAPSHOT);
}

TEST(Disk, LocksTheFileWithoutALogToo) {
    Disk disk("locks", 1);
    const auto first = open(disk);
    EXPECT_EQ(first->execAndGet("PRAGMA journal_mode = DELETE").getString(), "delete");
    const auto second = connect(disk);
    first->exec("BEGIN IMMEDIATE");
    insert(*first, 1);
    EXPECT_EQ(code_of([&] { second->exec("BEGIN IMMEDIATE"); }) & 0xff, SQLITE_BUSY);
    second->exec("BEGIN");
    EXPECT_EQ(rows(*second), 0);
    EXPECT_EQ(code_of([&] { first->exec("COMMIT"); }) & 0xff, SQLITE_BUSY);
    // The first waits: nobody else comes in.
    const auto third = connect(disk);
    EXPECT_EQ(code_of([&] { rows(*third); }) & 0xff, SQLITE_BUSY);
    second->exec("COMMIT");
    first->exec("COMMIT");
    EXPECT_EQ(rows(*second), 2);
    first->exec("BEGIN EXCLUSIVE");
    EXPECT_EQ(code_of([&] { rows(*second); }) & 0xff, SQLITE_BUSY);
    first->exec("ROLLBACK");
    EXPECT_EQ(rows(*second), 2);
}

// The same with the rollback journal, whose deletion is the commit.
TEST(Disk, RollsBackByAJournalThatCameBack) {
    std::set<int> found;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Disk disk("journal", seed);
        {
            const auto database = open(disk);
            database->exec("PRAGMA journal_mode = DELETE");
            insert(*database, 1);
            insert(*database, 2);
            disk.go_down();
        }
        disk.come_up(Crash::Power);
        const auto database = connect(disk);
        ASSERT_EQ(integrity(*database), "ok");
        found.insert(rows(*database));
    }
    EXPECT_THAT(found, ElementsAre(2, 4));
}

// ---- The store ---------------------------------------------------------------------------------

using namespace store::sample;

/// Sagas 1 to `count`, each in a batch of its own, until the disk goes down; the last one that was
/// acknowledged.
std::int64_t write_sagas(const store::SqliteOptions& options, std::int64_t count,
                         const std::function<void()>& before_one_more = nullptr) {
    auto opened = store::open_sqlite_store(options);
    if (!opened) {
        return 0;
    }
    store::Writer& writer = (*opened)->writer();
    store::Batch first;
    first.definitions.emplace_back(definition("order"));
    const auto defined = writer.write(first);
    if (!defined) {
        return 0;
    }
    const auto key = std::get<store::DefinitionWritten>(defined->definitions.at(0)).key;
    for (std::int64_t saga = 1; saga <= count; ++saga) {
        store::Batch batch;
        add_finished(batch, with_request_key(start(saga, key), "key-" + std::to_string(saga)));
        if (!writer.write(batch)) {
            return saga - 1;
        }
        if (!writer.maintain(at(saga))) {
            return saga;
        }
    }
    if (before_one_more) {
        before_one_more();
        store::Batch batch;
        add_finished(batch, start(count + 1, key));
        EXPECT_FALSE(writer.write(batch));
    }
    return count;
}

constexpr std::int64_t kSagas = 12;

TEST(Disk, HoldsAStoreThatKeepsWhatItAcknowledged) {
    const TemporaryFolder folder;
    bool is_clean = false;
    for (std::uint64_t n = 0; !is_clean; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        Disk disk("store", n);
        store::SqliteOptions options = options_in(folder);
        options.vfs = disk.name();
        options.wal_bytes_max = 128 << 10;  // So that checkpoints are hit too.
        options.free_bytes = [&disk] { return disk.free_bytes(); };
        disk.go_down_after(n);
        const std::int64_t last = write_sagas(options, kSagas);
        is_clean = !disk.is_down();
        disk.go_down();
        disk.come_up(Crash::Power);
        disk.go_down_after(n % 13);
        store::open_sqlite_store(options).has_value();
        disk.go_down();
        disk.come_up(Crash::Power);

        const auto store = open_or_fail(options);
        ASSERT_TRUE(store);
        for (std::int64_t saga = 1; saga <= last; ++saga) {
            ASSERT_THAT(*store->reader().journal(store::SagaKey{saga}, 0, 10), SizeIs(4)) << saga;
        }
        EXPECT_THAT(static_cast<std::int64_t>(store->recovery().last_keys()->saga),
                    AnyOf(last, last + 1));
        const auto examined = store->examine(store::Depth::Whole);
        ASSERT_TRUE(examined) << examined.error().message;
        ASSERT_THAT(examined->faults, IsEmpty());
        EXPECT_EQ(examined->orphans, 0u);
        ASSERT_TRUE(!is_clean || (last == kSagas && n > 200)) << "it did next to nothing";
    }
}

/// The saga whose commit failed is there as a whole or not at all; and once a process has seen it,
/// it stays, whatever the process did when the power failed.
TEST(Disk, HoldsAStoreThatActsOnNothingThatASyncDropped) {
    const TemporaryFolder folder;
    constexpr std::int64_t kAcknowledged = 5;
    bool is_clean = false;
    for (std::uint64_t n = 0; !is_clean; ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        Disk disk("store", n);
        store::SqliteOptions options = options_in(folder);
        options.vfs = disk.name();
        options.free_bytes = [&disk] { return disk.free_bytes(); };
        ASSERT_EQ(write_sagas(options, kAcknowledged, [&disk] { disk.fail_next_sync(); }),
                  kAcknowledged);
        ASSERT_EQ(disk.counts().failed_syncs, 1u);
        disk.go_down();
        disk.come_up(Crash::Process);  // The system still has what it could not write.
        disk.go_down_after(n);
        std::optional<std::int64_t> seen;
        if (const auto store = store::open_sqlite_store(options)) {
            const auto last = (*store)->recovery().last_keys();
            if (last) seen = static_cast<std::int64_t>(last->saga);
            is_clean = !disk.is_down();
            disk.go_down();
        }
        if (!disk.is_down()) disk.go_down();
        disk.come_up(Crash::Power);

        const auto store = open_or_fail(options);
        ASSERT_TRUE(store);
        const auto last = static_cast<std::int64_t>(store->recovery().last_keys()->saga);
        EXPECT_THAT(last, AnyOf(kAcknowledged, kAcknowledged + 1));
        EXPECT_EQ(last, seen.value_or(last));
        for (std::int64_t saga = 1; saga <= last; ++saga) {
            ASSERT_THAT(*store->reader().journal(store::SagaKey{saga}, 0, 10), SizeIs(4)) << saga;
        }
        const auto examined = store->examine(store::Depth::Whole);
        ASSERT_TRUE(examined) << examined.error().message;
        ASSERT_THAT(examined->faults, IsEmpty());
        EXPECT_EQ(examined->orphans, 0u);
        ASSERT_TRUE(!is_clean || n > 10) << "it did next to nothing";
    }
}

TEST(Disk, HasAStoreDoTheSameWithTheSameSeed) {
    const TemporaryFolder folder;
    store::SqliteOptions options = options_in(folder);
    const auto run_store = [&options](std::uint64_t seed) {
        Disk disk("store", seed);
        options.vfs = disk.name();
        disk.go_down_after(400);
        const std::int64_t last = write_sagas(options, 100);
        EXPECT_TRUE(disk.is_down());
        EXPECT_GT(last, 5);
        disk.come_up(Crash::Power);
        const std::optional<std::string> log = file_text(disk, options.path + "-wal");
        EXPECT_TRUE(log && !log->empty());
        return std::tuple(last, disk.operations(), file_text(disk, options.path), log);
    };
    const auto first = run_store(5);
    EXPECT_TRUE(run_store(5) == first);
    EXPECT_FALSE(run_store(6) == first);
}

TEST(Disk, HoldsTenThousandCommits) {
    Disk disk("many", 1);
    {
        const auto database = open(disk);
        database->exec("PRAGMA wal_autocheckpoint = 1000");
        SQLite::Statement statement(*database, "INSERT INTO t VALUES (?, 0, 'some text')");
        for (int n = 1; n <= 10'000; ++n) {
            statement.bind(1, n);
            statement.exec();
            statement.reset();
        }
        disk.go_down();
    }
    disk.come_up(Crash::Power);
    const auto database = open(disk);
    EXPECT_EQ(rows(*database), 10'000);
    EXPECT_EQ(integrity(*database), "ok");
}

}  // namespace
}  // namespace skald::simulation
