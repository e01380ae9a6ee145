#include "tests/torture/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace skald::torture {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Of a run in which all is well.
Result good_result() {
    Result result;
    result.seed = 42;
    result.clients = 64;
    result.kills_wanted = 3;
    result.seconds = 10;
    result.blows.kills = 3;
    result.blows.ready_ms = {40, 90, 50};
    result.acknowledged = 1234;
    result.listed = 1234;
    result.totals.settled = 1234;
    result.totals.ends = {1000, 230, 4};
    result.totals.stories.fill(10);
    result.totals.absorbed = 5;
    result.totals.interrupted = 7;
    result.totals.effects_done = 3600;
    result.totals.effects_undone = 590;
    result.totals.effects_wanted = 3010;
    result.sights.fill(1);
    result.integrity = "ok";
    result.doctor_code = 0;
    result.exit_code = 0;
    return result;
}

TEST(Report, PassesWhenAllIsWell) {
    const Result result = good_result();
    EXPECT_THAT(missing(result), IsEmpty());
    EXPECT_TRUE(passed(result));
    const std::string table = table_of(result);
    EXPECT_THAT(table, ContainsRegex("sagas ended and checked +1,234  123 a second"));
    EXPECT_THAT(table,
                ContainsRegex("ready after a kill, p50 +50.0 ms  max 90.0 ms, from the kill on"));
    EXPECT_THAT(table, ContainsRegex("effects left +3,010  the ends of the sagas say 3,010"));
    EXPECT_THAT(table, ContainsRegex("LOST +0\n +WRONG +0\n"));
    EXPECT_THAT(table, HasSubstr("in front of an operator: true\n"));
}

TEST(Report, FailsByAnyFault) {
    const std::vector<std::function<void(Result&)>> faults = {
        [](Result& result) { result.lost = 1; },
        [](Result& result) { result.wrong = 1; },
        [](Result& result) { result.failure = "skald ended by itself"; },
        [](Result& result) { ++result.acknowledged; },
        [](Result& result) { --result.listed; },
        [](Result& result) { ++result.totals.effects_done; },
    };
    for (const auto& fault : faults) {
        Result result = good_result();
        fault(result);
        EXPECT_FALSE(holds(result));
        EXPECT_FALSE(passed(result));
        EXPECT_THAT(table_of(result), HasSubstr("in front of an operator: FALSE\n"));
    }
}

TEST(Report, FailsByAnUnsoundDatabaseOrEnd) {
    const std::vector<std::function<void(Result&)>> faults = {
        [](Result& result) { result.integrity = "row 1 missing from index"; },
        [](Result& result) { result.doctor_code = 1; },
        [](Result& result) { result.exit_code.reset(); },
        [](Result& result) { result.exit_code = 70; },
    };
    for (const auto& fault : faults) {
        Result result = good_result();
        fault(result);
        EXPECT_FALSE(passed(result));
    }
}

TEST(Report, TellsWhatWasTooRare) {
    Result result = good_result();
    result.totals.ends[0] = 99;
    result.blows.kills = 2;
    result.totals.absorbed = 0;
    result.totals.interrupted = 0;
    result.totals.stories[static_cast<std::size_t>(Story::Silent)] = 0;
    result.sights[static_cast<std::size_t>(Sight::Abandoned)] = 0;
    result.sights[static_cast<std::size_t>(Sight::CancelTooLate)] = 0;
    EXPECT_THAT(missing(result),
                ElementsAre("fewer than 100 sagas were completed", "only 2 of 3 kills",
                            "no saga went on after a kill", "no duplicate was absorbed",
                            "no saga of the story silent", "never: abandoned by an operator"));
    EXPECT_TRUE(holds(result));
    EXPECT_FALSE(passed(result));
}

TEST(Report, DoesNotAskForTheListOfSagasThatWereDeletedByAge) {
    Result result = good_result();
    result.listed = 10;
    result.is_retained = true;
    EXPECT_TRUE(passed(result));
}

TEST(Report, HasTheSameAsJson) {
    const auto json = nlohmann::json::parse(json_of(good_result()));
    EXPECT_EQ(json["ended"], 1234);
    EXPECT_EQ(json["ends"]["abandoned"], 4);
    EXPECT_EQ(json["effects_left"], 3010);
    EXPECT_EQ(json["lost"], 0);
    EXPECT_EQ(json["passed"], true);
    EXPECT_EQ(json["stories"]["silent"], 10);
}

}  // namespace
}  // namespace skald::torture
