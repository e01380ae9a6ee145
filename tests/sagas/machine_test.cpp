#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sagas/played.h"

/// What transcripts show badly: limits, hostile answers, and faults that were once there.
namespace skald::sagas {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string step(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/x"}})" + more +
           "}";
}

constexpr char kUndo[] =
    R"(, "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/undo"}})";

Played play(const std::string& steps, const std::string& more = "") {
    Played saga(define(R"({"name": "s", "steps": [)" + steps + "]" + more + "}"));
    saga.begin();
    return saga;
}

// A header may hold any bytes; a JSON string may not. One such reply once ended the process, at
// every restart again.
TEST(Machine, TakesAHeaderThatIsNoTextForAbsent) {
    Played saga = play(step("a", R"(, "compensation": "none",
                                     "output": {"at": "$response.headers.location?"})"),
                       R"(, "output": {"text": "at {$steps.a.output}"})");
    Reply answer = reply(200);
    answer.headers.push_back({"location", "/caf\xe9"});
    saga.tell(Answered{saga.index("a"), Phase::Action, 1, answer});
    EXPECT_EQ(saga.status(), "completed");
    EXPECT_EQ(*saga.saga().end->output, Json({{"text", R"(at {"at":null})"}}));
}

// The pivot succeeded, only its output could not be made: no later answer may turn the saga.
TEST(Machine, NeverTurnsWhenThePivotTookEffectWhateverARetryBrings) {
    const std::string pivot = R"(, "pivot": true, "output": {"id": "$response.body.id"},
        "retry": {"maximum_attempts": 1},
        "outcome": [{"when": "$response.status == 409", "is": "failure"}])";
    for (const std::string undo : {"", kUndo}) {
        for (const int status : {409, 402, 500, 429}) {
            Played saga = play(step("a", kUndo) + "," + step("b", pivot + undo));
            saga.answer("a", 200);
            saga.answer("b", 200, Json::object());
            ASSERT_EQ(saga.state("b"), "stuck:output_error 1");
            saga.tell(Retry{std::nullopt, somebody()});
            EXPECT_EQ(saga.tell(Cancel{somebody()}).refusal->code, RefusalCode::PastPivot);
            saga.answer("b", status);
            EXPECT_EQ(saga.state("b"), "stuck:output_error 2") << status;
            EXPECT_EQ(saga.state("a"), "succeeded");
            EXPECT_EQ(saga.tell(Cancel{somebody()}).refusal->code, RefusalCode::PastPivot);
        }
    }
}

TEST(Machine, OwesAPassedDeadlineAgainWhenAParkedPivotIsTriedAgain) {
    Played saga = play(
        step("a", kUndo) + "," + step("b", R"(, "pivot": true, "retry": {"maximum_attempts": 1})"),
        R"(, "deadline": "1m")");
    saga.answer("a", 200);
    saga.lose("b");
    saga.advance(std::chrono::minutes{2});
    EXPECT_FALSE(saga.tell(DeadlinePassed{}).record);
    EXPECT_THAT(saga.owed(), IsEmpty());
    saga.tell(Retry{std::nullopt, somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("call b action 2", "wake for the deadline now"));
    saga.tell(DeadlinePassed{});
    saga.answer("b", 200);
    EXPECT_EQ(saga.status(), "completed");
}

TEST(Machine, RefusesToCancelAParkedPivotThoughACancelWaitsForIt) {
    Played saga = play(step("a", kUndo) + "," + step("b", R"(, "pivot": true)"));
    saga.answer("a", 200);
    saga.tell(Cancel{somebody()});
    saga.lose("b");
    ASSERT_EQ(saga.status(), "stuck");
    EXPECT_EQ(saga.tell(Cancel{somebody()}).refusal->code, RefusalCode::PivotInDoubt);
}

TEST(Machine, NeedsAnOutputWhereOnlyAnOutcomeRuleRefersToIt) {
    Played saga =
        play(step("p", R"(, "pivot": true, "after": [])") + "," + step("b", R"(, "after": ["p"])") +
             "," + step("c", R"(, "after": ["b"], "outcome":
                            [{"when": "$response.body == $steps.b.output", "is": "success"}])"));
    saga.answer("p", 200);
    saga.answer("b", 409);
    const auto told =
        saga.tell(Resolve{saga.index("b"), ResolveAs::Succeeded, nullptr, somebody()});
    EXPECT_EQ(told.refusal->code, RefusalCode::OutputRequired);
}

TEST(Machine, BoundsTheInputAndOutputsOfOneSagaTogether) {
    std::string steps;
    for (int i = 0; i < 6; ++i) {
        steps += (i == 0 ? "" : ",") + step("s" + std::to_string(i), R"(, "compensation": "none")");
    }
    Played saga = play(steps);
    const Json large(std::string(1'000'000, 'x'));
    for (int i = 0; i < 4; ++i) saga.answer("s" + std::to_string(i), 200, large);
    EXPECT_EQ(saga.status(), "running");
    saga.answer("s4", 200, large);
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_THAT(saga.saga().turned->reason, HasSubstr("grow over 4 MiB"));
}

// After 16 tries without limit a try is journaled only when its error changes or an hour has
// passed.
TEST(Machine, JournalsLongFailuresNowAndThen) {
    Played saga = play(step("a", kUndo) + "," + step("b", kUndo));
    saga.answer("a", 200);
    saga.answer("b", 409);
    ASSERT_EQ(saga.state("a"), "compensating 1");
    for (int i = 0; i < 16; ++i) {
        EXPECT_TRUE(saga.answer_undo("a", 503).record);
        saga.due("a");
    }
    const std::size_t rows = saga.journal().size();
    const std::string state = saga.state("a");
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(saga.answer_undo("a", 503, {{"trace", i}}).record) << "bodies always differ";
        EXPECT_EQ(saga.owed().size(), 1u);
        EXPECT_FALSE(saga.due("a").record);
        EXPECT_EQ(saga.state("a"), state);
    }
    EXPECT_EQ(saga.journal().size(), rows);
    saga.restart();
    EXPECT_EQ(saga.owed().size(), 1u);
    saga.due("a");
    EXPECT_TRUE(saga.answer_undo("a", 500).record);  // Another error.
    saga.due("a");
    saga.advance(kQuietFor);
    EXPECT_TRUE(saga.answer_undo("a", 500).record);  // An hour later.
    saga.due("a");
    saga.answer_undo("a", 200);
    EXPECT_EQ(saga.status(), "compensated");
}

TEST(Machine, WaitsAsLongAsRetryAfterSays) {
    Played saga = play(step("a", kUndo));
    Reply later = reply(429);
    later.retry_after = std::chrono::minutes{10};
    saga.tell(Answered{saga.index("a"), Phase::Action, 1, later});
    EXPECT_THAT(saga.owed(), Contains("wake a action 2 in 10m"));
}

}  // namespace
}  // namespace skald::sagas
