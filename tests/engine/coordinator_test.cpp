#include "engine/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "tests/engine/rig.h"

namespace skald::engine {
namespace {

using sagas::Milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kOrder[] = R"({"name": "order", "deadline": "1h", "steps": [
  {"name": "reserve", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/reserve"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/release"}}},
  {"name": "charge", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/charge"}},
   "retry": {"maximum_attempts": 2, "initial_interval": "100ms", "jitter": 0},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/refund"}}},
  {"name": "ship", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ship"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/recall"}}}]})";

class CoordinatorTest : public ::testing::Test {
 protected:
    CoordinatorTest() : store_(store::make_memory_store()), rig_(std::make_unique<Rig>(*store_)) {
        rig_->define(kOrder);
    }

    /// The process is killed and started again; what was only in memory is gone.
    void crash() { rig_ = std::make_unique<Rig>(*store_); }

    void operate(const std::string& id, decltype(Operate::event) event) {
        rig_->operate(id, std::move(event));
    }

    std::size_t rows(const std::string& id) {
        const auto row = store_->reader().saga(id);
        return row ? store_->reader().journal(row->key, 0, 1'000)->size() : 0;
    }

    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Rig> rig_;
};

TEST_F(CoordinatorTest, AcknowledgesAndCallsOnlyWhenTheStartIsDurable) {
    const auto started = rig_->start("order", "a");
    rig_->turn();
    EXPECT_FALSE(*started);
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->committer.finish();
    EXPECT_TRUE(get<Start::Started>(started));
    EXPECT_THAT(rig_->open(), ElementsAre("/reserve"));
}

TEST_F(CoordinatorTest, DrivesASagaToItsEndInOneRowPerEvent) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->answer("/reserve", 201);
    rig_->answer("/charge", 200);
    rig_->answer("/ship", 200);
    EXPECT_EQ(rig_->status("a"), "completed");
    EXPECT_EQ(rows("a"), 4u);
    EXPECT_THAT(rig_->open(), IsEmpty());
    EXPECT_EQ(rig_->coordinator->stats().live, 0u);
    EXPECT_EQ(rig_->coordinator->stats().timers, 0u);  // Not its deadline's either.
    EXPECT_EQ(rig_->telemetry.ended, 1);
}

TEST_F(CoordinatorTest, UndoesInReverseWhenAStepIsRefused) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->answer("/reserve", 201);
    rig_->answer("/charge", 200);
    rig_->answer("/ship", 409);
    EXPECT_THAT(rig_->open(), ElementsAre("/refund"));
    rig_->answer("/refund", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("a"), "compensated");
}

TEST_F(CoordinatorTest, TriesAgainWhenTheBackoffIsOverAndNotBefore) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->answer("/reserve", 201);
    rig_->answer("/charge", sagas::NotSent{"connection refused"});
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->wait(Milliseconds{50});
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->wait(Milliseconds{50});
    ASSERT_THAT(rig_->open(), ElementsAre("/charge"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 2u);
}

TEST_F(CoordinatorTest, GathersTheNextBatchWhileOneIsSynced) {
    rig_->start("order", "a");
    rig_->turn();
    const auto b = rig_->start("order", "b");
    const auto c = rig_->start("order", "c");
    rig_->turn();
    rig_->committer.finish();
    EXPECT_FALSE(*b);
    rig_->turn();
    rig_->committer.finish();
    EXPECT_TRUE(get<Start::Started>(b));
    EXPECT_TRUE(get<Start::Started>(c));
}

TEST_F(CoordinatorTest, TheKeysLoserGetsTheWinner) {
    const sagas::RequestKey key{"k", "same"};
    const auto first = rig_->start("order", "a", key);
    const auto twin = rig_->start("order", "b", key);
    rig_->settle();
    const auto later = rig_->start("order", "c", sagas::RequestKey{"k", "other"});
    rig_->settle();
    EXPECT_TRUE(get<Start::Started>(first));
    ASSERT_TRUE(get<store::StartRepeats>(twin));
    EXPECT_EQ(get<store::StartRepeats>(twin)->id, "a");
    EXPECT_TRUE(get<store::StartRepeats>(twin)->is_same_body);
    ASSERT_TRUE(get<store::StartRepeats>(later));
    EXPECT_FALSE(get<store::StartRepeats>(later)->is_same_body);
    EXPECT_THAT(rig_->open(), ElementsAre("/reserve"));
    EXPECT_EQ(rig_->coordinator->stats().live, 1u);
}

TEST_F(CoordinatorTest, ACancelInFlightSettlesTheCallAndUndoesIt) {
    rig_->start("order", "a");
    rig_->settle();
    const auto cancelled = rig_->cancel("a");
    rig_->settle();
    ASSERT_TRUE(get<Operate::Done>(cancelled));
    EXPECT_EQ(get<Operate::Done>(cancelled)->status, sagas::Status::Compensating);
    EXPECT_EQ(rig_->caller.recalled.size(), 1u);
    rig_->answer("/reserve", 201);
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorTest, ACallThatNeverLeftIsKnownNotToHaveBeenSent) {
    rig_->start("order", "a");
    rig_->settle();
    // The answer starts /charge in batch n; the cancel comes while n is being synced.
    const CallId reserve = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(reserve, sagas::Reply{200, {}, sagas::make_value(nullptr), {}});
    rig_->turn();
    rig_->cancel("a");
    rig_->turn();
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));  // Neither /charge nor /refund.
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("a"), "compensated");
}

TEST_F(CoordinatorTest, TheSameKeyCancelsOnceAndAnotherBodyIsRefused) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->cancel("a", sagas::RequestKey{"k", "one"});
    const auto again = rig_->cancel("a", sagas::RequestKey{"k", "one"});
    const auto other = rig_->cancel("a", sagas::RequestKey{"k", "two"});
    const auto unknown = rig_->cancel("b");
    rig_->settle();
    EXPECT_EQ(get<Operate::Done>(again)->how, Operate::Done::How::Repeated);
    EXPECT_TRUE(get<Operate::KeyMismatch>(other));
    EXPECT_TRUE(get<Operate::NotLive>(unknown));
}

TEST_F(CoordinatorTest, AnAnswerThatStatesAFactWaitsForItsCommit) {
    rig_->start("order", "a");
    rig_->settle();
    const auto cancelled = rig_->cancel("a");
    const auto again = rig_->cancel("a");  // "It is so already": true only once that is durable.
    rig_->turn();
    EXPECT_FALSE(*cancelled);
    EXPECT_FALSE(*again);
    rig_->settle();
    EXPECT_EQ(get<Operate::Done>(again)->how, Operate::Done::How::AlreadySo);
}

TEST_F(CoordinatorTest, RepeatsWhatMayHaveBeenOutAfterACrash) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->answer("/reserve", 201);
    crash();
    rig_->settle();
    ASSERT_THAT(rig_->open(), ElementsAre("/charge"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 1u);
    rig_->answer("/charge", 409);  // The first try may have taken effect: undone.
    EXPECT_THAT(rig_->open(), ElementsAre("/refund"));
    crash();
    rig_->settle();
    rig_->answer("/refund", 200);
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("a"), "compensated");
}

TEST_F(CoordinatorTest, SettlesAsUnknownWhatWasInFlightWhenItTurnedAndCrashed) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->cancel("a");
    rig_->settle();
    crash();
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorTest, AppliesAPassedDeadlineBeforeAnyOwedCall) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->answer("/reserve", 201);
    rig_ = std::make_unique<Rig>(*store_, CoordinatorOptions{}, std::chrono::hours{2});
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/refund"));  // /charge may have been out; not again.
}

TEST_F(CoordinatorTest, TurnsWhenTheDeadlineComes) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->wait(std::chrono::hours{1});
    rig_->answer("/reserve", 201);
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorTest, KeepsTheBatchWhenTheDiskIsFullAndRefusesStarts) {
    const auto a = rig_->start("order", "a");
    rig_->turn();
    rig_->committer.finish(sagas::Error{sagas::ErrorCode::Unavailable, "commit: disk is full"});
    const auto b = rig_->start("order", "b");
    rig_->turn();
    EXPECT_FALSE(*a);
    EXPECT_TRUE(get<Busy>(b));
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->wait(Milliseconds{1'000});
    EXPECT_TRUE(get<Start::Started>(a));
    EXPECT_THAT(rig_->open(), ElementsAre("/reserve"));
    const auto c = rig_->start("order", "c");
    rig_->settle();
    EXPECT_TRUE(get<Start::Started>(c));
}

TEST_F(CoordinatorTest, AnswersNobodyWhenTheDurableStateIsUnknown) {
    const auto a = rig_->start("order", "a");
    rig_->turn();
    rig_->committer.finish(sagas::Error{sagas::ErrorCode::Corruption, "commit: sync failed"});
    ASSERT_TRUE(rig_->fatal);
    EXPECT_FALSE(*a);
    EXPECT_THAT(rig_->open(), IsEmpty());
}

TEST_F(CoordinatorTest, TellsWhoWaitsWhenASagaEndsOrGetsStuck) {
    rig_->start("order", "a");
    rig_->settle();
    Watchers::Watch watch = rig_->watchers.watch("a");
    rig_->answer("/reserve", 409);
    ASSERT_NE(watch.rest(), nullptr);
    EXPECT_EQ(sagas::status(watch.rest()->saga), sagas::Status::Compensated);

    rig_->start("order", "b");
    rig_->settle();
    Watchers::Watch stuck = rig_->watchers.watch("b");
    rig_->answer("/reserve", 201);
    rig_->answer("/charge", 409);
    rig_->answer("/release", 400);
    ASSERT_NE(stuck.rest(), nullptr);
    EXPECT_EQ(sagas::status(stuck.rest()->saga), sagas::Status::Stuck);
    EXPECT_EQ(rig_->status("b"), "stuck");
}

TEST_F(CoordinatorTest, DrainsWithoutLosingWhatIsOwed) {
    rig_->start("order", "a");
    rig_->start("order", "b");
    rig_->settle();
    bool is_drained = false;
    rig_->coordinator->drain([&is_drained] { is_drained = true; });
    const auto refused = rig_->start("order", "c");
    rig_->settle();
    EXPECT_TRUE(get<Busy>(refused));
    EXPECT_FALSE(is_drained);
    EXPECT_EQ(rig_->caller.recalled.size(), 2u);
    rig_->answer("/reserve", 201);                         // It was in flight; /charge stays owed.
    rig_->answer("/reserve", sagas::NotSent{"recalled"});  // It was queued.
    EXPECT_TRUE(is_drained);
    EXPECT_THAT(rig_->open(), IsEmpty());
    crash();
    rig_->settle();
    EXPECT_THAT(rig_->open(), UnorderedElementsAre("/charge", "/reserve"));
}

TEST_F(CoordinatorTest, RefusesCommandsBeyondTheMailbox) {
    Rig small(*store_, {.mailbox_max = 1});
    const auto first = small.start("order", "x");
    const auto second = small.start("order", "y");
    EXPECT_FALSE(*first);
    ASSERT_TRUE(get<Busy>(second));
    small.settle();
    EXPECT_TRUE(get<Start::Started>(first));
}

TEST_F(CoordinatorTest, RefusesSagasBeyondWhatItMayKeepInMemory) {
    Rig small(*store_, {.live_max = 1});
    small.start("order", "x");
    const auto second = small.start("order", "y");
    small.settle();
    EXPECT_TRUE(get<Busy>(second));
}

TEST_F(CoordinatorTest, TakesNoMoreThanABatchHolds) {
    Rig small(*store_, {.batch_rows_max = 2});
    std::vector<std::shared_ptr<std::optional<Start::Result>>> results;
    for (int i = 0; i < 5; ++i) results.push_back(small.start("order", "s" + std::to_string(i)));
    small.turn();
    small.committer.finish();
    EXPECT_TRUE(get<Start::Started>(results[1]));
    EXPECT_FALSE(*results[2]);
    small.settle();
    for (const auto& result : results) EXPECT_TRUE(get<Start::Started>(result));
}

constexpr char kPivot[] = R"({"name": "pivot", "steps": [
  {"name": "reserve", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/reserve"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/release"}}},
  {"name": "pay", "pivot": true,
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/pay"}}}]})";

constexpr char kParking[] = R"({"name": "parking", "steps": [
  {"name": "a", "after": [], "in_doubt": "park", "retry": {"maximum_attempts": 1},
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/a"}}, "compensation": "none"},
  {"name": "b", "after": [],
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/b"}}, "compensation": "none"}]})";

TEST_F(CoordinatorTest, TakesStartsAgainWhenTheDiskHasSpaceAgain) {
    rig_->committer.space = store::Space::Low;
    rig_->start("order", "a");
    rig_->settle();
    const auto refused = rig_->start("order", "b");
    rig_->settle();
    EXPECT_TRUE(get<Busy>(refused));
    rig_->committer.space = store::Space::Plenty;
    rig_->wait(Milliseconds{2'000});
    const auto taken = rig_->start("order", "c");
    rig_->settle();
    EXPECT_TRUE(get<Start::Started>(taken));
}

TEST_F(CoordinatorTest, TellsOfAnEndOnlyWhenThatIsDurable) {
    rig_->define(kParking);
    rig_->start("parking", "a");
    rig_->settle();
    rig_->answer("/b", 200);
    Watchers::Watch watch = rig_->watchers.watch("a");
    const CallId call = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(call, sagas::Lost{"no reply"});
    rig_->turn();  // Stuck: being synced.
    rig_->cancel("a");
    rig_->turn();  // Compensated: gathers behind it.
    rig_->committer.finish();
    EXPECT_EQ(watch.rest(), nullptr);
    EXPECT_EQ(rig_->telemetry.ended, 0);
    rig_->settle();
    ASSERT_NE(watch.rest(), nullptr);
    EXPECT_EQ(sagas::status(watch.rest()->saga), sagas::Status::Compensated);
    EXPECT_EQ(rig_->telemetry.ended, 1);
}

TEST_F(CoordinatorTest, CallsNoSagaStuckThatTurnedInTheSameBatch) {
    rig_->define(kParking);
    rig_->start("parking", "a");
    rig_->settle();
    Watchers::Watch watch = rig_->watchers.watch("a");
    ASSERT_THAT(rig_->open(), ElementsAre("/a", "/b"));
    const CallId a = rig_->caller.open[0].id;
    const CallId b = rig_->caller.open[1].id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(a, sagas::Lost{"no reply"});
    rig_->coordinator->answered(b, sagas::Reply{409, {}, sagas::make_value(nullptr), {}});
    rig_->settle();
    ASSERT_NE(watch.rest(), nullptr);
    EXPECT_EQ(sagas::status(watch.rest()->saga), sagas::Status::Compensated);
}

TEST_F(CoordinatorTest, ACancelTakesBackAPivotThatStillWaitsForItsTurn) {
    rig_->define(kPivot);
    rig_->start("pivot", "a");
    rig_->settle();
    rig_->answer("/reserve", 200);
    rig_->cancel("a");
    rig_->settle();
    EXPECT_THAT(rig_->caller.recalled, ElementsAre(rig_->caller.open.front().id));
    rig_->answer("/pay", sagas::NotSent{"taken back"});
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorTest, ACancelKeepsAPivotFromLeavingThatIsNotDurableYet) {
    rig_->define(kPivot);
    rig_->start("pivot", "a");
    rig_->settle();
    const CallId reserve = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(reserve, sagas::Reply{200, {}, sagas::make_value(nullptr), {}});
    rig_->turn();
    rig_->cancel("a");
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));  // Never /pay.
}

TEST_F(CoordinatorTest, ASuspensionTakesBackACallThatWaitsAndAResumeSendsItAgain) {
    rig_->start("order", "a");
    rig_->settle();
    operate("a", sagas::Suspend{{"local", "", std::nullopt}});
    rig_->settle();
    const CallId first = rig_->caller.open.front().id;
    EXPECT_THAT(rig_->caller.recalled, ElementsAre(first));
    rig_->answer("/reserve", sagas::NotSent{"taken back"});
    EXPECT_THAT(rig_->open(), IsEmpty());
    operate("a", sagas::Resume{{"local", "", std::nullopt}});
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/reserve"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 1u);  // It never left.
}

TEST_F(CoordinatorTest, ACallThatComesBackAfterTheResumeIsSentAgain) {
    rig_->start("order", "a");
    rig_->settle();
    operate("a", sagas::Suspend{{"local", "", std::nullopt}});
    rig_->settle();
    operate("a", sagas::Resume{{"local", "", std::nullopt}});
    rig_->turn();  // The resume is being synced.
    const CallId call = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(call, sagas::NotSent{"taken back"});
    rig_->turn();
    EXPECT_THAT(rig_->open(), IsEmpty());  // Not before it is durable.
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/reserve"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 1u);
}

TEST_F(CoordinatorTest, ASuspensionUsesUpNoTryOfACompensation) {
    rig_->start("order", "a");
    rig_->settle();
    rig_->answer("/reserve", 200);
    rig_->cancel("a");
    rig_->settle();
    ASSERT_THAT(rig_->open(), ElementsAre("/charge"));
    rig_->answer("/charge", 409);
    ASSERT_THAT(rig_->open(), ElementsAre("/release"));
    operate("a", sagas::Suspend{{"local", "", std::nullopt}});
    rig_->settle();
    rig_->answer("/release", sagas::NotSent{"taken back"});
    EXPECT_THAT(rig_->open(), IsEmpty());
    operate("a", sagas::Resume{{"local", "", std::nullopt}});
    rig_->settle();
    ASSERT_THAT(rig_->open(), ElementsAre("/release"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 1u);
}

TEST_F(CoordinatorTest, ASuspensionThatIsOverAtOnceTakesNothingBack) {
    rig_->start("order", "a");
    rig_->settle();
    operate("a", sagas::Suspend{{"local", "", std::nullopt}});
    operate("a", sagas::Resume{{"local", "", std::nullopt}});
    rig_->settle();
    EXPECT_THAT(rig_->caller.recalled, IsEmpty());
}

TEST_F(CoordinatorTest, MakesNoCallTwiceWhoseAnswerIsWaitingToBeApplied) {
    rig_->start("order", "a");
    rig_->settle();
    operate("a", sagas::Suspend{{"local", "", std::nullopt}});
    operate("a", sagas::Resume{{"local", "", std::nullopt}});
    rig_->turn();  // The resume owes the call again; being synced.
    const CallId call = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(call, sagas::Reply{409, {}, sagas::make_value(nullptr), {}});
    rig_->committer.finish();  // Before a turn applied the answer.
    rig_->settle();
    EXPECT_THAT(rig_->open(), IsEmpty());
    EXPECT_EQ(rig_->status("a"), "compensated");
}

}  // namespace
}  // namespace skald::engine
