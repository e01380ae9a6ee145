#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sagas/event_match.h"
#include "tests/sagas/described.h"
#include "tests/sagas/played.h"

/// Steps by event at their limits, beside the transcripts.
namespace skald::sagas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Answered by "done" or "refused" on the same topic.
std::string asked(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "action": {"event": {"topic": "t", "type": "do", "data": "$input.card?",
                 "reply": {"topic": "t", "success": {"type": "done"},
                           "failure": {"type": "refused"}}}})" +
           more + "}";
}

std::string told(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name + R"(", "action": {"event": {"topic": "t", "type": "said"}})" +
           more + "}";
}

std::string called(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/x"}})" + more +
           "}";
}

constexpr char kNothing[] = R"(, "compensation": "none")";
constexpr char kTold[] = R"(, "compensation": {"event": {"topic": "t", "type": "unsaid"}})";
constexpr char kAsked[] =
    R"(, "compensation": {"event": {"topic": "t", "type": "undo",
         "reply": {"topic": "t", "success": {"type": "undone"}, "failure": {"type": "stands"}}},
         "retry": {"jitter": 0}})";

Played begun(const std::string& steps, const std::string& more = "", Json items = Json::array()) {
    Played saga(define(R"({"name": "s", "steps": [)" + steps + "]" + more + "}"),
                Json{{"card", "4711"}, {"items", std::move(items)}});
    saga.begin();
    return saga;
}

std::vector<std::string> published(const Played& saga, const Played::Told& told) {
    std::vector<std::string> texts;
    for (const Publication& each : told.publications) {
        texts.push_back(describe(saga.definition(), each));
    }
    return texts;
}

Json numbers(int count) {
    Json items = Json::array();
    for (int i = 0; i < count; ++i) items.push_back(i);
    return items;
}

// ---- Who may answer -----------------------------------------------------------------------------

TEST(Events, AreAnsweredByEventsOnly) {
    Played saga = begun(asked("a", kNothing) + "," + called("b", kNothing));
    const StepIndex a = saga.index("a");
    for (const Phase phase : {Phase::Action, Phase::Compensation}) {
        EXPECT_FALSE(saga.tell(Answered{a, phase, 1, reply(200)}).record);
        EXPECT_FALSE(saga.tell(Answered{a, phase, 1, Lost{"no reply"}}).record);
        EXPECT_FALSE(saga.tell(Unsendable{a, phase, 1, "no x"}).record);
        EXPECT_FALSE(saga.tell(CalledBack{a, phase, Outcome::Success, nullptr, ""}).record);
    }
    saga.hear("a", "done");
    const EventRef ref{"t", 9};
    EXPECT_FALSE(
        saga.tell(CalledBack{saga.index("b"), Phase::Action, Outcome::Success, nullptr, "", ref})
            .record)
        << "a call is no event";
}

TEST(Events, SayHowItEndedAndNothingElse) {
    Played saga = begun(asked("a", kNothing));
    for (const Outcome outcome : {Outcome::Retry, Outcome::Unknown}) {
        const CalledBack odd{saga.index("a"), Phase::Action, outcome, nullptr, "",
                             EventRef{"t", 9}};
        EXPECT_FALSE(saga.tell(odd).record);
    }
}

TEST(Events, ToStepsThatHaveNotBegunAreForeign) {
    Played saga = begun(called("a", kNothing) + "," + asked("b", kAsked));
    EXPECT_FALSE(saga.hear("b", "done").record);
    EXPECT_FALSE(saga.hear_undo("b", "undone").record);
    saga.answer("a", 200);
    EXPECT_FALSE(saga.hear_undo("b", "undone").record);
    EXPECT_TRUE(saga.hear("b", "done").record);
}

// The store may tell a hit once more after a restart.
TEST(Events, CountOnceThoughTheyAreToldTwice) {
    Played saga = begun(told("p", R"(, "pivot": true)") + "," + asked("a", ""));
    const CalledBack refused{saga.index("a"), Phase::Action, Outcome::Failure,
                             nullptr,         "no",          EventRef{"t", 5}};
    saga.tell(refused);
    ASSERT_EQ(saga.state("a"), "stuck:refused 1");
    saga.restart();
    saga.tell(Retry{std::nullopt, somebody()});
    ASSERT_EQ(saga.state("a"), "awaiting_callback 2 (budget from 2)");
    EXPECT_FALSE(saga.tell(refused).record) << "it answered the first try";
    EXPECT_TRUE(saga.hear("a", "done").record);
    EXPECT_EQ(saga.status(), "completed");
    EXPECT_FALSE(saga.tell(refused).record);
}

TEST(Events, ThatNobodyWaitsForAnyMoreAreNotedEachOnce) {
    Played saga = begun(asked("a", kNothing));
    saga.hear("a", "done");
    ASSERT_EQ(saga.status(), "completed");
    for (std::int64_t offset = 100; offset < 300; ++offset) {
        const CalledBack late{saga.index("a"),      Phase::Action, Outcome::Failure, nullptr, "",
                              EventRef{"t", offset}};
        EXPECT_TRUE(saga.tell(late).record);
        EXPECT_FALSE(saga.tell(late).record);
    }
    EXPECT_THAT(saga.saga().heard, SizeIs(kHeardMax)) << "a flood costs no memory";
}

TEST(Events, HideWhatTheySayWhereItMayBeSensitive) {
    for (const bool is_sensitive : {true, false}) {
        Played saga =
            begun(asked("a", kNothing), is_sensitive ? R"(, "sensitive": ["/input/card"])" : "");
        saga.hear("a", "refused", {{"error", "card 4711 is expired"}});
        EXPECT_EQ(saga.saga().turned->reason,
                  is_sensitive ? "told by event: ***" : "told by event: card 4711 is expired");
    }
}

TEST(Events, HaveOutputErrorsToo) {
    Played saga = begun(asked("a", std::string(R"(, "output": "$response.body.id")") + kAsked));
    const auto told = saga.hear("a", "done", {{"x", 1}});
    EXPECT_THAT(saga.saga().turned->reason, HasSubstr("output: $response.body.id"));
    EXPECT_THAT(published(saga, told), ElementsAre("a compensation 1 on t: undo"))
        << "it took effect";
}

// ---- Tries --------------------------------------------------------------------------------------

TEST(Events, AreAskedForAgainWithTheSameKey) {
    Played saga = begun(
        asked("a", R"(, "retry": {"maximum_attempts": 2, "jitter": 0})" + std::string(kNothing)));
    saga.due("a");
    EXPECT_EQ(saga.saga().step(saga.index("a")).failing_since, kStart + std::chrono::seconds{30});
    const auto again = saga.due("a");
    ASSERT_THAT(again.publications, SizeIs(1));
    EXPECT_EQ(again.publications[0].event.json().at("sagakey"), "s1/a/action");
    EXPECT_EQ(again.publications[0].event.json().at("id"), "s1/a/action/2");
    saga.due("a");
    EXPECT_EQ(saga.state("a"), "in_doubt");
    EXPECT_EQ(saga.saga().turned->reason, "no reply event came in time");
}

TEST(Events, ThatAreRefusedDidNothingThoughAnEarlierTryWasLost) {
    Played saga = begun(asked("a", kAsked));
    saga.due("a");
    saga.due("a");
    ASSERT_EQ(saga.state("a"), "awaiting_callback 2 in doubt");
    EXPECT_THAT(saga.hear("a", "refused").publications, IsEmpty());
    EXPECT_EQ(saga.state("a"), "failed");
    EXPECT_EQ(saga.status(), "compensated");
}

// Each try is in the log, so its number must be in the journal.
TEST(Events, JournalEachTryHoweverLongTheyFail) {
    Played saga = begun(told("p", R"(, "pivot": true)") + "," +
                        asked("a", R"(, "retry": {"jitter": 0, "maximum_interval": "1s"})"));
    for (std::uint32_t attempt = 1; attempt <= 2 * kQuietAfter; ++attempt) {
        EXPECT_TRUE(saga.due("a").record) << attempt;
        EXPECT_THAT(saga.due("a").publications, SizeIs(1)) << attempt;
        saga.restart();
    }
    EXPECT_EQ(saga.state("a"), "awaiting_callback 33 in doubt");
}

TEST(Events, AreNotDoubtfulAfterARestart) {
    Played saga = begun(asked("a", kAsked) + "," + called("b", kNothing));
    saga.restart();
    EXPECT_EQ(saga.state("a"), "awaiting_callback 1");
    EXPECT_THAT(saga.owed(), ElementsAre("wake a action 1 in 30s"));
}

TEST(Events, OfACompensationAreAskedForAgain) {
    Played saga = begun(asked("a", kAsked) + "," + called("b", kNothing));
    saga.hear("a", "done");
    EXPECT_THAT(published(saga, saga.answer("b", 409)), ElementsAre("a compensation 1 on t: undo"));
    saga.due("a");
    EXPECT_EQ(saga.state("a"), "compensation_backing_off 2");
    saga.hear_undo("a", "undone");
    EXPECT_EQ(saga.status(), "compensated");
}

// ---- Several at once ----------------------------------------------------------------------------

TEST(Events, ThatAreReadyTogetherArePublishedUntilOneCanNotBeMade) {
    const std::string broken =
        R"({"name": "b", "after": [], "compensation": "none",
            "action": {"event": {"topic": "t", "type": "x", "data": "$input.missing"}}})";
    Played saga(define(R"({"name": "s", "steps": [)" + told("a", kTold) + "," + broken + "," +
                       told("c", std::string(R"(, "after": [])") + kTold) + "]}"),
                Json::object());
    const auto begun = saga.begin();
    EXPECT_THAT(published(saga, begun),
                ElementsAre("a action 1 on t: said", "a compensation 1 on t: unsaid"));
    EXPECT_EQ(saga.state("c"), "cancelled") << "it was not published yet";
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_THAT(saga.saga().turned->reason, HasSubstr("data: $input.missing"));
}

TEST(Events, OfElementsAreOutAsManyAtATimeAsThereMayBe) {
    const std::string each = R"(, "for_each": "$input.items", "max_parallel": 2)";
    Played saga = begun(asked("a", each + kAsked) + "," + called("b", kNothing), "", numbers(3));
    EXPECT_THAT(saga.owed(), ElementsAre("wake a/0 action 1 in 30s", "wake a/1 action 1 in 30s"));
    EXPECT_THAT(published(saga, saga.hear("a/1", "done", 11)),
                ElementsAre("a/2 action 1 on t: do"));
    saga.hear("a/0", "done", 10);
    saga.hear("a/2", "done", 12);
    EXPECT_EQ(*saga.saga().step(saga.index("a")).output, Json({10, 11, 12}));
    EXPECT_THAT(published(saga, saga.answer("b", 409)),
                ElementsAre("a/2 compensation 1 on t: undo", "a/1 compensation 1 on t: undo"));
    EXPECT_THAT(published(saga, saga.hear_undo("a/2", "undone")),
                ElementsAre("a/0 compensation 1 on t: undo"));
}

TEST(Events, OfElementsAreNotToldToTheStepItself) {
    const std::string each = R"(, "for_each": "$input.items")";
    Played saga = begun(asked("a", each + kNothing), "", numbers(2));
    EXPECT_FALSE(saga.hear("a", "done").record);
    EXPECT_FALSE(saga.hear("a/2", "done").record) << "there is no such element";
}

TEST(Events, WithoutRepliesAreAThousandInOneTransition) {
    const std::string each = R"(, "for_each": "$input.items", "max_parallel": 3)";
    Played saga(define(R"({"name": "s", "steps": [)" + told("a", each + kNothing) + "]}"),
                Json{{"items", numbers(1'000)}});
    const auto begun = saga.begin();
    EXPECT_THAT(begun.publications, SizeIs(1'000));
    EXPECT_EQ(saga.status(), "completed");
}

TEST(Events, OfAnElementThatCanNotBeMadeFailTheElement) {
    const std::string each =
        R"({"name": "a", "for_each": "$input.items", "optional": true, "compensation": "none",
            "action": {"event": {"topic": "t", "type": "x", "data": "$item.x"}}})";
    Played saga(define(R"({"name": "s", "steps": [)" + each + "]}"),
                Json{{"items", {1, {{"x", 2}}, 3}}});
    const auto begun = saga.begin();
    EXPECT_THAT(published(saga, begun), ElementsAre("a/1 action 1 on t: x"));
    EXPECT_EQ(saga.state("a/0"), "failed");
    EXPECT_EQ(saga.status(), "completed");
}

// Nobody has heard of the call, so there is nothing to settle, and nothing to undo.
TEST(Events, ThatCanNotBeMadeTakeBackCallsThatBeginBesideThem) {
    const std::string missing = R"({"name": "b", "after": [], "compensation": "none",
            "action": {"event": {"topic": "t", "type": "x", "data": "$input.missing"}}})";
    Played saga = begun(called("a", R"(, "compensation": {"http": {"method": "POST",
                                        "url": "http://127.0.0.1:9/undo"}})") +
                        "," + missing);
    EXPECT_EQ(saga.state("a"), "cancelled");
    EXPECT_EQ(saga.status(), "compensated");
}

// ---- Turning back, and being held back ----------------------------------------------------------

TEST(Events, ExpectNothingOnceTheSagaHasEnded) {
    // The reply to `a` is not awaited any more when `b` can't be made: there is nothing to undo.
    const std::string broken =
        R"({"name": "b", "after": [], "compensation": "none",
            "action": {"event": {"topic": "t", "type": "x", "data": "$input.missing"}}})";
    Played saga(define(R"({"name": "s", "steps": [)" + asked("a", kNothing) + "," + broken + "]}"),
                Json::object());
    const auto begun = saga.begin();
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_THAT(begun.publications, SizeIs(1));
    EXPECT_THAT(begun.expectations, IsEmpty());
    EXPECT_TRUE(saga.hear("a", "done").record) << "late";
}

TEST(Events, AreUndoneWhateverUndoesThem) {
    for (const char* undo :
         {R"(, "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/u"}})",
          R"(, "compensation": {"saga": {"definition": "undo"}})"}) {
        Played saga = begun(asked("a", undo));
        saga.tell(Cancel{somebody()});
        EXPECT_EQ(saga.state("a"), "compensating 1");
        EXPECT_THAT(saga.owed(), SizeIs(1));
    }
    Played saga = begun(R"({"name": "a", "action": {"saga": {"definition": "child"}})" +
                        std::string(kAsked) + "}," + called("b", kNothing));
    saga.end_child("a", ChildEnd::How::Completed);
    EXPECT_THAT(published(saga, saga.answer("b", 409)), ElementsAre("a compensation 1 on t: undo"));
    saga.hear_undo("a", "undone");
    EXPECT_EQ(saga.status(), "compensated");
}

TEST(Events, AreHeldBackWhileTheSagaIsSuspended) {
    Played saga = begun(called("a", kNothing) + "," + asked("b", kAsked));
    saga.tell(Suspend{somebody()});
    EXPECT_THAT(saga.answer("a", 200).publications, IsEmpty());
    EXPECT_EQ(saga.state("b"), "pending");
    EXPECT_THAT(published(saga, saga.tell(Resume{somebody()})), ElementsAre("b action 1 on t: do"));
    saga.tell(Suspend{somebody()});
    EXPECT_THAT(saga.tell(Cancel{somebody()}).publications, IsEmpty());
    EXPECT_THAT(published(saga, saga.tell(Resume{somebody()})),
                ElementsAre("b compensation 1 on t: undo"));
}

TEST(Events, OfAStuckStepArePublishedWhenTheSagaIsResumed) {
    Played saga = begun(told("p", R"(, "pivot": true)") + "," + asked("a", ""));
    saga.hear("a", "refused");
    saga.tell(Suspend{somebody()});
    EXPECT_THAT(saga.tell(Retry{std::nullopt, somebody()}).publications, IsEmpty());
    saga.tell(Resume{somebody()});
    EXPECT_THAT(published(saga, saga.due("a")), ElementsAre("a action 2 on t: do"));
}

TEST(Events, OfAChildThatIsTurnedBackAreUndone) {
    Played saga(define(R"({"name": "s", "steps": [)" + told("a", kTold) + "]}"), Json::object());
    Begin begin;
    begin.parent = Parent{"p1", StepIndex{0}, Phase::Action, 1};
    saga.tell(begin);
    ASSERT_EQ(saga.status(), "completed");
    EXPECT_THAT(published(saga, saga.tell(ParentTurned{})),
                ElementsAre("a compensation 1 on t: unsaid"));
    EXPECT_EQ(saga.status(), "compensated");
}

TEST(Events, OutputsThatTheyReadMustBeGivenByWhoResolves) {
    Played saga = begun(called("p", R"(, "pivot": true)") + "," + called("a", "") + "," +
                        R"({"name": "b", "action": {"event": {"topic": "t", "type": "x",
                            "subject": "{$steps.a.output.id}"}}})");
    saga.answer("p", 200);
    saga.answer("a", 409);
    const auto told =
        saga.tell(Resolve{saga.index("a"), ResolveAs::Succeeded, nullptr, somebody()});
    EXPECT_EQ(told.refusal->code, RefusalCode::OutputRequired);
}

// ---- Waits --------------------------------------------------------------------------------------

std::string waits(const std::string& name, const std::string& more) {
    return R"({"name": ")" + name +
           R"(", "action": {"wait": {"event": {"topic": "t", "success": {"type": "go"},
                 "failure": {"type": "stop"}, "timeout": "1h"}}})" +
           more + "}";
}

TEST(WaitsForEvents, KeepTheDataAsTheirOutput) {
    Played saga = begun(waits("a", ""), R"(, "output": "$steps.a.output.by")");
    saga.hear("a", "go", {{"by", "ann"}});
    EXPECT_EQ(*saga.saga().end->output, "ann");
    EXPECT_EQ(saga.saga().step(saga.index("a")).started_at, kStart);
}

TEST(WaitsForEvents, ThatAreOptionalSettleWellWithoutOne) {
    Played saga = begun(waits("a", R"(, "optional": true)"));
    saga.due("a");
    EXPECT_EQ(saga.state("a"), "failed");
    EXPECT_EQ(saga.status(), "completed");
}

TEST(WaitsForEvents, FailWhereThereIsNothingToLookBy) {
    Played saga(define(R"({"name": "s", "steps": [{"name": "a", "action": {"wait": {"event":
        {"topic": "t", "success": {"type": "go"}, "timeout": "1h",
         "match": {"event": "$event.subject", "saga": "$input.items"}}}}}]})"),
                Json{{"items", Json::array()}});
    saga.begin();
    EXPECT_EQ(saga.status(), "compensated");
    EXPECT_EQ(saga.saga().turned->reason, "match: not a text, number or boolean, but array");
}

TEST(WaitsForEvents, ThatTurnBackWereNeverInDoubt) {
    Played saga = begun(waits("a", ""), R"(, "deadline": "1m")");
    saga.advance(std::chrono::minutes{1});
    saga.tell(DeadlinePassed{});
    EXPECT_EQ(saga.state("a"), "cancelled");
    EXPECT_EQ(saga.status(), "compensated");
}

TEST(WaitsForEvents, OfAnAbandonedSagaAreCancelled) {
    Played saga =
        begun(called("p", R"(, "pivot": true)") + "," + waits("a", R"(, "after": ["p"])") + "," +
              called("b", R"(, "after": ["p"])"));
    saga.answer("p", 200);
    saga.answer("b", 409);
    saga.tell(Abandon{somebody()});
    EXPECT_EQ(saga.state("a"), "cancelled");
    EXPECT_THAT(saga.state("b"), Not("cancelled"));
}

TEST(WaitsForEvents, ThatTookEffectAndHaveNoOutputAreAskedForAnotherEvent) {
    Played saga = begun(waits("a", R"(, "pivot": true, "output": "$response.body.id")"));
    saga.hear("a", "go", Json::object());
    ASSERT_EQ(saga.state("a"), "stuck:output_error 1");
    EXPECT_EQ(saga.tell(Cancel{somebody()}).refusal->code, RefusalCode::PastPivot);
    saga.tell(Retry{std::nullopt, somebody()});
    EXPECT_EQ(saga.state("a"), "awaiting_callback 1");
    saga.hear("a", "go", {{"id", 1}});
    EXPECT_EQ(saga.status(), "completed");
}

}  // namespace
}  // namespace skald::sagas
