#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "engine/coordinator.h"
#include "store/memory_store.h"
#include "tests/engine/rig.h"

namespace skald::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kLocked[] = R"({"name": "locked", "lock": "{$input.account}", "steps": [
  {"name": "a", "compensation": "none", "in_doubt": "park", "retry": {"maximum_attempts": 1},
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/{$saga.id}"}}}]})";

class CoordinatorLock : public ::testing::Test {
 protected:
    CoordinatorLock() : rig_(std::make_unique<Rig>(*store_)) { rig_->define(kLocked); }

    void restart() {
        rig_ = std::make_unique<Rig>(*store_, CoordinatorOptions{}, std::chrono::minutes{5});
        rig_->settle();
    }
    void start(const std::string& id, const std::string& lock = "account-1") {
        Rig::Wanted wanted;
        wanted.input = {{"account", lock}};
        wanted.lock = lock;
        rig_->start("locked", id, std::move(wanted));
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Rig> rig_;
};

TEST_F(CoordinatorLock, OneSagaRunsAtATimeInTheOrderOfTheirStarts) {
    start("a");
    start("b");
    start("c");
    start("d", "account-2");
    rig_->settle();
    EXPECT_THAT(rig_->open(), UnorderedElementsAre("/a", "/d"));
    rig_->answer("/a", 200);
    EXPECT_THAT(rig_->open(), UnorderedElementsAre("/d", "/b"));
    rig_->answer("/b", 409);
    EXPECT_THAT(rig_->open(), UnorderedElementsAre("/d", "/c"));
    rig_->answer("/c", 200);
    EXPECT_EQ(rig_->status("c"), "completed");
    EXPECT_THAT(rig_->journal("c"), ElementsAre("begun", "lock_granted", "answered"));
}

TEST_F(CoordinatorLock, AFreeOneCostsOneCommitMore) {
    start("a");
    rig_->turn();
    rig_->committer.finish();  // The start.
    EXPECT_THAT(rig_->open(), IsEmpty());
    ASSERT_TRUE(rig_->committer.is_syncing());  // That it has the lock.
    rig_->committer.finish();
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));
}

TEST_F(CoordinatorLock, WhoWaitsLongIsLoadedWhenHisTurnComes) {
    start("a");
    start("b");
    rig_->settle();
    rig_->pass(std::chrono::seconds{30});
    EXPECT_EQ(rig_->live(), 1u);
    rig_->answer("/a", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/b"));
    rig_->answer("/b", 200);
    EXPECT_EQ(rig_->status("b"), "completed");
    EXPECT_EQ(rig_->live(), 0u);
}

TEST_F(CoordinatorLock, AStuckSagaKeepsItUntilItIsGivenUp) {
    start("a");
    start("b");
    rig_->settle();
    rig_->answer("/a", sagas::Lost{"no reply"});
    EXPECT_EQ(rig_->status("a"), "stuck");
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->operate("a", sagas::Abandon{{"local", "given up", std::nullopt}});
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/b"));
}

TEST_F(CoordinatorLock, WhoIsCancelledInTheQueueLeavesIt) {
    start("a");
    start("b");
    start("c");
    rig_->settle();
    rig_->cancel("b");
    rig_->settle();
    EXPECT_EQ(rig_->status("b"), "compensated");
    rig_->answer("/a", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/c"));
}

/// The end that frees the lock is durable, and nobody was told: skald dies just then.
class CoordinatorLockFreed : public CoordinatorLock {
 protected:
    void free_and_crash() {
        const CallId call = rig_->caller.open.front().id;
        rig_->caller.open.pop_front();
        rig_->coordinator->answered(call, sagas::Reply{200, {}, sagas::make_value(nullptr), {}});
        rig_->turn();
        rig_->committer.finish();
        restart();
    }
};

TEST_F(CoordinatorLockFreed, FindsWhoWaitsInMemory) {
    start("a");
    start("b");
    rig_->settle();
    free_and_crash();
    EXPECT_THAT(rig_->open(), ElementsAre("/b"));
}

TEST_F(CoordinatorLockFreed, FindsWhoIsParked) {
    start("a");
    start("b");
    rig_->settle();
    rig_->pass(std::chrono::seconds{30});
    ASSERT_EQ(rig_->live(), 1u);
    free_and_crash();
    EXPECT_THAT(rig_->open(), ElementsAre("/b"));
    EXPECT_THAT(rig_->journal("b"), ElementsAre("begun", "lock_granted"));
}

TEST_F(CoordinatorLock, AQueueOutlivesRestarts) {
    start("a");
    start("b");
    rig_->settle();
    restart();
    EXPECT_THAT(rig_->open(), ElementsAre("/a"));  // It has it, and knows so.
    rig_->answer("/a", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/b"));
}

}  // namespace
}  // namespace skald::engine
