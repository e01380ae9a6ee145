#include "tests/torture/keeper.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace skald::torture {
namespace {

using std::chrono::milliseconds;

std::size_t count(const std::vector<Blow>& blows, Blow::Kind kind) {
    return static_cast<std::size_t>(std::count_if(
        blows.begin(), blows.end(), [kind](const Blow& blow) { return blow.kind == kind; }));
}

TEST(PlanBlows, HasAsManyKillsAsAskedForAQuarterOfThemInRecoveries) {
    for (const std::size_t kills : {std::size_t{0}, std::size_t{3}, std::size_t{36}}) {
        const std::vector<Blow> blows = plan_blows(7, kills, milliseconds(60'000));
        EXPECT_EQ(count(blows, Blow::Kind::Kill) + count(blows, Blow::Kind::Chase), kills);
        EXPECT_EQ(count(blows, Blow::Kind::Chase), kills / 4);
        EXPECT_EQ(count(blows, Blow::Kind::Stop), kills / 4);
    }
}

TEST(PlanBlows, IsInOrderAndChasesFollowKills) {
    const milliseconds time(60'000);
    const std::vector<Blow> blows = plan_blows(11, 200, time);
    milliseconds last{0};
    for (std::size_t i = 0; i < blows.size(); ++i) {
        if (blows[i].kind == Blow::Kind::Chase) {
            ASSERT_GT(i, 0u);
            EXPECT_NE(blows[i - 1].kind, Blow::Kind::Stop);
            continue;
        }
        EXPECT_GE(blows[i].at, last);
        EXPECT_LE(blows[i].at, time);
        last = blows[i].at;
    }
}

}  // namespace
}  // namespace skald::torture
