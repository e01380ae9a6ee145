#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "tests/simulation/scratch_folder.h"
#include "tests/simulation/seeds.h"

namespace skald::simulation {
namespace {

/// For each of the parts, so that parts can be played side by side.
constexpr std::uint64_t kSeeds = 1'000;

class Simulation : public ::testing::Test {
 protected:
    void SetUp() override { spdlog::set_level(spdlog::level::off); }
    void TearDown() override { spdlog::set_level(spdlog::level::info); }
};

class SimulatedSeeds : public Simulation, public ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(SimulatedSeeds, KeepEveryRuleAndReachEveryPath) {
    const Tally tally = play_seeds(
        GetParam(), kSeeds, [] { return true; }, [](const Tally&) {});
    EXPECT_EQ(tally.seeds, kSeeds);
    EXPECT_EQ(tally.broken, 0u);
    for (const std::string& story : tally.stories) ADD_FAILURE() << story;
    for (const std::string_view name : sometimes()) {
        EXPECT_GT(tally.counters.of(name), 0u) << "no seed reached: " << name;
    }
}
INSTANTIATE_TEST_SUITE_P(From, SimulatedSeeds, ::testing::Values(1, 1 + kSeeds));

std::uint64_t digest_of(std::uint64_t seed) {
    const ScratchFolder folder;
    return digest(simulate(seed, folder.path()).history);
}

TEST_F(Simulation, TheSameSeedGivesTheSameBytes) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        EXPECT_EQ(digest_of(seed), digest_of(seed)) << "seed " << seed;
    }
}

TEST_F(Simulation, OtherSeedsGiveOtherBytes) { EXPECT_NE(digest_of(1), digest_of(2)); }

}  // namespace
}  // namespace skald::simulation
