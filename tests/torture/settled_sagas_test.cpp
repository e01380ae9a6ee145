#include "tests/torture/settled_sagas.h"

#include <gtest/gtest.h>

#include <string>

namespace skald::torture {
namespace {

TEST(SettledSagas, KnowEachOfManyAndHowItEnded) {
    constexpr std::size_t kSagas = 20'000;
    SettledSagas settled;
    for (std::size_t i = 0; i < kSagas; ++i) {
        EXPECT_TRUE(settled.insert(std::to_string(i), static_cast<End>(i % kEnds)));
    }
    EXPECT_EQ(settled.size(), kSagas);
    for (std::size_t i = 0; i < kSagas; ++i) {
        EXPECT_EQ(settled.find(std::to_string(i)), static_cast<End>(i % kEnds));
    }
    EXPECT_EQ(settled.find(std::to_string(kSagas)), std::nullopt);
    EXPECT_FALSE(settled.insert("7", End::Completed));
    EXPECT_EQ(settled.find("7"), static_cast<End>(7 % kEnds));
}

TEST(SettledSagas, AreTickedOffOnce) {
    SettledSagas settled;
    settled.insert("a", End::Abandoned);
    EXPECT_FALSE(settled.tick_off("b"));
    EXPECT_FALSE(settled.is_ticked_off("a"));
    EXPECT_TRUE(settled.tick_off("a"));
    EXPECT_FALSE(settled.tick_off("a"));
    EXPECT_TRUE(settled.is_ticked_off("a"));
    EXPECT_EQ(settled.ticked_off(), 1u);
    EXPECT_EQ(settled.find("a"), End::Abandoned);
}

}  // namespace
}  // namespace skald::torture
