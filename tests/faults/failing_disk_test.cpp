#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/faults/stage.h"
#include "tests/faults/strace.h"
#include "tests/faults/tally.h"

/// Syncs and writes that fail. A disk that is really full is in
/// tests/api/end_to_end_full_disk_test.cpp.
namespace skald::faults {
namespace {

namespace fs = std::filesystem;

constexpr int kUnknownState = 70;  ///< Skald's exit code then.

class FailingDisk : public ::testing::Test {
 protected:
    void SetUp() override {
        const fs::path trace = stage_.file("trace");
        const fs::path database = stage_.prepare(Database::Made);
        EXPECT_EQ(stage_.play_and_keep(database, {{watch_calls(trace)}, {}, {}}), 0u);
        syncs_ = count_calls(trace, {"fdatasync", database.string() + "-wal"}, Thread::Busiest);
        writes_ = count_calls(trace, {"pwrite64", database.string() + "-wal"}, Thread::Busiest);
    }

    /// Plays the scene on a log whose calls fail so, by numbers out of [1, calls].
    void fail(Tally& tally, const std::string& call, const std::string& error, std::uint64_t calls,
              const std::string& more, std::size_t share) {
        const std::size_t runs =
            std::clamp<std::size_t>(kills_ / share, 1, static_cast<std::size_t>(calls));
        const std::uint64_t from = random_() % calls;
        for (std::size_t i = 0; i < runs && !HasFailure(); ++i) {
            const std::uint64_t number = (from + i * calls / runs) % calls + 1;
            SCOPED_TRACE(call + ' ' + std::to_string(number) + more + " of the log: " + error +
                         ", SKALD_FAULTS_SEED=" + std::to_string(seed_));
            const fs::path database = stage_.prepare(Database::Made);
            std::string when = std::to_string(number);
            if (more == "..") when += ".." + std::to_string(number + 5);
            if (more == "+") when += "+";
            tally.count(stage_.play(
                database, {{inject({call, database.string() + "-wal"}, "error=" + error, when)},
                           kUnknownState,
                           {}}));
        }
    }

    const std::size_t kills_ = kills_wanted();
    const std::uint64_t seed_ = seed_wanted();
    std::mt19937_64 random_{seed_};
    Stage stage_{seed_};
    std::uint64_t syncs_ = 0;
    std::uint64_t writes_ = 0;
};

// What was in the commit may be there or not: nobody was told, and the same keys give one saga.
TEST_F(FailingDisk, EndsWhenASyncFailsAndLosesNothing) {
    Tally tally("fdatasync fails once");
    fail(tally, "fdatasync", "EIO", syncs_, "", 6);
    EXPECT_GT(tally.kills(), 0u) << "a sync that fails must end the process";
}

TEST_F(FailingDisk, EndsWhenAllSyncsFailFromThenOn) {
    Tally tally("fdatasync fails for good");
    fail(tally, "fdatasync", "EIO", syncs_, "+", 12);
    EXPECT_GT(tally.kills(), 0u);
}

TEST_F(FailingDisk, EndsWhenAWriteFails) {
    Tally tally("pwrite64 fails: EIO");
    fail(tally, "pwrite64", "EIO", writes_, "", 12);
    EXPECT_GT(tally.kills(), 0u);
}

// The batch is tried again until there is room, and starts are refused meanwhile.
TEST_F(FailingDisk, GoesOnByItselfWhenThereWasNoRoomForAWhile) {
    Tally tally("pwrite64 fails: ENOSPC, for a while");
    fail(tally, "pwrite64", "ENOSPC", writes_, "..", 12);
    EXPECT_EQ(tally.kills(), 0u) << "a full disk must not end the process";
}

}  // namespace
}  // namespace skald::faults
