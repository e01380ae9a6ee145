#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sagas/played.h"

/// `for_each` and `wait` at their limits, beside the transcripts.
namespace skald::sagas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string each(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "for_each": "$input.items", "action": {"http": {"method": "POST",
                                                        "url": "http://127.0.0.1:9/x"}})" +
           more + "}";
}

constexpr char kUndoEach[] =
    R"(, "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/undo"}})";

Played begun_with(const std::string& steps, Json items) {
    Played saga(define(R"({"name": "s", "steps": [)" + steps + "]}"),
                Json{{"items", std::move(items)}});
    saga.begin();
    return saga;
}

Json numbers(int count) {
    Json items = Json::array();
    for (int i = 0; i < count; ++i) items.push_back(i);
    return items;
}

TEST(Elements, AreAThousandAtMost) {
    EXPECT_EQ(begun_with(each("a", kUndoEach), numbers(1'000)).owed().size(), 10u);
    const Played saga = begun_with(each("a", kUndoEach), numbers(1'001));
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_EQ(saga.saga().turned->reason, "for_each: 1001 items; at most 1000 are allowed");
}

TEST(Elements, CountForTheSizeOfTheSaga) {
    const Json large(std::string(900'000, 'x'));
    // The input holds them once, each step once more.
    std::string steps;
    for (const char* name : {"a", "b", "c", "d"}) {
        steps +=
            (steps.empty() ? "" : ",") + each(name, R"(, "after": [], "compensation": "none")");
    }
    const Played saga = begun_with(steps, Json::array({large}));
    EXPECT_EQ(saga.state("d"), "failed");
    EXPECT_THAT(saga.saga().turned->reason, HasSubstr("grow over 4 MiB"));
    EXPECT_EQ(saga.state("a"), "cancelled") << "its elements were never started";
    EXPECT_THAT(saga.owed(), IsEmpty());
    EXPECT_EQ(saga.status(), "compensated");
}

// Were it only the tries that count, a call could be undone before one that came before it.
TEST(Elements, AreUndoneWhenThoseAfterThemHaveSettled) {
    Played saga =
        begun_with(each("a", std::string(R"(, "max_parallel": 3)") + kUndoEach), numbers(4));
    saga.answer("a/0", 200);
    saga.answer("a/1", 200);
    saga.answer("a/3", 409);
    EXPECT_EQ(saga.state("a/2"), "settling 1");
    EXPECT_EQ(saga.state("a/1"), "succeeded");
    EXPECT_THAT(saga.owed(), ElementsAre("settle a/2 action 1"));
    saga.answer("a/2", 200);
    EXPECT_THAT(saga.owed(), ElementsAre("call a/0 compensation 1", "call a/1 compensation 1",
                                         "call a/2 compensation 1"));
}

TEST(Elements, ThatSettleCountForTheLimit) {
    Played saga =
        begun_with(each("a", std::string(R"(, "max_parallel": 2)") + kUndoEach), numbers(5));
    for (const char* done : {"a/1", "a/2", "a/3"}) saga.answer(done, 200);
    ASSERT_EQ(saga.state("a/0"), "calling 1");
    saga.answer("a/4", 409);
    EXPECT_THAT(saga.owed(), ElementsAre("settle a/0 action 1", "call a/3 compensation 1"));
}

// A participant that refuses all gets no more at a time when an operator says "again".
TEST(Elements, ThatAreRetriedKeepToTheLimit) {
    Played saga = begun_with(each("a", std::string(R"(, "max_parallel": 1)") + kUndoEach) + "," +
                                 R"({"name": "b", "action": {"http": {"method": "POST",
                                     "url": "http://127.0.0.1:9/x"}}, "compensation": "none"})",
                             numbers(3));
    for (const char* element : {"a/0", "a/1", "a/2"}) saga.answer(element, 200, 1);
    saga.answer("b", 409);
    for (const char* element : {"a/2", "a/1", "a/0"}) saga.answer_undo(element, 409);
    ASSERT_EQ(saga.status(), "stuck");
    ASSERT_THAT(saga.owed(), IsEmpty());
    saga.tell(Retry{std::nullopt, somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("call a/2 compensation 2"));
    saga.answer_undo("a/2", 200);
    EXPECT_THAT(saga.owed(), ElementsAre("call a/1 compensation 2"));
    saga.answer_undo("a/1", 503);
    saga.due("a/1");
    saga.answer_undo("a/1", 200);
    saga.answer_undo("a/0", 200);
    EXPECT_EQ(saga.status(), "compensated");
}

TEST(Elements, ThatAreRetriedWhileSuspendedWait) {
    Played saga = begun_with(each("a", kUndoEach) + "," +
                                 R"({"name": "b", "action": {"http": {"method": "POST",
                                     "url": "http://127.0.0.1:9/x"}}, "compensation": "none"})",
                             numbers(1));
    saga.answer("a/0", 200);
    saga.answer("b", 409);
    saga.answer_undo("a/0", 409);
    saga.tell(Suspend{somebody()});
    saga.tell(Retry{saga.index("a/0"), somebody()});
    EXPECT_THAT(saga.owed(), IsEmpty());
    EXPECT_EQ(saga.status(), "compensating");
    saga.restart();
    saga.tell(Resume{somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("call a/0 compensation 2"));
}

// Where an operator left the effect of one, the step must not be said to be undone by calls.
TEST(Elements, ShowInTheirStepWhatPeopleSaid) {
    using Word = std::pair<ResolveAs, std::string>;
    for (const auto& [as, state] : {Word{ResolveAs::Skipped, "compensated (waived)"},
                                    Word{ResolveAs::Compensated, "compensated by operator"}}) {
        Played saga = begun_with(each("a", kUndoEach) + "," +
                                     R"({"name": "b", "action": {"http": {"method": "POST",
                                         "url": "http://127.0.0.1:9/x"}}, "compensation": "none"})",
                                 numbers(2));
        saga.answer("a/0", 200);
        saga.answer("a/1", 200);
        saga.answer("b", 409);
        saga.answer_undo("a/1", 409);
        saga.tell(Resolve{saga.index("a/1"), as, nullptr, somebody()});
        saga.answer_undo("a/0", 200);
        EXPECT_EQ(saga.state("a"), state);
        EXPECT_EQ(saga.status(), "compensated");
    }
}

TEST(Elements, GoOnWhenTheSagaIsResumed) {
    Played saga =
        begun_with(each("a", std::string(R"(, "max_parallel": 1)") + kUndoEach), numbers(2));
    saga.tell(Suspend{somebody()});
    saga.answer("a/0", 200, 5);
    EXPECT_EQ(saga.state("a/1"), "pending");
    saga.restart();
    EXPECT_THAT(saga.owed(), IsEmpty());
    saga.tell(Resume{somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("call a/1 action 1"));
    saga.answer("a/1", 200, 6);
    EXPECT_EQ(*saga.saga().step(saga.index("a")).output, Json::array({5, 6}));
}

TEST(Elements, ThatAreParkedHoldTheOthersBackUntilSomebodySays) {
    Played saga = begun_with(each("a", std::string(R"(, "max_parallel": 1, "in_doubt": "park",
                                  "retry": {"maximum_attempts": 1})") +
                                           kUndoEach),
                             numbers(2));
    saga.lose("a/0");
    EXPECT_EQ(saga.state("a/0"), "stuck:in_doubt 1 in doubt");
    EXPECT_THAT(saga.owed(), IsEmpty());
    saga.tell(Retry{saga.index("a"), somebody()});  // All of the step.
    EXPECT_THAT(saga.owed(), ElementsAre("call a/0 action 2"));
    saga.lose("a/0");
    saga.tell(Cancel{somebody()});
    EXPECT_EQ(saga.state("a/0"), "compensating 1");
    EXPECT_EQ(saga.state("a/1"), "cancelled");
}

TEST(Elements, WithNothingToUndoStandWhenTheSagaTurns) {
    Played saga =
        begun_with(each("a", R"(, "compensation": "none", "max_parallel": 2)"), numbers(3));
    saga.answer("a/0", 200, 1);
    saga.answer("a/1", 409);
    saga.answer("a/2", 200, 1);
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_EQ(saga.state("a/2"), "succeeded");
}

TEST(Waits, AreOverByTheirOwnDueTimeOnly) {
    Played saga = begun_with(R"({"name": "a", "action": {"wait": {"for": "10m"}}})", nullptr);
    saga.advance(std::chrono::minutes{9});
    EXPECT_FALSE(saga.tell(Due{saga.index("a"), Phase::Action, 1}).record);
    saga.advance(std::chrono::minutes{1});
    EXPECT_FALSE(saga.tell(Due{saga.index("a"), Phase::Action, 2}).record);
    EXPECT_FALSE(saga.tell(Due{saga.index("a"), Phase::Compensation, 1}).record);
    EXPECT_TRUE(saga.tell(Due{saga.index("a"), Phase::Action, 1}).record);
    EXPECT_EQ(saga.status(), "completed");
}

}  // namespace
}  // namespace skald::sagas
