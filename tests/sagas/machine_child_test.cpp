#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sagas/played.h"

/// Children at their limits, beside the transcripts.
namespace skald::sagas {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using How = ChildEnd::How;

std::string child_step(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "action": {"saga": {"definition": "child", "input": "$input.card?"}})" + more +
           "}";
}

constexpr char kPlain[] =
    R"({"name": "last", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/x"}},
        "compensation": "none"})";

Played begun_child(const std::string& steps, const std::string& more = "") {
    Played saga(define(R"({"name": "s", "steps": [)" + steps + "]" + more + "}"),
                Json{{"card", "4711"}});
    saga.begin();
    return saga;
}

TEST(Children, AreAnsweredByTheirEndsAndCallsByReplies) {
    Played saga = begun_child(child_step("a", "") + "," + kPlain);
    EXPECT_FALSE(saga.tell(Answered{saga.index("a"), Phase::Action, 1, reply(200)}).record);
    saga.end_child("a", How::Completed);
    const ChildEnd end{How::Completed, nullptr, ""};
    EXPECT_FALSE(saga.tell(Answered{saga.index("last"), Phase::Action, 1, end}).record);
    saga.answer("last", 409);
    EXPECT_FALSE(saga.tell(Answered{saga.index("a"), Phase::Compensation, 1, reply(200)}).record);
    EXPECT_EQ(saga.state("a"), "compensating 1");
}

// The child of the second try is turned under the number of that try, whatever number its undoing
// has.
TEST(Children, AreTurnedByTheNumberOfTheTryThatMadeThem) {
    Played saga = begun_child(child_step("a", R"(, "in_doubt": "park")") + "," + kPlain);
    saga.end_child("a", How::Abandoned);
    saga.tell(Retry{std::nullopt, somebody()});
    saga.end_child("a", How::Completed);
    saga.answer("last", 409);
    ASSERT_THAT(saga.owed(), ElementsAre("turn back child of a compensation 2"));
    const StepIndex a = saga.index("a");
    EXPECT_FALSE(saga.tell(Unsendable{a, Phase::Compensation, 1, "gone"}).record);
    EXPECT_TRUE(saga.tell(Unsendable{a, Phase::Compensation, 2, "gone"}).record);
    EXPECT_EQ(saga.state("a"), "stuck:compensation_expression_error 1");
    saga.tell(Retry{std::nullopt, somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("turn back child of a compensation 2"));
    saga.end_child("a", How::Compensated);
    EXPECT_EQ(saga.saga().step(a).compensation_attempts, 2u);
    EXPECT_EQ(saga.status(), "compensated");
}

// "The same key": another child would do again what the first one did.
TEST(Children, ThatCompletedAreAskedAgainWhereOnlyTheirOutputCouldNotBeMade) {
    Played saga = begun_child(child_step("a", R"(, "pivot": true, "output": "$response.body.id")"));
    saga.end_child("a", How::Completed, Json::object());
    ASSERT_EQ(saga.state("a"), "stuck:output_error 1");
    saga.tell(Retry{std::nullopt, somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("run child of a action 1"));
    saga.end_child("a", How::Completed, Json::object());
    EXPECT_EQ(saga.state("a"), "stuck:output_error 1");
    saga.tell(Resolve{saga.index("a"), ResolveAs::Skipped, nullptr, somebody()});
    EXPECT_EQ(saga.status(), "completed");
}

TEST(Children, ThatFailAfterThePivotAreMadeAnewByARetry) {
    Played saga =
        begun_child(R"({"name": "p", "pivot": true, "action": {"wait": {"for": "1s"}}},)" +
                    child_step("a", ""));
    saga.due("p");
    saga.end_child("a", How::Compensated);
    ASSERT_EQ(saga.state("a"), "stuck:refused 1");
    saga.tell(Retry{std::nullopt, somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("run child of a action 2"));
    saga.end_child("a", How::Completed);
    EXPECT_EQ(saga.status(), "completed");
}

// That the second child did nothing says nothing of the first: "failed" would be a lie.
TEST(Children, KeepTheDoubtOfTheOneBefore) {
    const std::string undo =
        R"(, "in_doubt": "park", "compensation": {"http": {"method": "POST",
                                                 "url": "http://127.0.0.1:9/undo"}})";
    Played saga = begun_child(child_step("a", undo));
    saga.end_child("a", How::Abandoned);
    saga.tell(Retry{std::nullopt, somebody()});
    saga.end_child("a", How::Compensated);
    EXPECT_EQ(saga.state("a"), "stuck:in_doubt 2 in doubt");
    saga.tell(Cancel{somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("call a compensation 1"));
}

TEST(Children, AreNotMadeDoubtfulByARestart) {
    Played saga = begun_child(child_step("a", "") + "," + kPlain);
    saga.restart();
    EXPECT_EQ(saga.state("a"), "calling 1");
    saga.tell(Cancel{somebody()});
    saga.restart();
    EXPECT_EQ(saga.state("a"), "settling 1");
    saga.not_send("a");
    EXPECT_EQ(saga.state("a"), "cancelled");
}

TEST(Children, OfSuspendedParentsAreStoppedAndTheirEndsTaken) {
    Played saga = begun_child(child_step("a", "") + "," + kPlain);
    saga.tell(Suspend{somebody()});
    EXPECT_THAT(saga.owed(), IsEmpty());
    saga.end_child("a", How::Completed, 5);
    EXPECT_EQ(saga.state("a"), "succeeded");
    EXPECT_EQ(saga.state("last"), "pending");
    saga.tell(Cancel{somebody()});
    EXPECT_EQ(saga.state("a"), "succeeded") << "nothing is undone before it is resumed";
    saga.tell(Resume{somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("turn back child of a compensation 1"));
}

// It completed with its last answer, while it was suspended; its parent's turn does not resume it.
TEST(Children, ThatAreSuspendedUndoThemselvesWhenResumed) {
    Played saga(define(R"({"name": "s", "steps": [{"name": "a", "action": {"http": {
        "method": "POST", "url": "http://127.0.0.1:9/x"}}, "compensation": {"http": {
        "method": "POST", "url": "http://127.0.0.1:9/undo"}}}]})"));
    Begin begin;
    begin.parent = Parent{"p1", StepIndex{0}, Phase::Action, 1};
    saga.tell(begin);
    saga.tell(Suspend{somebody()});
    saga.answer("a", 200);
    ASSERT_EQ(saga.status(), "completed");
    saga.tell(ParentTurned{});
    EXPECT_EQ(saga.status(), "compensating");
    EXPECT_THAT(saga.owed(), IsEmpty());
    saga.tell(Resume{somebody()});
    EXPECT_THAT(saga.owed(), ElementsAre("call a compensation 1"));
}

TEST(Children, ThatTurnWithNothingToUndoEndAtOnce) {
    Played saga(define(R"({"name": "s", "steps": [)" + std::string(kPlain) + "]}"));
    Begin begin;
    begin.parent = Parent{"p1", StepIndex{0}, Phase::Action, 1};
    saga.tell(begin);
    saga.answer("last", 200);
    saga.tell(ParentTurned{});
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_EQ(saga.saga().turned->reason, "parent");
}

TEST(Children, HideTheirErrorsWhereTheyMayBeSensitive) {
    for (const bool is_sensitive : {true, false}) {
        Played saga = begun_child(child_step("a", ""),
                                  is_sensitive ? R"(, "sensitive": ["/input/card"])" : "");
        saga.tell(Answered{saga.index("a"), Phase::Action, 1,
                           ChildEnd{How::Compensated, nullptr, "card 4711 is expired"}});
        EXPECT_EQ(saga.saga().turned->reason,
                  is_sensitive ? "the child saga was undone: ***"
                               : "the child saga was undone: card 4711 is expired");
    }
}

}  // namespace
}  // namespace skald::sagas
