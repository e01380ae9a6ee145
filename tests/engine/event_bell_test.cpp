#include "engine/event_bell.h"

#include <gtest/gtest.h>

#include <memory>

namespace skald::engine {
namespace {

TEST(EventBell, WakesWhoFollowsTheTopicOnce) {
    EventBell bell;
    EventBell::Listener orders(bell, "orders");
    EventBell::Listener payments(bell, "payments");
    int woken = 0;
    int others = 0;
    orders.when_rung(orders.rings(), [&] { ++woken; });
    payments.when_rung(payments.rings(), [&] { ++others; });
    bell.ring("orders");
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(others, 0);
    bell.ring("orders");
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(bell.rings("orders"), 2u);
}

TEST(EventBell, TellsAtOnceWhatWasMissed) {
    EventBell bell;
    EventBell::Listener listener(bell, "orders");
    const std::uint64_t heard = listener.rings();
    bell.ring("orders");
    int woken = 0;
    listener.when_rung(heard, [&] { ++woken; });
    EXPECT_EQ(woken, 1);
}

TEST(EventBell, KeepsOneWaitOfEachListener) {
    EventBell bell;
    EventBell::Listener listener(bell, "orders");
    EventBell::Listener other(bell, "orders");
    int first = 0;
    int second = 0;
    int others = 0;
    listener.when_rung(0, [&] { ++first; });
    other.when_rung(0, [&] { ++others; });
    listener.when_rung(0, [&] { ++second; });
    bell.ring("orders");
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 1);
    EXPECT_EQ(others, 1);
}

TEST(EventBell, ForgetsAListenerThatIsGone) {
    EventBell bell;
    const auto kept = std::make_shared<int>(0);
    {
        EventBell::Listener listener(bell, "orders");
        listener.when_rung(0, [kept] { ++*kept; });
    }
    EXPECT_EQ(kept.use_count(), 1);
    bell.ring("orders");
    EXPECT_EQ(*kept, 0);
}

TEST(EventBell, MayBeListenedToAgainFromWithinTheCall) {
    EventBell bell;
    EventBell::Listener listener(bell, "orders");
    int woken = 0;
    listener.when_rung(0, [&] {
        ++woken;
        listener.when_rung(listener.rings(), [&] { ++woken; });
    });
    bell.ring("orders");
    EXPECT_EQ(woken, 1);
    bell.ring("orders");
    EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace skald::engine
