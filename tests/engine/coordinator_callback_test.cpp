#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "engine/coordinator.h"
#include "store/memory_store.h"
#include "tests/engine/rig.h"

namespace skald::engine {
namespace {

using sagas::Outcome;
using std::chrono::hours;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kAsking[] = R"({"name": "asking", "steps": [
  {"name": "ask", "callback_timeout": "1h", "retry": {"initial_interval": "1s", "jitter": 0},
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ask", "reply": "callback"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/unask"}}},
  {"name": "then", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/then"}}}]})";

class CoordinatorCallback : public ::testing::Test {
 protected:
    CoordinatorCallback() : rig_(std::make_unique<Rig>(*store_)) {
        rig_->define(kAsking);
        rig_->start("asking", "a");
        rig_->settle();
    }

    static sagas::CalledBack word(Outcome outcome) {
        return {sagas::StepIndex{0}, sagas::Phase::Action, outcome, sagas::make_value("paid"), ""};
    }
    /// What the participant is answered.
    CallBack::Taken call_back(Outcome outcome) {
        const auto result = rig_->call_back("a", word(outcome));
        rig_->settle();
        EXPECT_TRUE(get<CallBack::Taken>(result));
        return get<CallBack::Taken>(result) ? *get<CallBack::Taken>(result) : CallBack::Taken{};
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Rig> rig_;
};

TEST_F(CoordinatorCallback, TheCallSaysWhereToCallBack) {
    EXPECT_THAT(rig_->caller.open.front().request.headers,
                Contains(Pair("Skald-Callback", "a/0/action")));
}

TEST_F(CoordinatorCallback, AnswersTheCall) {
    rig_->answer("/ask", 202);
    EXPECT_THAT(rig_->open(), IsEmpty());
    EXPECT_TRUE(call_back(Outcome::Success).is_taken);
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
    EXPECT_FALSE(call_back(Outcome::Success).is_taken);
}

TEST_F(CoordinatorCallback, IsAnsweredOnlyWhenItIsDurable) {
    rig_->answer("/ask", 202);
    const auto result = rig_->call_back("a", word(Outcome::Success));
    rig_->turn();
    EXPECT_FALSE(*result);
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->committer.finish();
    EXPECT_TRUE(get<CallBack::Taken>(result));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorCallback, MayComeBeforeTheReply) {
    EXPECT_TRUE(call_back(Outcome::Success).is_taken);
    EXPECT_THAT(rig_->open(), ElementsAre("/ask", "/then"));
    rig_->answer("/ask", 202);
    rig_->answer("/then", 200);
    EXPECT_EQ(rig_->status("a"), "completed");
    EXPECT_EQ(rig_->live(), 0u);
}

TEST_F(CoordinatorCallback, OfAnEarlierTryAnswersTheLaterOne) {
    rig_->answer("/ask", 202);
    EXPECT_TRUE(call_back(Outcome::Retry).is_taken);
    rig_->pass(std::chrono::seconds{1});
    ASSERT_THAT(rig_->open(), ElementsAre("/ask"));
    EXPECT_TRUE(call_back(Outcome::Success).is_taken);
    rig_->answer("/ask", 202);
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorCallback, ThatDoesNotComeLeavesTheStepInDoubt) {
    rig_->answer("/ask", 202);
    rig_->pass(hours{1});
    EXPECT_THAT(rig_->open(), ElementsAre("/unask"));
}

TEST_F(CoordinatorCallback, AfterTheEndIsNotedOnce) {
    rig_->answer("/ask", 202);
    rig_->pass(hours{1});
    rig_->answer("/unask", 200);
    ASSERT_EQ(rig_->status("a"), "compensated");
    ASSERT_EQ(rig_->live(), 0u);
    const int ended = rig_->telemetry.ended;
    const auto before = rig_->journal("a");

    const CallBack::Taken late = call_back(Outcome::Success);
    EXPECT_FALSE(late.is_taken);
    EXPECT_EQ(late.status, sagas::Status::Compensated);
    auto noted = before;
    noted.emplace_back("late");
    EXPECT_EQ(rig_->journal("a"), noted);
    EXPECT_FALSE(call_back(Outcome::Success).is_taken);
    EXPECT_EQ(rig_->journal("a"), noted);
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->telemetry.ended, ended);  // It did not end again.
}

TEST_F(CoordinatorCallback, TwiceAtOnceAfterTheEndIsNotedOnce) {
    rig_->answer("/ask", 202);
    rig_->pass(hours{1});
    rig_->answer("/unask", 200);
    const auto rows = rig_->journal("a").size();
    const auto one = rig_->call_back("a", word(Outcome::Failure));
    const auto two = rig_->call_back("a", word(Outcome::Failure));
    rig_->settle();
    EXPECT_FALSE(get<CallBack::Taken>(one)->is_taken);
    EXPECT_FALSE(get<CallBack::Taken>(two)->is_taken);
    EXPECT_EQ(rig_->journal("a").size(), rows + 1);
    EXPECT_EQ(rig_->live(), 0u);
}

TEST_F(CoordinatorCallback, FindsASagaThatWasParkedBeforeACrash) {
    rig_->answer("/ask", 202);
    rig_->pass(std::chrono::minutes{1});
    ASSERT_EQ(rig_->live(), 0u);
    rig_ = std::make_unique<Rig>(*store_, CoordinatorOptions{}, std::chrono::minutes{2});
    EXPECT_TRUE(call_back(Outcome::Failure).is_taken);
    EXPECT_EQ(rig_->status("a"), "compensated");
}

}  // namespace
}  // namespace skald::engine
