#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/webhook_signature.h"
#include "tests/engine/subscriptions_fixture.h"

/// Subscriptions whose events are pushed.
namespace skald::engine {
namespace {

using How = SettleDeadLetters::How;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Pair;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class PushedTest : public SubscriptionsTest {
 protected:
    PushedTest() { rig_->secrets["HOOK"] = kSecret; }
};

TEST_F(PushedTest, PostsTheEventSigned) {
    subscribe("hook.a", push());
    publish({placed("1", "a")});
    ASSERT_THAT(rig_->caller.open, SizeIs(1));
    const auto& made = rig_->caller.open.front();
    EXPECT_EQ(made.request.method, "POST");
    EXPECT_EQ(made.request.target, "/hook");
    EXPECT_EQ(made.request.timeout, 10s);
    EXPECT_EQ(made.attempt, 1u);
    EXPECT_EQ(sagas::parse_json(made.request.body).value(), placed("1", "a"));
    EXPECT_THAT(made.request.headers,
                Contains(Pair("Content-Type", "application/cloudevents+json")));
    const auto signature =
        webhook_headers(*read_webhook_secret(kSecret), webhook_id("hook.a", store::Offset{1}),
                        rig_->clock.now(), made.request.body);
    EXPECT_THAT(signature, IsSubsetOf(made.request.headers));
}

TEST_F(PushedTest, SettlesWhatIsAnsweredWith2xx) {
    subscribe("hook", push());
    place({"1", "2"});
    EXPECT_THAT(pushed(), ElementsAre("1", "2"));
    answer_push(204);
    answer_push(200);
    EXPECT_EQ(cursor("hook"), 2);
    EXPECT_EQ(told(Telemetry::Delivery::Delivered), 2);
    crash();
    rig_->settle();
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(PushedTest, PushesAgainAfterARestartWhatWasNotAnswered) {
    subscribe("hook", push());
    place({"1"});
    crash();
    rig_->settle();
    EXPECT_THAT(pushed(), ElementsAre("1"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 1u);
}

TEST_F(PushedTest, KeepsTheOrderOfEachSubject) {
    subscribe("hook", push());
    publish({placed("1", "a"), placed("2", "a"), placed("3", "b")});
    EXPECT_THAT(pushed(), ElementsAre("1", "3"));
    answer_push(503);
    EXPECT_THAT(pushed(), ElementsAre("3"));  // The next one of its subject waits for it.
    rig_->pass(1s);
    EXPECT_THAT(pushed(), ElementsAre("3", "1"));
    answer_push(200);
    answer_push(200);
    EXPECT_THAT(pushed(), ElementsAre("2"));
}

TEST_F(PushedTest, CallsSoManyTimesAtOnceAtMost) {
    subscribe("hook", push({{"push", {{"max_parallel", 2}}}}));
    place({"1", "2", "3"});
    EXPECT_THAT(pushed(), ElementsAre("1", "2"));
    answer_push(200);
    EXPECT_THAT(pushed(), ElementsAre("2", "3"));
}

TEST_F(PushedTest, BuriesWhatFailsTooOftenAndDeliversItAgainWhenItIsTold) {
    subscribe("hook", push({{"maximum_attempts", 2}}));
    place({"1", "2"});
    answer_push(500);
    answer_push(200);
    rig_->pass(1s);
    EXPECT_THAT(pushed(), ElementsAre("1"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 2u);
    rig_->answer("/hook", sagas::Lost{"timed out"});
    rig_->pass(kWritten);
    const auto letters = rig_->dead_letters("hook");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].error, "timed out");
    EXPECT_EQ(cursor("hook"), 2);

    EXPECT_EQ(settle_letters("hook", How::DeliverAgain), 1u);
    EXPECT_THAT(pushed(), ElementsAre("1"));
    EXPECT_TRUE(rig_->dead_letters("hook")[0].is_revived);
    crash();                                    // It still is.
    rig_->events_read.gone = store::Offset{2};  // Its text is the letter's.
    rig_->settle();
    EXPECT_THAT(pushed(), ElementsAre("1"));
    EXPECT_EQ(rig_->telemetry.missed, 0u);
    answer_push(200);
    EXPECT_THAT(rig_->dead_letters("hook"), IsEmpty());
    EXPECT_EQ(cursor("hook"), 2);
}

TEST_F(PushedTest, KeepsADeadLetterThatFailsAgain) {
    subscribe("hook", push({{"maximum_attempts", 1}}));
    place({"1"});
    answer_push(500);
    settle_letters("hook", How::DeliverAgain);
    answer_push(501);
    const auto letters = rig_->dead_letters("hook");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].error, "HTTP 501");
    EXPECT_FALSE(letters[0].is_revived);
    EXPECT_EQ(id_of(letters[0].event), "1");
}

TEST_F(PushedTest, DoesNotDeliverALetterAgainThatIsOver) {
    subscribe("hook", push({{"maximum_attempts", 1}}));
    place({"1"});
    answer_push(500);
    // Both read the letter before either was heard.
    const auto first = rig_->settle_letters("hook", How::DeliverAgain);
    const auto second = rig_->settle_letters("hook", How::DeliverAgain);
    rig_->turn();
    rig_->settle();
    EXPECT_THAT(pushed(), ElementsAre("1"));
    const auto letters = rig_->dead_letters("hook");
    answer_push(200);
    std::optional<SettleDeadLetters::Result> late;
    rig_->coordinator->post(
        SettleDeadLetters{"hook", letters, How::DeliverAgain,
                          [&late](SettleDeadLetters::Result result) { late = std::move(result); }});
    rig_->settle();
    EXPECT_THAT(pushed(), IsEmpty());
    ASSERT_TRUE(late);
    EXPECT_EQ(std::get<SettleDeadLetters::Done>(*late).count, 0u);
}

TEST_F(PushedTest, ThrowsDeadLettersAway) {
    subscribe("hook", push({{"maximum_attempts", 1}}));
    place({"1", "2"});
    answer_push(500);
    answer_push(500);
    settle_letters("hook", How::DeliverAgain);
    EXPECT_THAT(pushed(), ElementsAre("1", "2"));
    EXPECT_EQ(settle_letters("hook", How::Discard), 2u);
    EXPECT_THAT(rig_->dead_letters("hook"), IsEmpty());
    answer_push(500);  // Nobody waits for that any more.
    answer_push(500);
    rig_->pass(10s);
    EXPECT_THAT(pushed(), IsEmpty());
    EXPECT_THAT(rig_->dead_letters("hook"), IsEmpty());
    EXPECT_EQ(cursor("hook"), 2);
}

TEST_F(PushedTest, FailsWithoutAKey) {
    rig_->secrets.clear();
    subscribe("hook", push());
    place({"1"});
    EXPECT_THAT(pushed(), IsEmpty());
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 1);
    rig_->secrets["HOOK"] = "letmein";
    rig_->pass(1s);
    EXPECT_THAT(pushed(), IsEmpty());
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 2);
    rig_->secrets["HOOK"] = kSecret;
    rig_->pass(2s);
    EXPECT_THAT(pushed(), ElementsAre("1"));
}

TEST_F(PushedTest, IsNotDeliveredOnceItsSubscriptionIsGone) {
    subscribe("hook", push({{"push", {{"max_parallel", 1}}}}));
    place({"1", "2"});
    const CallId out = rig_->caller.open.front().id;
    rig_->coordinator->post(ChangeSubscription{store::DeleteSubscription{"hook", std::nullopt},
                                               std::nullopt, [](ChangeSubscription::Result) {}});
    rig_->settle();
    EXPECT_THAT(rig_->caller.recalled, ElementsAre(out));
    answer_push(500);
    rig_->pass(10s);
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(PushedTest, BeginsAnewWhereItIsToldTo) {
    subscribe("hook", push({{"maximum_attempts", 5}}));
    place({"1", "2", "3"});
    answer_push(200);
    answer_push(500);
    EXPECT_THAT(pushed(), ElementsAre("3"));
    rewind("hook", 0);
    EXPECT_THAT(pushed(), ElementsAre("3", "1", "2", "3"));
    EXPECT_EQ(cursor("hook"), 0);
    EXPECT_EQ(rig_->subscription("hook").failing, 0u);
    for (const int status : {500, 200, 200, 200}) answer_push(status);  // The first one is stale.
    EXPECT_EQ(cursor("hook"), 3);
    EXPECT_EQ(rig_->subscription("hook").failing, 0u);

    rewind("hook", 2);
    EXPECT_THAT(pushed(), ElementsAre("3"));
    rewind("hook", 3);
    answer_push(500);
    rig_->pass(10s);
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(PushedTest, KeepsDeadLettersWhenItBeginsAnew) {
    subscribe("hook", push({{"maximum_attempts", 1}}));
    place({"1", "2"});
    answer_push(500);
    answer_push(200);
    settle_letters("hook", How::DeliverAgain);
    rewind("hook", 2);
    EXPECT_THAT(pushed(), ElementsAre("1", "1"));  // That call, and once more: it is open still.
    answer_push(200);
    EXPECT_THAT(rig_->dead_letters("hook"), SizeIs(1));
    answer_push(200);
    EXPECT_THAT(rig_->dead_letters("hook"), IsEmpty());
    EXPECT_EQ(cursor("hook"), 2);
}

TEST_F(PushedTest, WritesADeadLetterWithItsTextThoughItBeginsAnewJustThen) {
    subscribe("hook", push({{"maximum_attempts", 1}}));
    place({"1"});
    rig_->publish("others", {placed("x")});
    rig_->turn();
    const auto made = rig_->caller.open.front();
    rig_->caller.open.pop_front();
    rig_->coordinator->answered(made.id, sagas::Lost{"gone"});
    rig_->rewind("hook", store::Offset{1});
    rig_->turn();
    rig_->settle();
    const auto letters = rig_->dead_letters("hook");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(id_of(letters[0].event), "1");
}

TEST_F(PushedTest, GoesByItsNewDocument) {
    subscribe("hook", push({{"push", {{"max_parallel", 1}}}}));
    place({"1", "2"});
    subscribe("hook",
              push({{"push", {{"url", "http://127.0.0.1:9/other"}}}, {"maximum_attempts", 1}}));
    EXPECT_THAT(rig_->open(), ElementsAre("/hook", "/other"));
    answer_push(500);
    EXPECT_THAT(rig_->dead_letters("hook"), SizeIs(1));
}

TEST_F(PushedTest, WaitsForCallsThatAreOutWhenTheServerStops) {
    subscribe("hook", push({{"push", {{"max_parallel", 2}}}}));
    place({"1", "2", "3"});
    bool is_drained = false;
    rig_->coordinator->drain([&] { is_drained = true; });
    rig_->settle();
    EXPECT_THAT(rig_->caller.recalled, SizeIs(2));
    answer_push(200);
    EXPECT_THAT(pushed(), ElementsAre("2"));  // No other call is made.
    EXPECT_FALSE(is_drained);
    rig_->answer("/hook", sagas::NotSent{"recalled"});
    EXPECT_TRUE(is_drained);
    EXPECT_EQ(cursor("hook"), 1);
    EXPECT_EQ(rig_->subscription("hook").failing, 0u);  // That was no attempt.
}

}  // namespace
}  // namespace skald::engine
