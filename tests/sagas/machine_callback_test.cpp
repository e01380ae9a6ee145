#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sagas/played.h"

/// Callbacks that come early, late, twice, or to those who did not ask; beside the transcripts.
namespace skald::sagas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string called_back(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/x",
                                     "body": "$input.card?", "reply": "callback"}},
               "retry": {"jitter": 0}, "callback_timeout": "1h")" +
           more + "}";
}

constexpr char kUndone[] =
    R"(, "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/undo"}})";

Played begun(const std::string& steps, const std::string& more = "") {
    Played saga(define(R"({"name": "s", "steps": [)" + steps + "]" + more + "}"),
                Json{{"card", "4711"}});
    saga.begin();
    return saga;
}

// The due time before a try and the end of its callback's time are told by the same event.
TEST(Callbacks, AreNotGivenUpByTheDueTimeOfTheTryThatIsToldTwice) {
    Played saga = begun(called_back("a", kUndone));
    saga.answer("a", 503);
    const Due due = saga.due_event(saga.index("a"));
    saga.tell(due);
    saga.answer("a", 202);
    ASSERT_EQ(saga.state("a"), "awaiting_callback 2 in doubt");
    EXPECT_FALSE(saga.tell(due).record);
    EXPECT_THAT(saga.owed(), ElementsAre("wake a action 2 in 1h"));
    saga.advance(std::chrono::hours{1});
    EXPECT_TRUE(saga.tell(due).record);
    EXPECT_EQ(saga.state("a"), "compensating 1");
}

TEST(Callbacks, OfACompensationAreNotGivenUpByTheDueTimeOfTheTryThatIsToldTwice) {
    Played saga = begun(called_back("a",
                                    R"(, "compensation": {"http": {"method": "POST",
                                        "url": "http://127.0.0.1:9/undo", "reply": "callback"}})"));
    saga.answer("a", 200);
    ASSERT_EQ(saga.status(), "completed");
    saga = begun(called_back("a", R"(, "compensation": {"http": {"method": "POST",
                                        "url": "http://127.0.0.1:9/undo", "reply": "callback"}})"));
    saga.tell(Cancel{somebody()});
    saga.answer("a", 200);
    saga.answer_undo("a", 503);
    const Due due = saga.due_event(saga.index("a"));
    saga.tell(due);
    saga.answer_undo("a", 202);
    EXPECT_FALSE(saga.tell(due).record);
    EXPECT_EQ(saga.state("a"), "compensation_awaiting_callback 2");
}

// Else a participant that asks again and again would put off the next try for ever.
TEST(Callbacks, DoNotPutOffTheNextTry) {
    Played saga = begun(called_back("a", kUndone));
    saga.answer("a", 202);
    saga.call_back("a", Outcome::Retry);
    ASSERT_THAT(saga.owed(), ElementsAre("wake a action 2 in 200ms"));
    saga.advance(Milliseconds{150});
    for (const Outcome outcome : {Outcome::Retry, Outcome::Unknown, Outcome::Unknown}) {
        EXPECT_TRUE(saga.call_back("a", outcome).effects.empty());
    }
    EXPECT_THAT(saga.owed(), ElementsAre("wake a action 2 in 50ms"));
    EXPECT_EQ(saga.state("a"), "backing_off 2 in doubt");
}

TEST(Callbacks, ToWhomDidNotAskChangeNothing) {
    Played saga = begun(R"({"name": "a", "action": {"http": {"method": "POST",
                            "url": "http://127.0.0.1:9/x"}}, "compensation": "none"},)" +
                        called_back("b", kUndone));
    for (const Outcome outcome :
         {Outcome::Success, Outcome::Failure, Outcome::Retry, Outcome::Unknown}) {
        EXPECT_FALSE(saga.call_back("a", outcome).record);
        EXPECT_FALSE(saga.call_back_undo("a", outcome).record);
        EXPECT_FALSE(saga.call_back("b", outcome).record) << "not called yet";
        EXPECT_FALSE(saga.call_back("b/3", outcome).record) << "no such element";
    }
    saga.lose("a");
    EXPECT_FALSE(saga.call_back("a", Outcome::Success).record) << "not even late";
}

// A second "retry" may be the first one, said twice, when the second try is at work already: were
// it believed, what that does would never be undone.
TEST(Callbacks, LeaveDoubtWhenASecondTryIsSaidToHaveDoneNothing) {
    Played saga = begun(called_back("a", std::string(kUndone)));
    saga.answer("a", 202);
    saga.call_back("a", Outcome::Retry);
    EXPECT_EQ(saga.state("a"), "backing_off 2");
    saga.due("a");
    saga.answer("a", 202);
    saga.call_back("a", Outcome::Retry);
    EXPECT_EQ(saga.state("a"), "backing_off 3 in doubt");
    saga.due("a");
    saga.answer("a", 409);
    EXPECT_EQ(saga.state("a"), "compensating 1");
}

TEST(Callbacks, OfASettlingCallLetItSettleWhereTheyLeaveDoubt) {
    for (const Outcome outcome : {Outcome::Retry, Outcome::Unknown}) {
        Played saga = begun(called_back("a", kUndone));
        saga.answer("a", 202);
        saga.call_back("a", Outcome::Retry);
        saga.due("a");
        saga.tell(Cancel{somebody()});
        saga.call_back("a", outcome);
        EXPECT_EQ(saga.state("a"), "settling 2 in doubt") << "its call is out";
        EXPECT_FALSE(saga.call_back("a", outcome).record);
        saga.answer("a", 409);
        EXPECT_EQ(saga.state("a"), "compensating 1");
    }
}

TEST(Callbacks, TellSinceWhenItFails) {
    Played saga = begun(called_back("a", kUndone));
    saga.answer("a", 202);
    saga.advance(std::chrono::minutes{1});
    saga.call_back("a", Outcome::Retry);
    EXPECT_EQ(saga.saga().step(saga.index("a")).failing_since, kStart + std::chrono::minutes{1});
}

TEST(Callbacks, HaveOutputErrorsToo) {
    Played saga =
        begun(called_back("a", R"(, "output": "$response.body.id")" + std::string(kUndone)));
    saga.answer("a", 202);
    saga.call_back("a", Outcome::Success, Json{{"x", 1}});
    EXPECT_EQ(saga.state("a"), "compensating 1") << "it took effect";
    EXPECT_THAT(saga.saga().turned->reason, HasSubstr("output: $response.body.id"));
}

// What a participant says may repeat what it was told.
TEST(Callbacks, HideWhatTheySayWhereItMayBeSensitive) {
    for (const bool is_sensitive : {true, false}) {
        Played saga = begun(called_back("a", kUndone),
                            is_sensitive ? R"(, "sensitive": ["/input/card"])" : "");
        saga.answer("a", 202);
        saga.tell(CalledBack{saga.index("a"), Phase::Action, Outcome::Failure, nullptr,
                             "card 4711 is expired"});
        EXPECT_EQ(saga.saga().turned->reason,
                  is_sensitive ? "called back: ***" : "called back: card 4711 is expired");
        EXPECT_EQ(saga.saga().step(saga.index("a")).error, saga.saga().turned->reason);
    }
}

TEST(Callbacks, AreNotedOnceWhenLateAndHidden) {
    Played saga = begun(called_back("a", kUndone), R"(, "sensitive": ["/input/card"])");
    saga.answer("a", 202);
    saga.tell(Cancel{somebody()});
    const CalledBack late{saga.index("a"), Phase::Action, Outcome::Failure, nullptr, "4711"};
    const auto told = saga.tell(late);
    ASSERT_TRUE(told.record);
    EXPECT_THAT(std::get<LateCause>(told.record->cause).error, Not(HasSubstr("4711")));
    EXPECT_FALSE(saga.tell(late).record);
}

}  // namespace
}  // namespace skald::sagas
