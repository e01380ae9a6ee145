#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "engine/subscriptions.h"
#include "tests/engine/subscriptions_fixture.h"

/// What bounds subscriptions, and that nobody waits for ever because of it.
namespace skald::engine {
namespace {

using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr char kWebhookKey[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class BoundsTest : public SubscriptionsTest {
 protected:
    BoundsTest() { rig_->secrets["HOOK"] = kWebhookKey; }

    /// Each of 200 KB, so that 60 of them are three times what is kept in memory.
    void place_large(int count) {
        for (int i = 0; i < count; ++i) {
            sagas::Json event = placed(std::to_string(i));
            event["data"] = std::string(200'000, 'x');
            publish({event});
        }
    }
    /// Answers all calls that are open, without a commit in between.
    int take_pushes() {
        int count = 0;
        for (; !rig_->caller.open.empty(); ++count) {
            const CallId id = rig_->caller.open.front().id;
            rig_->caller.open.pop_front();
            rig_->coordinator->answered(
                id, sagas::Reply{200, {}, sagas::make_value(nullptr), std::nullopt});
        }
        rig_->settle();
        return count;
    }
};

TEST_F(BoundsTest, PushesGoOnWhenAllInMemoryWereAnsweredAtOnce) {
    place_large(60);
    subscribe("hook", push({{"push", {{"max_parallel", 100}}}}));
    int count = 0;
    for (int round = 0; round < 60; ++round) {
        rig_->pass(kWritten);
        count += take_pushes();
    }
    EXPECT_EQ(count, 60);
    EXPECT_EQ(cursor("hook"), 60);
}

TEST_F(BoundsTest, AFetchIsServedWhenAllInMemoryWasAcknowledged) {
    place_large(60);
    subscribe("mail", pull());
    const auto first = fetch("mail", 1'000);
    const auto waiting = rig_->fetch("mail", 1'000, 60s);
    rig_->settle();
    ASSERT_FALSE(waiting->has_value());
    answer("mail", first);
    rig_->pass(kWritten);
    EXPECT_TRUE(waiting->has_value());
}

TEST_F(BoundsTest, ASecondFetchIsServedWhileTheLogHasMore) {
    std::vector<sagas::Json> events;
    for (int i = 0; i < 1'500; ++i) {
        sagas::Json event = placed(std::to_string(i));
        if (i % 7 == 3) event["type"] = "other";
        events.push_back(event);
    }
    publish(events);
    subscribe("mail", pull({{"filter", {{"type", "placed"}}}}));
    rig_->pass(1s);
    const auto first = rig_->fetch("mail", 900, 60s);
    const auto second = rig_->fetch("mail", 1'000, 60s);
    rig_->settle();
    EXPECT_TRUE(first->has_value());
    EXPECT_TRUE(second->has_value());
}

TEST_F(BoundsTest, FetchesThatNobodyWaitsForMakeRoom) {
    subscribe("mail", pull());
    for (std::size_t i = 0; i < Subscriptions::kFetchesMax; ++i) {
        Fetch gone;
        gone.name = "mail";
        gone.limit = 1;
        gone.until = rig_->clock.now() + 60s;
        gone.done = [](const Fetch::Result&) {};
        gone.is_wanted = [] { return false; };
        rig_->coordinator->post(std::move(gone));
        if (i % 100 == 0) rig_->settle();
    }
    rig_->settle();
    const auto asked = rig_->fetch("mail", 1, 1s);
    rig_->settle();
    EXPECT_FALSE(asked->has_value());
    place({"1"});
    EXPECT_NE(get<std::vector<Fetch::Delivery>>(asked), nullptr);
}

TEST_F(BoundsTest, ThereAreNoMoreThanSoMany) {
    std::vector<Rig::Later<ChangeSubscription::Result>> results;
    for (std::size_t i = 0; i < 2 * Subscriptions::kSubscriptionsMax; ++i) {
        results.push_back(rig_->subscribe("s" + std::to_string(i), pull()));
    }
    rig_->settle();
    const auto made = std::count_if(results.begin(), results.end(), [](const auto& result) {
        return get<store::SubscriptionOutcome>(result) != nullptr;
    });
    EXPECT_EQ(made, Subscriptions::kSubscriptionsMax);
}

TEST_F(BoundsTest, ManyThatAreBehindAreReadForInTurn) {
    place({"1", "2"});
    for (int i = 0; i < 40; ++i) subscribe("s" + std::to_string(i), pull());
    crash();
    rig_->holds_reads = true;
    rig_->settle();
    EXPECT_THAT(rig_->loader.answers, SizeIs(9)) << "eight pages, and which sagas are due";
    rig_->holds_reads = false;
    rig_->settle();
    for (int i = 0; i < 40; ++i) EXPECT_THAT(fetch("s" + std::to_string(i)), SizeIs(2)) << i;
}

TEST_F(BoundsTest, ATryIsForgottenWithItsEventThoughFewerAreAllowedNow) {
    subscribe("hook", push());
    place({"1"});
    answer_push(500);
    EXPECT_EQ(rig_->subscription("hook").failing, 1u);
    subscribe("hook", push({{"maximum_attempts", 1}}));
    crash();
    rig_->pass(2s);
    answer_push(200);
    rig_->pass(kWritten);
    EXPECT_EQ(cursor("hook"), 1);
    EXPECT_EQ(rig_->subscription("hook").failing, 0u);
}

}  // namespace
}  // namespace skald::engine
