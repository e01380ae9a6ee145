#include "engine/offset_ranges.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>

namespace skald::engine {
namespace {

using store::Offset;

std::string text_of(const OffsetRanges& ranges) { return ranges.text_behind(Offset{0}); }

TEST(OffsetRanges, JoinWhatMeets) {
    OffsetRanges ranges;
    EXPECT_EQ(text_of(ranges), "");
    ranges.add(Offset{12});
    ranges.add(Offset{17});
    EXPECT_EQ(text_of(ranges), "12,17");
    ranges.add(Offset{14}, Offset{15});
    EXPECT_EQ(text_of(ranges), "12,14-15,17");
    ranges.add(Offset{13});
    EXPECT_EQ(text_of(ranges), "12-15,17");
    ranges.add(Offset{13}, Offset{14});  // There already.
    EXPECT_EQ(text_of(ranges), "12-15,17");
    ranges.add(Offset{1}, Offset{30});
    EXPECT_EQ(text_of(ranges), "1-30");
    ranges.add(Offset{40}, Offset{39});  // None.
    EXPECT_EQ(text_of(ranges), "1-30");
}

TEST(OffsetRanges, AreCutWhereOneIsRemoved) {
    OffsetRanges ranges;
    ranges.add(Offset{1}, Offset{5});
    ranges.remove(Offset{3});
    EXPECT_EQ(text_of(ranges), "1-2,4-5");
    ranges.remove(Offset{1});
    ranges.remove(Offset{5});
    ranges.remove(Offset{3});  // Not there.
    EXPECT_EQ(text_of(ranges), "2,4");
    ranges.remove(Offset{2});
    ranges.remove(Offset{4});
    EXPECT_EQ(text_of(ranges), "");
}

TEST(OffsetRanges, TellHowFarTheyGoWithoutAGap) {
    OffsetRanges ranges;
    ranges.add(Offset{3}, Offset{5});
    EXPECT_EQ(ranges.end_of_run(Offset{0}), Offset{0});
    EXPECT_EQ(ranges.end_of_run(Offset{2}), Offset{5});
    EXPECT_EQ(ranges.end_of_run(Offset{4}), Offset{5});
    EXPECT_EQ(ranges.end_of_run(Offset{5}), Offset{5});
    EXPECT_EQ(ranges.text_behind(Offset{3}), "");
}

TEST(OffsetRanges, BeginWithAllUpToOne) {
    EXPECT_EQ(text_of(OffsetRanges::begun_at(Offset{7})), "1-7");
    EXPECT_EQ(text_of(OffsetRanges::begun_at(Offset{0})), "");
}

TEST(OffsetRanges, ReadTheirOwnTextOnly) {
    for (const std::string text : {"", "7", "1-2", "12-15,17", "1,3,5-9223372036854775806"}) {
        const auto read = OffsetRanges::parse(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(text_of(*read), text);
    }
    for (const std::string text : {",",
                                   "1,",
                                   ",1",
                                   "0",
                                   "-1",
                                   "1-",
                                   "-",
                                   "5-3",
                                   "5-5",
                                   "1,2",
                                   "3,1",
                                   "1-4,4",
                                   "01",
                                   "+1",
                                   " 1",
                                   "1 ",
                                   "1;3",
                                   "1-2-3",
                                   "x",
                                   "9223372036854775807",
                                   "9223372036854775808",
                                   "1,,3"}) {
        const auto read = OffsetRanges::parse(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, sagas::ErrorCode::Corruption);
    }
}

TEST(OffsetRanges, HoldWhatAPlainSetHolds) {
    std::mt19937 random(20261122);
    const auto below = [&random](std::uint32_t bound) {
        return static_cast<std::int64_t>(random() % bound);
    };
    OffsetRanges ranges;
    std::set<std::int64_t> plain;
    for (int round = 0; round < 3'000; ++round) {
        const std::int64_t first = 1 + below(60);
        if (below(2) == 0) {
            const std::int64_t last = first + below(6) - 1;
            ranges.add(Offset{first}, Offset{last});
            for (std::int64_t offset = first; offset <= last; ++offset) plain.insert(offset);
        } else {
            ranges.remove(Offset{first});
            plain.erase(first);
        }
        std::int64_t run = first;
        while (plain.count(run + 1) > 0) ++run;
        ASSERT_EQ(ranges.end_of_run(Offset{first}), Offset{run});
        const std::int64_t end = first + below(20) - 2;
        std::uint64_t missing = 0;
        for (std::int64_t offset = first; offset <= end; ++offset) {
            missing += plain.count(offset) == 0;
        }
        ASSERT_EQ(ranges.count_missing(Offset{first}, Offset{end}), missing);
        for (std::int64_t offset = 1; offset <= 70; ++offset) {
            ASSERT_EQ(ranges.contains(Offset{offset}), plain.count(offset) > 0) << offset;
        }
        const auto again = OffsetRanges::parse(text_of(ranges));
        ASSERT_TRUE(again);
        ASSERT_EQ(text_of(*again), text_of(ranges));
    }
}

}  // namespace
}  // namespace skald::engine
