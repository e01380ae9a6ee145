#include <gtest/gtest.h>

#include "tests/simulation/oracle_delivery_story.h"

/// The oracle, and subscriptions: what is handed out, and what counts as settled.
namespace skald::simulation {
namespace {

using As = LeasesAsked::As;
using PlanHow = SubscriptionPlan::How;
using What = ChangeAsked::What;

/// A subscription to as many events of one subject.
DeliveryStory one_of(std::size_t events) {
    DeliveryStory story;
    for (std::size_t i = 0; i < events; ++i) story.publish("s1");
    story.make();
    return story;
}

// ---- What is right -----------------------------------------------------------------------------

TEST(SimulationOracleDeliveries, IsContentWithEventsThatAreFetchedInOrder) {
    EXPECT_EQ(one_of(2).deliver(1, 11).deliver(2, 12).broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithAnEventThatFailsAndComesAgain) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).say(1, 11, As::Refused).answer().wait(100);
    story.give(1, 12, 2).wait(10'000);
    EXPECT_EQ(story.deliver(1, 13).broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithALeaseThatIsExtended) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).wait(9'000);
    story.say(1, 11, As::Extended).answer().wait(9'000);
    EXPECT_EQ(story.say(1, 11).settle(1).answer().broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithADeadLetter) {
    DeliveryStory story = one_of(1);
    for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
        story.give(1, attempt, attempt).say(1, attempt, As::Refused).answer();
    }
    story.stand().letters = {{1, 3, false, "e1"}};
    EXPECT_EQ(story.settle(1).broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithARewind) {
    DeliveryStory story = one_of(2);
    story.deliver(1, 11).deliver(2, 12).ask(What::Rewind, 0).settle(0).done();
    EXPECT_EQ(story.deliver(1, 13).deliver(2, 14).broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithWhatComesAgainAfterACrash) {
    DeliveryStory story = one_of(2);
    story.give(1, 11).say(1, 11).give(2, 12).restart();
    EXPECT_EQ(story.deliver(1, 13).deliver(2, 14).broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithAFilter) {
    DeliveryStory story;
    story.publish("s1").publish("s1", "moved").publish("s1");
    story.plan().filter.type = {"so", true};
    EXPECT_EQ(story.make().deliver(1, 11).deliver(3, 12).broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithAPush) {
    DeliveryStory story;
    story.plan().how = PlanHow::Push;
    story.plan().parallel_max = 1;
    story.publish("s1").make().call(1, 1).tell(1, false).call(1, 2, 2).tell(2, true);
    EXPECT_EQ(story.settle(1).broken(), "");
}

// ---- What is lost ------------------------------------------------------------------------------

TEST(SimulationOracleDeliveries, SeesAnEventThatIsSettledAndWasNotDelivered) {
    EXPECT_EQ(one_of(1).settle(1).broken(), "lost-delivery");
}

TEST(SimulationOracleDeliveries, SeesAnEventThatIsSettledByItsFailure) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).say(1, 11, As::Refused).settle(1).answer();
    EXPECT_EQ(story.broken(), "lost-delivery");
}

TEST(SimulationOracleDeliveries, SeesAPushThatIsSettledByItsFailure) {
    DeliveryStory story;
    story.plan().how = PlanHow::Push;
    story.plan().parallel_max = 1;
    story.publish("s1").make().call(1, 1).tell(1, false).settle(1);
    EXPECT_EQ(story.broken(), "lost-delivery");
}

TEST(SimulationOracleDeliveries, SeesAnEventThatIsSettledByTheAnswerBeforeARewind) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).ask(What::Rewind, 0).settle(0).done().settle(1);
    EXPECT_EQ(story.broken(), "lost-delivery");
}

TEST(SimulationOracleDeliveries, SeesAnEventThatIsSettledByAProcessThatDied) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).say(1, 11).restart().settle(1);
    EXPECT_EQ(story.broken(), "lost-delivery");
}

TEST(SimulationOracleDeliveries, SeesAnEventThatIsNeverDelivered) {
    EXPECT_EQ(one_of(1).broken(), "all-delivered");
}

TEST(SimulationOracleDeliveries, SeesAnAcknowledgementThatIsNotDurable) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).say(1, 11).answer().settle(1);
    EXPECT_EQ(story.broken(), "acknowledged-delivery");
}

TEST(SimulationOracleDeliveries, SeesAnAcknowledgedEventAgain) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).give(1, 12);
    EXPECT_EQ(story.broken(), "acknowledged-delivery");
}

TEST(SimulationOracleDeliveries, SeesAnAcknowledgedEventOpen) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).settle(0).deliver(1, 12);
    EXPECT_EQ(story.broken(), "acknowledged-delivery");
}

// ---- Order, and leases -------------------------------------------------------------------------

TEST(SimulationOracleDeliveries, SeesAnEventBeforeTheOneBeforeIt) {
    DeliveryStory story = one_of(2);
    story.give(1, 11).give(2, 12).say(1, 11).settle(1).answer().say(2, 12).settle(2).answer();
    EXPECT_EQ(story.broken(), "subject-order");
}

TEST(SimulationOracleDeliveries, SeesAnEventBeforeTheOneThatFailed) {
    DeliveryStory story = one_of(2);
    story.give(1, 11).say(1, 11, As::Refused).answer().give(2, 12).wait(100);
    story.deliver(1, 13).say(2, 12).settle(2).answer();
    EXPECT_EQ(story.broken(), "subject-order");
}

TEST(SimulationOracleDeliveries, LetsOtherSubjectsPass) {
    DeliveryStory story;
    story.publish("s1").publish("s2").publish("").publish("").make();
    story.give(1, 11).give(2, 12).give(4, 14).give(3, 13);
    for (const std::int64_t offset : {1, 2, 3, 4}) {
        story.say(offset, static_cast<std::uint64_t>(10 + offset)).settle(offset).answer();
    }
    EXPECT_EQ(story.broken(), "");
}

TEST(SimulationOracleDeliveries, SeesTwoHoldersOfOneEvent) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).wait(9'000);
    EXPECT_EQ(story.deliver(1, 12).broken(), "one-lease");
}

TEST(SimulationOracleDeliveries, SeesAnExtensionThatIsNotKept) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).wait(9'000);
    story.say(1, 11, As::Extended).answer().wait(5'000);
    EXPECT_EQ(story.deliver(1, 12).broken(), "one-lease");
}

TEST(SimulationOracleDeliveries, SeesALeaseThatIsGivenTwice) {
    DeliveryStory story = one_of(2);
    EXPECT_EQ(story.deliver(1, 11).deliver(2, 11).broken(), "one-lease");
}

TEST(SimulationOracleDeliveries, SeesAHolderWhoIsNotHeard) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).say(1, 11).answer({11});
    EXPECT_EQ(story.say(1, 11).settle(1).answer().broken(), "one-lease");
}

TEST(SimulationOracleDeliveries, SeesAStaleLeaseThatIsTaken) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).wait(10'000);
    story.give(1, 12, 2).say(1, 11).settle(1).answer();
    EXPECT_EQ(story.broken(), "stale-lease");
}

TEST(SimulationOracleDeliveries, SeesALeaseOfAProcessBeforeThatIsTaken) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).restart().say(1, 11).settle(1).answer();
    EXPECT_EQ(story.broken(), "stale-lease");
}

TEST(SimulationOracleDeliveries, SeesALeaseFromBeforeARewindThatIsTaken) {
    DeliveryStory story = one_of(1);
    story.give(1, 11).ask(What::Rewind, 0).done().say(1, 11).settle(1).answer();
    EXPECT_EQ(story.broken(), "stale-lease");
}

TEST(SimulationOracleDeliveries, SeesALeaseThatIsAnsweredTwice) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).say(1, 11).answer();
    EXPECT_EQ(story.broken(), "stale-lease");
}

TEST(SimulationOracleDeliveries, SeesTooManyCallsAtOnce) {
    DeliveryStory story;
    story.plan().how = PlanHow::Push;
    story.plan().parallel_max = 1;
    story.publish("s1").publish("s2").make().call(1, 1).call(2, 2).tell(1, true).tell(2, true);
    EXPECT_EQ(story.settle(2).broken(), "max-parallel");
}

// ---- Dead letters ------------------------------------------------------------------------------

DeliveryStory with_dead_letter(std::uint32_t attempts, std::uint32_t failures) {
    DeliveryStory story = one_of(1);
    for (std::uint32_t attempt = 1; attempt <= failures; ++attempt) {
        story.give(1, attempt, attempt).say(1, attempt, As::Refused).answer();
    }
    story.stand().letters = {{1, attempts, false, "e1"}};
    story.settle(1);
    return story;
}

TEST(SimulationOracleDeliveries, SeesADeadLetterThatIsTooEarly) {
    EXPECT_EQ(with_dead_letter(2, 2).broken(), "dead-letter");
}

TEST(SimulationOracleDeliveries, SeesADeadLetterWithoutSoManyFailures) {
    EXPECT_EQ(with_dead_letter(3, 2).broken(), "dead-letter");
}

TEST(SimulationOracleDeliveries, SeesADeadLetterOfAnotherEvent) {
    DeliveryStory story = with_dead_letter(3, 3);
    story.stand().letters[0].id = "e2";
    story.stand().letters[0].attempts = 4;
    EXPECT_EQ(story.look().broken(), "dead-letter");
}

TEST(SimulationOracleDeliveries, SeesADeadLetterThatIsGone) {
    DeliveryStory story = with_dead_letter(3, 3);
    story.stand().letters.clear();
    EXPECT_EQ(story.look().broken(), "dead-letter");
}

TEST(SimulationOracleDeliveries, IsContentWithADeadLetterThatIsThrownAway) {
    DeliveryStory story = with_dead_letter(3, 3);
    story.ask(What::Discard, 0, {1}).stand().letters.clear();
    EXPECT_EQ(story.look().done().broken(), "");
}

TEST(SimulationOracleDeliveries, IsContentWithADeadLetterThatIsDeliveredAfterAll) {
    DeliveryStory story = with_dead_letter(3, 3);
    story.ask(What::Revive, 0, {1}).stand().letters[0].is_revived = true;
    story.settle(0).done().give(1, 21).say(1, 21).stand().letters.clear();
    EXPECT_EQ(story.settle(1).answer().broken(), "");
}

TEST(SimulationOracleDeliveries, SeesAnAttemptBeyondTheLast) {
    DeliveryStory story = one_of(1);
    EXPECT_EQ(story.give(1, 11, 4).say(1, 11).settle(1).answer().broken(), "dead-letter");
}

// ---- What is handed out, and to whom
// -------------------------------------------------------------

TEST(SimulationOracleDeliveries, SeesAnEventThatTheFilterDoesNotWant) {
    DeliveryStory story = one_of(1);
    story.plan().filter.subject = {"s2", false};
    EXPECT_EQ(story.deliver(1, 11).broken(), "filter");
}

TEST(SimulationOracleDeliveries, SeesAnotherEventThanTheLogHas) {
    DeliveryStory story = one_of(2);
    story.deliver(1, 11).give(2, 12).say(2, 12).settle(2).answer();
    story.event(2).id = "e1";
    EXPECT_NE(story.broken().find("invented-delivery"), std::string::npos);
}

TEST(SimulationOracleDeliveries, SeesADeliveryToNobody) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).see(HandedOut{"copy", 1, "/shop", "e1", 12, 1, 1});
    EXPECT_EQ(story.broken(), "invented-delivery");
}

TEST(SimulationOracleDeliveries, SeesASubscriptionThatNobodyAskedFor) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).stands()[7] = story.stand();
    story.stands()[7].name = "copy";
    EXPECT_EQ(story.look().broken(), "made-once");
}

TEST(SimulationOracleDeliveries, SeesASubscriptionThatBeginsElsewhere) {
    DeliveryStory story;
    story.publish("").publish("").make(DeliveryStory::kAudit, 2);
    story.ask(What::Delete).stands().clear();
    story.look().done();
    EXPECT_EQ(story.broken(), "");
    story.make(DeliveryStory::kAudit, 2).deliver(2, 11);
    story.stands()[7] = story.stand();
    story.stands()[7].cursor = 1;
    story.look().stands()[7].cursor = 2;
    EXPECT_NE(story.look().broken().find("made-once"), std::string::npos);
}

TEST(SimulationOracleDeliveries, SeesASubscriptionThatIsGone) {
    DeliveryStory story = one_of(1);
    story.deliver(1, 11).stands().clear();
    EXPECT_EQ(story.look().broken(), "made-once");
}

// ---- Triggers ----------------------------------------------------------------------------------

/// An event that starts the saga "saga-2-1", and the subscription by which it does.
DeliveryStory with_trigger(std::size_t versions = 1) {
    DeliveryStory story;
    for (std::size_t version = 1; version < versions; ++version) {
        story.define("order", plain_steps(1));
    }
    story.history().definitions[0].triggers = {{DeliveryStory::kShop, "sold"}};
    StartPlan start = story.history().starts[0];
    start.number = 2;
    start.is_id_of_client = false;
    start.id.clear();
    start.request_key = "triggered";
    start.event = TriggerEvent{DeliveryStory::kShop, "sold", "/shop", "e1", ""};
    story.history().starts.push_back(start);
    story.plan("trigger").how = PlanHow::Trigger;
    story.plan("trigger").target = "order";
    for (std::size_t version = 0; version < versions; ++version) story.see(Registered{version});
    story.publish("").make("trigger").stand().owner = "definition/order";
    story.look();
    return story;
}

void start_by_event(DeliveryStory& story, const std::string& saga = "saga-2-1") {
    story.of(saga).row("begun").request_key = "triggered";
    story.follow().row("cancelled").ends_as = "compensated";
    story.of(Story::kSaga).leave(saga, "compensated", {"cancelled"});
    story.history().sagas[saga].definition = 0;
}

TEST(SimulationOracleTriggers, IsContentWithASagaThatAnEventStarts) {
    DeliveryStory story = with_trigger();
    start_by_event(story);
    EXPECT_EQ(story.settle(1).broken(), "");
}

TEST(SimulationOracleTriggers, SeesAnEventThatStartsNothing) {
    EXPECT_EQ(with_trigger().settle(1).broken(), "lost-delivery");
}

TEST(SimulationOracleTriggers, SeesAnEventThatStartsTwoSagas) {
    DeliveryStory story = with_trigger();
    start_by_event(story);
    start_by_event(story, "saga-2-2");
    EXPECT_EQ(story.settle(1).broken(), "I2");
}

TEST(SimulationOracleTriggers, SeesASagaOfAnEventThatWasSettled) {
    DeliveryStory story = with_trigger();
    story.stand().letters = {{1, 3, false, "e1"}};
    story.settle(1);
    start_by_event(story);
    EXPECT_EQ(story.broken(), "trigger");
}

TEST(SimulationOracleTriggers, IsContentWithASagaThatWasOnItsWayWhenSomebodyPassedOverIt) {
    DeliveryStory story = with_trigger();
    story.ask(What::Rewind, 1).settle(1).done();
    start_by_event(story);
    EXPECT_EQ(story.broken(), "");
}

TEST(SimulationOracleTriggers, SeesASagaOfAnEventThatIsOfNoTrigger) {
    DeliveryStory story = with_trigger();
    story.stand().owner = "definition/another";
    story.settle(0);
    start_by_event(story);
    EXPECT_EQ(story.settle(1).broken(), "trigger");
}

TEST(SimulationOracleTriggers, SeesASagaOfAnOldVersion) {
    DeliveryStory story = with_trigger(2);
    start_by_event(story);
    story.history().sagas["saga-2-1"].definition = 1;
    EXPECT_EQ(story.settle(1).broken(), "");
    story.history().sagas["saga-2-1"].definition = 0;
    EXPECT_EQ(story.broken(), "trigger");
}

// ---- Bridges -----------------------------------------------------------------------------------

/// A relay of two events of one subject.
DeliveryStory with_relay(const std::string& bridge_of_second = {}) {
    DeliveryStory story;
    SubscriptionPlan& plan = story.plan("bridge:b:shop:out");
    plan.how = PlanHow::Relay;
    plan.attempts_max.reset();
    plan.target = "b";
    story.publish("s1").publish("s1", "sold", bridge_of_second).make("bridge:b:shop:out");
    story.stand().owner = "bridge/b";
    story.look();
    return story;
}

TEST(SimulationOracleRelays, IsContentWithARelay) {
    DeliveryStory story = with_relay();
    story.call(1, 1).store(1, "m1").tell(1, false).call(1, 2, 2).store(1, "m1", true).tell(2, true);
    story.call(2, 3).store(2, "m2").tell(3, true).settle(2);
    EXPECT_EQ(story.broken(), "");
}

TEST(SimulationOracleRelays, SeesAnEventThatIsNotRelayed) {
    DeliveryStory story = with_relay();
    story.call(1, 1).store(1, "m1").tell(1, true).settle(2);
    EXPECT_EQ(story.broken(), "lost-delivery");
}

TEST(SimulationOracleRelays, SeesAnEventUnderTwoIds) {
    DeliveryStory story = with_relay();
    story.call(1, 1).store(1, "m1").tell(1, false).call(1, 2, 2).store(1, "m3").tell(2, true);
    story.call(2, 3).store(2, "m2").tell(3, true).settle(2);
    EXPECT_EQ(story.broken(), "relayed-once");
}

TEST(SimulationOracleRelays, SeesTwoEventsUnderOneId) {
    DeliveryStory story = with_relay();
    story.call(1, 1).store(1, "m1").tell(1, true);
    story.call(2, 3).store(2, "m1", true).tell(3, true).settle(2);
    EXPECT_EQ(story.broken(), "relayed-once");
}

TEST(SimulationOracleRelays, SeesAnotherOrder) {
    DeliveryStory story = with_relay();
    story.call(1, 1).tell(1, false).call(2, 2).store(2, "m2").tell(2, true);
    story.call(1, 3, 2).store(1, "m1").tell(3, true).settle(2);
    EXPECT_EQ(story.broken(), "relay-order subject-order");
}

TEST(SimulationOracleRelays, SeesThatSomethingGoesOutWhereItCameIn) {
    DeliveryStory story = with_relay("b");
    story.call(1, 1).store(1, "m1").tell(1, true);
    story.call(2, 2).store(2, "m2").tell(2, true).settle(2);
    EXPECT_EQ(story.broken(), "no-echo");
}

TEST(SimulationOracleRelays, IsContentWhenItGoesOutElsewhere) {
    DeliveryStory story = with_relay("another");
    story.call(1, 1).store(1, "m1").tell(1, true);
    story.call(2, 2).store(2, "m2").tell(2, true).settle(2);
    EXPECT_EQ(story.broken(), "");
}

}  // namespace
}  // namespace skald::simulation
