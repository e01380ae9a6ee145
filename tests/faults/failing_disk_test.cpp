#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

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
        for (const Act act : {Act::Orders, Act::Waits}) {
            const fs::path trace = stage_.file("trace");
            const fs::path database = stage_.prepare(Database::Made);
            EXPECT_EQ(stage_.play_and_keep(database, {{watch_calls(trace)}, {}, {}, act}), 0u);
            for (const char* call : {"fdatasync", "pwrite64"}) {
                calls_[act][call] =
                    count_calls(trace, {call, database.string() + "-wal"}, Thread::Busiest);
            }
        }
    }

    /// Plays both acts on a log whose calls fail so, by numbers out of those that there are.
    void fail(Tally& tally, const std::string& call, const std::string& error,
              const std::string& more, std::size_t share) {
        for (auto& [act, calls] : calls_) fail(tally, act, call, error, calls[call], more, share);
    }

    void fail(Tally& tally, Act act, const std::string& call, const std::string& error,
              std::uint64_t calls, const std::string& more, std::size_t share) {
        const std::size_t runs = std::clamp<std::size_t>(kills_ / share / calls_.size(), 1,
                                                         static_cast<std::size_t>(calls));
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
                           {},
                           act}));
        }
    }

    const std::size_t kills_ = kills_wanted();
    const std::uint64_t seed_ = seed_wanted();
    std::mt19937_64 random_{seed_};
    Stage stage_{seed_};
    std::map<Act, std::map<std::string, std::uint64_t>> calls_;
};

// What was in the commit may be there or not: nobody was told, and the same keys give one saga.
TEST_F(FailingDisk, EndsWhenASyncFailsAndLosesNothing) {
    Tally tally("fdatasync fails once");
    fail(tally, "fdatasync", "EIO", "", 6);
    EXPECT_GT(tally.kills(), 0u) << "a sync that fails must end the process";
}

TEST_F(FailingDisk, EndsWhenAllSyncsFailFromThenOn) {
    Tally tally("fdatasync fails for good");
    fail(tally, "fdatasync", "EIO", "+", 12);
    EXPECT_GT(tally.kills(), 0u);
}

TEST_F(FailingDisk, EndsWhenAWriteFails) {
    Tally tally("pwrite64 fails: EIO");
    fail(tally, "pwrite64", "EIO", "", 12);
    EXPECT_GT(tally.kills(), 0u);
}

// The batch is tried again until there is room, and starts are refused meanwhile.
TEST_F(FailingDisk, GoesOnByItselfWhenThereWasNoRoomForAWhile) {
    Tally tally("pwrite64 fails: ENOSPC, for a while");
    fail(tally, "pwrite64", "ENOSPC", "..", 12);
    EXPECT_EQ(tally.kills(), 0u) << "a full disk must not end the process";
}

}  // namespace
}  // namespace skald::faults
