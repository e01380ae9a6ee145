#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/subscriptions.h"
#include "tests/engine/subscriptions_fixture.h"

/// Subscriptions whose events are fetched.
namespace skald::engine {
namespace {

using As = AnswerLeases::As;
using Deliveries = std::vector<Fetch::Delivery>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class PulledTest : public SubscriptionsTest {};

TEST_F(PulledTest, GivesEachEventOutOnceAndInOrder) {
    subscribe("mail", pull());
    place({"1", "2", "3"});
    EXPECT_THAT(fetched("mail", 2), ElementsAre("1", "2"));
    EXPECT_THAT(fetched("mail"), ElementsAre("3"));
    EXPECT_THAT(fetched("mail"), IsEmpty());
    EXPECT_EQ(rig_->events_read.reads,
              1);  // At its beginning; then what is published comes at once.
}

TEST_F(PulledTest, BeginsWhereItIsToldTo) {
    place({"1", "2", "3"});
    subscribe("mail", pull(), 2);
    EXPECT_THAT(fetched("mail"), ElementsAre("3"));
}

TEST_F(PulledTest, AcknowledgesOnlyWhenThatIsDurable) {
    subscribe("mail", pull());
    place({"1", "2"});
    const Deliveries given = fetch("mail");
    const auto acknowledged =
        rig_->answer_leases("mail", {given[0].lease, given[1].lease}, As::Acknowledged);
    rig_->turn();
    EXPECT_FALSE(*acknowledged);
    EXPECT_EQ(cursor("mail"), 0);
    rig_->committer.finish();
    ASSERT_TRUE(get<std::vector<Lease>>(acknowledged));
    EXPECT_THAT(*get<std::vector<Lease>>(acknowledged), IsEmpty());
    EXPECT_EQ(cursor("mail"), 2);
    EXPECT_EQ(told(Telemetry::Delivery::Delivered), 2);

    crash();
    EXPECT_THAT(fetched("mail"), IsEmpty());
}

TEST_F(PulledTest, GivesOutAgainAfterARestartWhatWasNotAcknowledged) {
    subscribe("mail", pull());
    place({"1", "2", "3"});
    const Deliveries given = fetch("mail");
    answer("mail", {given[1]});
    crash();
    EXPECT_EQ(answer("mail", {given[0]}), 1u);  // Its lease is of the process before.
    const Deliveries again = fetch("mail");
    EXPECT_THAT(ids(again), ElementsAre("1", "3"));
    EXPECT_EQ(again[0].attempt, 1u);  // A restart is no attempt.
    EXPECT_EQ(answer("mail", again), 0u);
    EXPECT_EQ(cursor("mail"), 3);
}

TEST_F(PulledTest, KeepsTheOrderOfEachSubject) {
    subscribe("mail", pull());
    publish({placed("1", "a"), placed("2", "a"), placed("3", "b"), placed("4")});
    const Deliveries given = fetch("mail");
    EXPECT_THAT(ids(given), ElementsAre("1", "3", "4"));
    answer("mail", {given[1]});
    EXPECT_THAT(fetched("mail"), IsEmpty());
    answer("mail", {given[0]});
    EXPECT_THAT(fetched("mail"), ElementsAre("2"));
}

TEST_F(PulledTest, TriesAgainWhatIsRefusedUntilItIsDead) {
    subscribe("mail", pull({{"maximum_attempts", 2},
                            {"retry", {{"initial_interval", "1s"}, {"jitter", 0}}}}));
    publish({placed("1", "a"), placed("2", "a")});
    answer("mail", fetch("mail"), As::Refused);
    EXPECT_EQ(rig_->subscription("mail").failing, 1u);
    EXPECT_THAT(fetched("mail"), IsEmpty());
    rig_->pass(1s);
    const Deliveries again = fetch("mail");
    EXPECT_THAT(ids(again), ElementsAre("1"));
    EXPECT_EQ(again[0].attempt, 2u);
    answer("mail", again, As::Refused);
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 1);
    EXPECT_EQ(told(Telemetry::Delivery::Dead), 1);
    EXPECT_EQ(rig_->subscription("mail").failing, 0u);
    EXPECT_THAT(fetched("mail"), ElementsAre("2"));  // The others of its subject go on.
    const auto letters = rig_->dead_letters("mail");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(id_of(letters[0].event), "1");
    EXPECT_EQ(letters[0].attempts, 2u);
    EXPECT_EQ(letters[0].error, "no");
}

TEST_F(PulledTest, TakesALeaseThatEndsForAFailedAttempt) {
    subscribe("mail", pull({{"pull", {{"visibility", "10s"}}},
                            {"retry", {{"initial_interval", "1s"}, {"jitter", 0}}}}));
    place({"1", "2"});
    const Deliveries given = fetch("mail");
    EXPECT_EQ(given[0].until, rig_->clock.now() + 10s);
    answer("mail", {given[1]}, As::Extended, 60s);
    rig_->pass(10s);
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 1);
    rig_->pass(1s);
    const Deliveries again = fetch("mail");
    EXPECT_THAT(ids(again), ElementsAre("1"));
    EXPECT_EQ(again[0].attempt, 2u);
    EXPECT_EQ(answer("mail", given), 1u);  // Of the first one; the other one's was extended.
}

TEST_F(PulledTest, GoesOnCountingAttemptsAfterARestart) {
    subscribe("mail", pull({{"retry", {{"initial_interval", "10s"}, {"jitter", 0}}}}));
    place({"1"});
    answer("mail", fetch("mail"), As::Refused);
    crash();
    EXPECT_THAT(fetched("mail"), IsEmpty());
    rig_->pass(10s);
    const Deliveries again = fetch("mail");
    ASSERT_THAT(ids(again), ElementsAre("1"));
    EXPECT_EQ(again[0].attempt, 2u);
}

TEST_F(PulledTest, WaitsForEventsAsLongAsItIsAskedTo) {
    subscribe("mail", pull());
    const auto waiting = rig_->fetch("mail", 10, 20s);
    rig_->settle();
    rig_->pass(19s);
    EXPECT_FALSE(*waiting);
    place({"1", "2"});
    ASSERT_TRUE(get<Deliveries>(waiting));
    EXPECT_THAT(ids(*get<Deliveries>(waiting)), ElementsAre("1", "2"));

    const auto in_vain = rig_->fetch("mail", 10, 20s);
    rig_->settle();
    rig_->pass(20s);
    ASSERT_TRUE(get<Deliveries>(in_vain));
    EXPECT_THAT(*get<Deliveries>(in_vain), IsEmpty());
}

TEST_F(PulledTest, ServesWhoeverWaitsLongestFirst) {
    subscribe("mail", pull());
    const auto first = rig_->fetch("mail", 1, 20s);
    const auto second = rig_->fetch("mail", 1, 20s);
    place({"1", "2"});
    EXPECT_THAT(ids(*get<Deliveries>(first)), ElementsAre("1"));
    EXPECT_THAT(ids(*get<Deliveries>(second)), ElementsAre("2"));
}

TEST_F(PulledTest, ReadsTheLogBeforeItSaysThatThereIsNothing) {
    place({"1"});
    rig_->subscribe("mail", pull());
    const auto given = rig_->fetch("mail");  // Both wait in the mailbox, and time is up at once.
    rig_->holds_reads = true;
    rig_->settle();
    const auto asked_again = rig_->fetch("mail");
    rig_->settle();
    EXPECT_TRUE(get<NoSuchSubscription>(given));
    EXPECT_FALSE(*asked_again);
    rig_->holds_reads = false;
    rig_->settle();
    ASSERT_TRUE(get<Deliveries>(asked_again));
    EXPECT_THAT(ids(*get<Deliveries>(asked_again)), ElementsAre("1"));
}

TEST_F(PulledTest, SaysWhatCannotBeFetched) {
    subscribe("hook", push());
    const auto unknown = rig_->fetch("nobody");
    const auto is_pushed = rig_->fetch("hook");
    const auto acknowledged = rig_->answer_leases("hook", {}, As::Acknowledged);
    const auto of_nobody = rig_->answer_leases("nobody", {}, As::Acknowledged);
    rig_->settle();
    EXPECT_TRUE(get<NoSuchSubscription>(unknown));
    EXPECT_TRUE(get<IsNotPulled>(is_pushed));
    EXPECT_TRUE(get<IsNotPulled>(acknowledged));
    EXPECT_TRUE(get<NoSuchSubscription>(of_nobody));
}

TEST_F(PulledTest, TellsWhoWaitsThatItIsGoneOrPushedNow) {
    subscribe("mail", pull());
    const auto first = rig_->fetch("mail", 1, 20s);
    rig_->settle();
    subscribe("mail", push());
    EXPECT_TRUE(get<IsNotPulled>(first));

    subscribe("mail", pull());
    const auto second = rig_->fetch("mail", 1, 20s);
    rig_->settle();
    rig_->coordinator->post(ChangeSubscription{store::DeleteSubscription{"mail", std::nullopt},
                                               std::nullopt, [](ChangeSubscription::Result) {}});
    rig_->settle();
    EXPECT_TRUE(get<NoSuchSubscription>(second));
    place({"1"});
}

TEST_F(PulledTest, RemembersNothingOfOneThatWasDeleted) {
    subscribe("mail", pull({{"maximum_attempts", 1}}));
    place({"1", "2"});
    answer("mail", fetch("mail", 1), As::Refused);
    rig_->coordinator->post(ChangeSubscription{store::DeleteSubscription{"mail", std::nullopt},
                                               std::nullopt, [](ChangeSubscription::Result) {}});
    rig_->settle();
    subscribe("mail", pull(), 1);
    EXPECT_THAT(rig_->dead_letters("mail"), IsEmpty());
    EXPECT_THAT(fetched("mail"), ElementsAre("2"));
}

TEST_F(PulledTest, EndsWaitingFetchesWhenTheServerStops) {
    subscribe("mail", pull());
    const auto waiting = rig_->fetch("mail", 1, 20s);
    rig_->settle();
    bool is_drained = false;
    rig_->coordinator->drain([&] { is_drained = true; });
    rig_->settle();
    ASSERT_TRUE(get<Deliveries>(waiting));
    EXPECT_THAT(*get<Deliveries>(waiting), IsEmpty());
    EXPECT_TRUE(is_drained);
}

TEST_F(PulledTest, AreSoManyAtMost) {
    for (std::size_t i = 0; i < Subscriptions::kSubscriptionsMax; ++i) {
        rig_->subscribe("mail." + std::to_string(i), pull());
    }
    rig_->settle();
    const auto one_more = rig_->subscribe("mail.more", pull());
    const auto known = rig_->subscribe("mail.7", pull({{"maximum_attempts", 3}}));
    rig_->settle();
    EXPECT_TRUE(get<Busy>(one_more));
    EXPECT_TRUE(get<store::SubscriptionOutcome>(known));
}

TEST_F(PulledTest, DeliversAllInSpiteOfSmallBatches) {
    options_.batch_rows_max = 1;
    crash();
    subscribe("mail", pull());
    for (int i = 0; i < 20; ++i) place({std::to_string(i)});
    Deliveries given;
    while (given.size() < 20) {
        const Deliveries some = fetch("mail", 3);
        ASSERT_FALSE(some.empty());
        EXPECT_EQ(answer("mail", some), 0u);
        given.insert(given.end(), some.begin(), some.end());
    }
    EXPECT_EQ(cursor("mail"), 20);
}

TEST_F(PulledTest, ServesWhoWaitsThoughBatchesAreFull) {
    options_.batch_rows_max = 1;
    crash();
    subscribe("mail", pull());
    const auto waiting = rig_->fetch("mail", 1, 20s);
    for (int i = 0; i < 50; ++i) rig_->publish("orders", {placed(std::to_string(i))});
    for (int turns = 0; turns < 6; ++turns) {
        rig_->turn();
        if (rig_->committer.is_syncing()) rig_->committer.finish();
    }
    EXPECT_TRUE(*waiting);  // Long before the last one is published.
    EXPECT_LT(rig_->events("orders").size(), 20u);
}

TEST_F(PulledTest, GivesNothingOutWhileNothingCanBeWritten) {
    subscribe("mail", pull());
    place({"1"});
    rig_->publish("orders", {placed("2")});
    rig_->turn();
    rig_->committer.finish(sagas::Error{sagas::ErrorCode::Unavailable, "the disk is full"});
    const auto waiting = rig_->fetch("mail", 1, 20s);
    const auto acknowledged = rig_->answer_leases("mail", {}, As::Acknowledged);
    rig_->turn();
    EXPECT_FALSE(*waiting);
    EXPECT_TRUE(get<Busy>(acknowledged));
    rig_->pass(1s);
    ASSERT_TRUE(get<Deliveries>(waiting));
    EXPECT_THAT(ids(*get<Deliveries>(waiting)), ElementsAre("1"));
}

// A commit that takes long gathers all that happens meanwhile: of an event that failed and was
// acknowledged then, nothing must stay.
TEST_F(PulledTest, WritesTheLastWordOnAnEvent) {
    subscribe("mail", pull({{"retry", {{"initial_interval", "1ms"}, {"jitter", 0}}}}));
    place({"1"});
    const Deliveries given = fetch("mail");
    rig_->publish("others", {placed("x")});
    rig_->turn();
    ASSERT_TRUE(rig_->committer.is_syncing());
    rig_->answer_leases("mail", {given[0].lease}, As::Refused);
    rig_->turn();
    rig_->clock.advance(5ms);
    const auto again = rig_->fetch("mail");
    rig_->turn();
    ASSERT_TRUE(get<Deliveries>(again));
    rig_->answer_leases("mail", {get<Deliveries>(again)->front().lease}, As::Acknowledged);
    rig_->turn();
    rig_->settle();
    EXPECT_EQ(rig_->subscription("mail").failing, 0u);
    EXPECT_EQ(cursor("mail"), 1);
}

}  // namespace
}  // namespace skald::engine
