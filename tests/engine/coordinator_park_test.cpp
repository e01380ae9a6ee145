#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <sstream>

#include "engine/coordinator.h"
#include "store/memory_store.h"
#include "tests/engine/rig.h"

/// Sagas that wait for long leave memory, and come back: in time, whole, and never from an old
/// picture of them.
namespace skald::engine {
namespace {

using sagas::Milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kNap[] = R"({"name": "nap", "steps": [
  {"name": "first", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/first"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/undo"}}},
  {"name": "nap", "action": {"wait": {"for": "10m"}}},
  {"name": "last", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/last"}},
   "compensation": "none"}]})";

constexpr char kDoze[] = R"({"name": "doze", "steps": [
  {"name": "doze", "action": {"wait": {"for": "20s"}}}]})";

constexpr char kUntil[] = R"({"name": "until", "steps": [
  {"name": "nap", "action": {"wait": {"until": "$input.at"}}},
  {"name": "last", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/last/{$saga.id}"}}}]})";

constexpr char kLate[] = R"({"name": "late", "deadline": "5m", "steps": [
  {"name": "first", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/first"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/undo"}}},
  {"name": "nap", "action": {"wait": {"for": "10m"}}}]})";

constexpr char kDoubt[] = R"({"name": "doubt", "steps": [
  {"name": "a", "in_doubt": "park", "retry": {"maximum_attempts": 1},
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/a"}}, "compensation": "none"}]})";

constexpr char kSlow[] = R"({"name": "slow", "steps": [
  {"name": "a", "pivot": true,
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/a"}},
   "retry": {"initial_interval": "1m", "maximum_interval": "1m", "jitter": 0,
             "maximum_attempts": 50}},
  {"name": "b", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/b"}},
   "retry": {"initial_interval": "1m", "maximum_interval": "1m", "jitter": 0}}]})";

constexpr char kCalled[] = R"({"name": "called", "steps": [
  {"name": "ask", "compensation": "none", "callback_timeout": "1h",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ask", "reply": "callback"}}}]})";

sagas::Operator by(const char* reason) { return {"local", reason, std::nullopt}; }

sagas::CalledBack said(sagas::Outcome outcome) {
    return {sagas::StepIndex{0}, sagas::Phase::Action, outcome,
            sagas::make_value(sagas::Json{{"ok", true}}), ""};
}

class CoordinatorPark : public ::testing::Test {
 protected:
    CoordinatorPark() {
        restart();
        for (const char* document : {kNap, kDoze, kUntil, kLate, kDoubt, kSlow, kCalled}) {
            rig_->define(document);
        }
    }

    /// The process is killed and started again `after` it began.
    void restart(Milliseconds after = {}, CoordinatorOptions options = {}) {
        rig_ = std::make_unique<Rig>(*store_, options, after);
        rig_->settle();
    }

    void start_nap(const std::string& id) {
        rig_->start("nap", id);
        rig_->settle();
        rig_->answer("/first", 200);
    }

    /// Ends in the store as stuck; its park row is not written yet.
    void get_stuck(const std::string& id) {
        rig_->start("doubt", id);
        rig_->settle();
        const CallId call = rig_->caller.open.front().id;
        rig_->caller.open.pop_front();
        rig_->coordinator->answered(call, sagas::Lost{"no reply"});
        rig_->turn();
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Rig> rig_;
};

// ---- What is parked ----------------------------------------------------------------------------

TEST_F(CoordinatorPark, ASagaThatWaitsForATimeLeavesMemoryAndIsBackInTime) {
    start_nap("a");
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->coordinator->stats().timers, 0u);
    EXPECT_THAT(rig_->parked(), ElementsAre("a"));
    rig_->pass(minutes{10} - seconds{2});
    EXPECT_EQ(rig_->live(), 0u);
    rig_->pass(Milliseconds{1'999});
    EXPECT_EQ(rig_->live(), 1u);  // Back, and its timer runs.
    EXPECT_THAT(rig_->parked(), IsEmpty());
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->pass(Milliseconds{1});
    EXPECT_THAT(rig_->open(), ElementsAre("/last"));
    EXPECT_EQ(rig_->telemetry.max_lag, 0.0);
    rig_->answer("/last", 200);
    EXPECT_EQ(rig_->status("a"), "completed");
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "answered", "due", "answered"));
}

TEST_F(CoordinatorPark, AShortWaitIsSpentInMemory) {
    rig_->start("doze", "a");
    rig_->settle();
    EXPECT_EQ(rig_->live(), 1u);
    EXPECT_THAT(rig_->parked(), IsEmpty());
    rig_->pass(seconds{20});
    EXPECT_EQ(rig_->status("a"), "completed");
    EXPECT_EQ(rig_->loader.loads, 0);
}

TEST_F(CoordinatorPark, ADeadlineBringsASagaBackToo) {
    rig_->start("late", "a");
    rig_->settle();
    rig_->answer("/first", 200);
    EXPECT_EQ(rig_->live(), 0u);
    rig_->pass(minutes{5});
    EXPECT_THAT(rig_->open(), ElementsAre("/undo"));
    EXPECT_EQ(rig_->telemetry.max_lag, 0.0);
}

TEST_F(CoordinatorPark, AStuckSagaLeavesMemoryAndAnOperatorBringsItBack) {
    get_stuck("a");
    rig_->settle();
    EXPECT_EQ(rig_->status("a"), "stuck");
    EXPECT_EQ(rig_->live(), 0u);
    const auto retried = rig_->operate("a", sagas::Retry{std::nullopt, by("again")});
    rig_->settle();
    EXPECT_TRUE(get<Operate::Done>(retried));
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));
    rig_->answer("/a", 200);
    EXPECT_EQ(rig_->status("a"), "completed");
}

TEST_F(CoordinatorPark, AnOperatorsRefusalLeavesASagaParked) {
    get_stuck("a");
    rig_->settle();
    const auto refused = rig_->operate("a", sagas::Resume{by("why not")});
    rig_->settle();
    EXPECT_TRUE(*refused);
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->status("a"), "stuck");
}

TEST_F(CoordinatorPark, IsToldOnceThatASagaIsStuck) {
    std::ostringstream text;
    const auto before = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)));
    get_stuck("a");
    rig_->settle();
    EXPECT_THAT(text.str(), HasSubstr("saga a (doubt) is stuck at step a"));
    text.str("");
    rig_->operate("a", sagas::Suspend{by("look")});
    rig_->settle();
    rig_->operate("a", sagas::Resume{by("looked")});
    rig_->settle();
    restart();
    rig_->operate("a", sagas::Suspend{by("look")});
    rig_->settle();
    spdlog::set_default_logger(before);
    EXPECT_THAT(text.str(), Not(HasSubstr("is stuck")));
}

TEST_F(CoordinatorPark, ASuspendedSagaLeavesMemoryWhenNothingOfItIsOut) {
    rig_->start("nap", "a");
    rig_->settle();
    rig_->operate("a", sagas::Suspend{by("")});
    rig_->settle();
    EXPECT_EQ(rig_->live(), 1u);  // Its call is out.
    rig_->answer("/first", 200);
    EXPECT_EQ(rig_->live(), 0u);
    rig_->operate("a", sagas::Resume{by("")});
    rig_->settle();
    rig_->pass(minutes{10});
    EXPECT_THAT(rig_->open(), ElementsAre("/last"));
}

TEST_F(CoordinatorPark, ATryThatSurelyDidNotLeaveKeepsItsSagaInMemory) {
    rig_->start("nap", "a");
    rig_->settle();
    rig_->operate("a", sagas::Suspend{by("")});
    rig_->settle();
    rig_->answer("/first", sagas::NotSent{"taken back"});
    rig_->pass(minutes{5});
    EXPECT_EQ(rig_->live(), 1u);
    rig_->cancel("a");
    rig_->settle();
    EXPECT_EQ(rig_->status("a"), "compensated");
    EXPECT_THAT(rig_->open(), IsEmpty());  // Nothing was done, so nothing is undone.
}

TEST_F(CoordinatorPark, ALongBackoffIsParkedUnlessItsTriesAreNoLongerJournaled) {
    rig_->start("slow", "a");
    rig_->settle();
    rig_->answer("/a", 503);
    EXPECT_EQ(rig_->live(), 0u);
    rig_->pass(minutes{1});
    ASSERT_THAT(rig_->open(), ElementsAre("/a"));
    EXPECT_EQ(rig_->caller.open.front().attempt, 2u);
    rig_->answer("/a", 200);
    for (std::uint32_t attempt = 1; attempt <= sagas::kQuietAfter; ++attempt) {
        rig_->answer("/b", 503);
        EXPECT_EQ(rig_->live(), attempt < sagas::kQuietAfter ? 0u : 1u) << attempt;
        rig_->pass(minutes{1});
    }
    rig_->answer("/b", 503);
    EXPECT_EQ(rig_->live(), 1u);
    rig_->pass(minutes{1});
    rig_->answer("/b", 200);
    EXPECT_EQ(rig_->status("a"), "completed");
}

TEST_F(CoordinatorPark, ACallbackIsAwaitedInMemoryForAWhile) {
    rig_->start("called", "a");
    rig_->settle();
    rig_->answer("/ask", 202);
    rig_->pass(seconds{29});
    EXPECT_EQ(rig_->live(), 1u);
    rig_->pass(seconds{1});
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_THAT(rig_->parked(), ElementsAre("a"));
    const auto taken = rig_->call_back("a", said(sagas::Outcome::Success));
    rig_->settle();
    ASSERT_TRUE(get<CallBack::Taken>(taken));
    EXPECT_TRUE(get<CallBack::Taken>(taken)->is_taken);
    EXPECT_EQ(get<CallBack::Taken>(taken)->status, sagas::Status::Completed);
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_THAT(rig_->parked(), IsEmpty());
}

TEST_F(CoordinatorPark, WhoGoesOnMeanwhileIsNotIdle) {
    rig_->start("called", "a");
    rig_->settle();
    rig_->answer("/ask", 202);
    rig_->pass(seconds{20});
    rig_->operate("a", sagas::Suspend{by("")});
    rig_->operate("a", sagas::Resume{by("")});
    rig_->settle();
    rig_->pass(seconds{20});
    EXPECT_EQ(rig_->live(), 1u);
    rig_->pass(seconds{10});
    EXPECT_EQ(rig_->live(), 0u);
}

TEST_F(CoordinatorPark, WhereRoomIsScarceWhoWaitsForSomebodyLeavesAtOnce) {
    restart({}, {.park_at_once_above = 1});
    for (const char* id : {"a", "b", "c"}) {
        rig_->start("called", id);
        rig_->settle();
        rig_->answer("/ask", 202);
    }
    EXPECT_EQ(rig_->live(), 1u);
    rig_->call_back("a", said(sagas::Outcome::Success));
    rig_->call_back("b", said(sagas::Outcome::Success));
    rig_->call_back("c", said(sagas::Outcome::Success));
    rig_->settle();
    for (const char* id : {"a", "b", "c"}) EXPECT_EQ(rig_->status(id), "completed");
}

TEST_F(CoordinatorPark, CanBeSwitchedOff) {
    restart({}, {.parking = CoordinatorOptions::Parking::Off});
    start_nap("a");
    EXPECT_EQ(rig_->live(), 1u);
    rig_->pass(minutes{10});
    EXPECT_THAT(rig_->open(), ElementsAre("/last"));
}

// ---- Coming back -------------------------------------------------------------------------------

TEST_F(CoordinatorPark, ARestartLeavesParkedSagasWhereTheyAre) {
    start_nap("a");
    get_stuck("b");
    rig_->settle();
    restart(minutes{9});
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->loader.loads, 0);
    rig_->pass(minutes{1});
    EXPECT_THAT(rig_->open(), ElementsAre("/last"));
}

TEST_F(CoordinatorPark, WhatFellDueWhileSkaldWasDownIsDoneAtTheStart) {
    start_nap("a");
    rig_->start("late", "b");
    rig_->settle();
    rig_->answer("/first", 200);
    restart(minutes{20});
    EXPECT_THAT(rig_->open(), ::testing::UnorderedElementsAre("/last", "/undo"));
}

TEST_F(CoordinatorPark, ThousandsComeBackInOrderAndInTime) {
    constexpr int kSagas = 1'300;  // More than are looked for at once.
    for (int i = 0; i < kSagas; ++i) {
        // The last one that starts is the first one that is due.
        const sagas::Timestamp at = rig_->clock.now() + minutes{2} - Milliseconds{i};
        Rig::Wanted wanted;
        wanted.input = {{"at", sagas::to_rfc3339(at)}};
        rig_->start("until", std::to_string(i), std::move(wanted));
    }
    rig_->settle();
    EXPECT_EQ(rig_->live(), 0u);
    rig_->pass(minutes{2});
    const auto open = rig_->open();
    ASSERT_EQ(open.size(), std::size_t{kSagas});
    for (int i = 0; i < kSagas; ++i) {
        ASSERT_EQ(open[static_cast<std::size_t>(i)], "/last/" + std::to_string(kSagas - 1 - i));
    }
    EXPECT_EQ(rig_->telemetry.max_lag, 0.0);
    EXPECT_THAT(rig_->parked(), IsEmpty());
}

TEST_F(CoordinatorPark, CommandsForAParkedSagaAreAppliedInOrder) {
    start_nap("a");
    rig_->operate("a", sagas::Suspend{by("one")});
    rig_->operate("a", sagas::Resume{by("two")});
    const auto last = rig_->operate("a", sagas::Suspend{by("three")});
    rig_->settle();
    EXPECT_EQ(get<Operate::Done>(last)->how, Operate::Done::How::Applied);
    EXPECT_THAT(rig_->journal("a"),
                ElementsAre("begun", "answered", "suspended", "resumed", "suspended"));
    EXPECT_EQ(rig_->loader.loads, 1);
}

TEST_F(CoordinatorPark, TakesNoMoreCommandsThanMayWait) {
    restart({}, {.loading_max = 1});
    start_nap("a");
    rig_->holds_reads = true;
    const auto first = rig_->cancel("a");
    const auto second = rig_->cancel("b");
    const auto third = rig_->call_back("c", said(sagas::Outcome::Success));
    rig_->settle();
    EXPECT_FALSE(*first);
    EXPECT_TRUE(get<Busy>(second));
    EXPECT_TRUE(get<Busy>(third));
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_TRUE(get<Operate::Done>(first));
}

TEST_F(CoordinatorPark, AskedForNobodyKnowsWhomItSaysSo) {
    const auto operated = rig_->cancel("nobody");
    const auto called = rig_->call_back("nobody", said(sagas::Outcome::Success));
    rig_->settle();
    EXPECT_TRUE(get<Operate::NotLive>(operated));
    EXPECT_TRUE(get<CallBack::NotFound>(called));
}

TEST_F(CoordinatorPark, ReadsAgainWhatCouldNotBeRead) {
    start_nap("a");
    rig_->loader.failures = 2;
    const auto cancelled = rig_->cancel("a");
    rig_->settle();
    EXPECT_FALSE(*cancelled);
    rig_->pass(seconds{1});
    EXPECT_TRUE(get<Operate::Done>(cancelled));
    rig_->answer("/undo", 200);

    start_nap("b");
    rig_->pass(minutes{9});
    rig_->loader.failures = 1;  // The look for what is due.
    rig_->pass(minutes{1} + seconds{1});
    EXPECT_THAT(rig_->open(), ElementsAre("/last"));
    EXPECT_EQ(rig_->loader.failures, 0);
}

TEST_F(CoordinatorPark, EndsTheProcessWhereTheStoreIsBroken) {
    start_nap("a");
    rig_->loader.failures = 1;
    rig_->loader.failure = {sagas::ErrorCode::Corruption, "read: malformed"};
    const auto cancelled = rig_->cancel("a");
    rig_->settle();
    EXPECT_TRUE(rig_->fatal);
    EXPECT_FALSE(*cancelled);
}

TEST_F(CoordinatorPark, ADrainAnswersWhoWaitsForALoad) {
    start_nap("a");
    rig_->holds_reads = true;
    const auto cancelled = rig_->cancel("a");
    rig_->settle();
    bool is_drained = false;
    rig_->coordinator->drain([&is_drained] { is_drained = true; });
    rig_->settle();
    EXPECT_TRUE(get<Busy>(cancelled));
    EXPECT_TRUE(is_drained);
    rig_->deliver_reads();  // Nobody wants it any more.
    rig_->settle();
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "answered"));
}

// ---- Races -------------------------------------------------------------------------------------

TEST_F(CoordinatorPark, WhatHappensInTheBatchThatWouldParkKeepsItsSaga) {
    get_stuck("a");
    const auto retried = rig_->operate("a", sagas::Retry{std::nullopt, by("again")});
    rig_->committer.finish();  // Stuck is durable: to be parked, but for the command.
    rig_->settle();
    EXPECT_TRUE(get<Operate::Done>(retried));
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));
    restart();
    EXPECT_EQ(rig_->live(), 1u);  // The store knows that it is not parked.
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));
}

TEST_F(CoordinatorPark, OthersInTheBatchAreParkedAllTheSame) {
    for (const char* id : {"a", "b", "c"}) {
        rig_->start("doubt", id);
        rig_->settle();
    }
    for (int i = 0; i < 3; ++i) {
        const CallId call = rig_->caller.open.front().id;
        rig_->caller.open.pop_front();
        rig_->coordinator->answered(call, sagas::Lost{"no reply"});
    }
    rig_->turn();
    rig_->operate("a", sagas::Retry{std::nullopt, by("again")});
    rig_->operate("b", sagas::Retry{std::nullopt, by("again")});
    rig_->committer.finish();
    rig_->settle();
    EXPECT_EQ(rig_->live(), 2u);
    restart();
    EXPECT_EQ(rig_->live(), 2u);
    EXPECT_EQ(rig_->status("c"), "stuck");
}

TEST_F(CoordinatorPark, WhatHappensWhileTheParkIsWrittenKeepsItsSaga) {
    get_stuck("a");
    rig_->committer.finish();
    ASSERT_TRUE(rig_->committer.is_syncing());  // The park.
    const auto retried = rig_->operate("a", sagas::Retry{std::nullopt, by("again")});
    rig_->turn();
    rig_->committer.finish();
    EXPECT_EQ(rig_->live(), 1u);
    EXPECT_FALSE(*retried);
    rig_->settle();
    EXPECT_TRUE(get<Operate::Done>(retried));
    restart();
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));
}

TEST_F(CoordinatorPark, ACrashBeforeTheUnparkLeavesItParked) {
    get_stuck("a");
    rig_->committer.finish();
    const auto retried = rig_->operate("a", sagas::Retry{std::nullopt, by("again")});
    rig_->turn();
    rig_->committer.finish();  // The park; the retry is still being written.
    restart();
    EXPECT_FALSE(*retried);
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->status("a"), "stuck");
    rig_->operate("a", sagas::Retry{std::nullopt, by("again")});
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));
}

/// Two loads of one saga are out: by its key, because it falls due, and by its id.
class CoordinatorOldLoad : public CoordinatorPark {
 protected:
    CoordinatorOldLoad() {
        start_nap("a");
        rig_->pass(minutes{10} - seconds{2});
        rig_->holds_reads = true;
        rig_->wait(seconds{1});
        rig_->deliver_reads();  // Who is due.
        rig_->settle();         // Now it is being loaded by its key,
        cancelled_ = rig_->cancel("a");
        rig_->settle();  // and by its id.
    }
    Rig::Later<Operate::Result> cancelled_;
};

TEST_F(CoordinatorOldLoad, IsNoneOfASagaThatEndedMeanwhile) {
    ASSERT_EQ(rig_->loader.answers.size(), 2u);
    rig_->deliver_last_read();
    rig_->settle();
    EXPECT_TRUE(get<Operate::Done>(cancelled_));
    rig_->answer("/undo", 200);
    EXPECT_EQ(rig_->status("a"), "compensated");
    EXPECT_EQ(rig_->live(), 0u);
    rig_->deliver_first_read();
    rig_->settle();
    EXPECT_EQ(rig_->live(), 0u);
    rig_->holds_reads = false;
    rig_->pass(minutes{1});
    EXPECT_THAT(rig_->open(), IsEmpty());
    EXPECT_FALSE(rig_->fatal);
}

TEST_F(CoordinatorOldLoad, IsNoneOfASagaThatIsInMemory) {
    ASSERT_EQ(rig_->loader.answers.size(), 2u);
    rig_->deliver_first_read();  // The cancel needs no more than that.
    rig_->settle();
    EXPECT_TRUE(get<Operate::Done>(cancelled_));
    EXPECT_THAT(rig_->open(), ElementsAre("/undo"));
    rig_->deliver_first_read();
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/undo"));
    rig_->answer("/undo", 200);
    EXPECT_EQ(rig_->status("a"), "compensated");
}

TEST_F(CoordinatorPark, AnOldLoadIsNoneOfASagaThatWasParkedAgain) {
    get_stuck("a");
    rig_->settle();
    rig_->holds_reads = true;
    const auto suspended = rig_->operate("a", sagas::Suspend{by("")});
    rig_->settle();
    const auto old = rig_->loader.answers.front();
    rig_->deliver_reads();
    rig_->settle();
    ASSERT_TRUE(get<Operate::Done>(suspended));
    ASSERT_EQ(rig_->live(), 0u);
    const auto resumed = rig_->operate("a", sagas::Resume{by("")});
    rig_->settle();  // It is being loaded again.
    old();           // As if the loader were slow.
    rig_->settle();
    EXPECT_FALSE(*resumed);
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_FALSE(rig_->fatal);
    EXPECT_EQ(get<Operate::Done>(resumed)->how, Operate::Done::How::Applied);
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "answered", "suspended", "resumed"));
}

TEST_F(CoordinatorPark, WhoLooksForASagaThatStartsMeanwhileFindsIt) {
    rig_->holds_reads = true;
    const auto cancelled = rig_->cancel("a");
    rig_->turn();
    rig_->start("nap", "a");
    rig_->settle();
    ASSERT_TRUE(get<Operate::Done>(cancelled));
    EXPECT_EQ(get<Operate::Done>(cancelled)->status, sagas::Status::Compensating);
    rig_->deliver_reads();  // There was none when it was read.
    rig_->settle();
    EXPECT_EQ(rig_->live(), 1u);
}

TEST_F(CoordinatorPark, AnOldListOfWhoIsDueHarmsNobody) {
    start_nap("a");
    rig_->pass(minutes{10} - seconds{2});
    rig_->holds_reads = true;
    rig_->wait(seconds{1});  // The list is read.
    const auto list = rig_->loader.answers.front();
    rig_->loader.answers.clear();
    rig_->holds_reads = false;
    rig_->cancel("a");
    rig_->settle();
    rig_->answer("/undo", 200);
    ASSERT_EQ(rig_->live(), 0u);
    list();
    rig_->settle();
    EXPECT_EQ(rig_->live(), 0u);
    start_nap("b");  // The next ones are found as ever.
    rig_->pass(minutes{10});
    EXPECT_THAT(rig_->open(), ElementsAre("/last"));
}

}  // namespace
}  // namespace skald::engine
