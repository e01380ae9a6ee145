#include "engine/clock.h"

#include <gmock/gmock.h>

#include <chrono>

namespace skald::engine {
namespace {

using sagas::Milliseconds;
using sagas::Timestamp;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Timestamp kStart{Milliseconds{1'700'000'000'000}};

/// A system whose clocks the test moves.
class FakeSystem final : public SystemTime {
 public:
    Timestamp wall() const override { return wall_; }
    Milliseconds since_boot() const override { return boot_; }

    /// Time passes, also while the machine is suspended.
    void pass(Milliseconds time) {
        wall_ += time;
        boot_ += time;
    }
    /// Somebody sets the wall clock.
    void set(Milliseconds by) { wall_ += by; }

 private:
    Timestamp wall_ = kStart;
    Milliseconds boot_{1'000};
};

class EngineClock : public ::testing::Test {
 protected:
    std::unique_ptr<Clock> start(std::optional<Timestamp> last = std::nullopt,
                                 AcceptClock accept = AcceptClock::No) {
        auto clock = make_engine_clock(system_, last, accept);
        EXPECT_TRUE(clock.has_value());
        return std::move(*clock);
    }
    /// Lets time pass second by second, and checks that the clock never goes back.
    void pass(const Clock& clock, seconds time) {
        for (seconds passed{0}; passed < time; ++passed) {
            const Timestamp before = clock.now();
            system_.pass(seconds(1));
            EXPECT_GE(clock.now(), before);
        }
    }

    FakeSystem system_;
};

TEST_F(EngineClock, RunsWithTheSystem) {
    const auto clock = start();
    EXPECT_EQ(clock->now(), kStart);
    system_.pass(Milliseconds(1));
    EXPECT_EQ(clock->now(), kStart + Milliseconds(1));
    system_.pass(hours(24));
    EXPECT_EQ(clock->now(), kStart + hours(24) + Milliseconds(1));
}

TEST_F(EngineClock, GoesOnWhileTheMachineIsSuspended) {
    const auto clock = start();
    system_.pass(hours(8));  // CLOCK_BOOTTIME counts it.
    EXPECT_EQ(clock->now(), kStart + hours(8));
}

TEST_F(EngineClock, FollowsASmallStepForwardAtOnce) {
    const auto clock = start();
    system_.set(Milliseconds(999));
    EXPECT_EQ(clock->now(), kStart + Milliseconds(999));
}

TEST_F(EngineClock, StandsStillForASmallStepBack) {
    const auto clock = start();
    system_.set(-Milliseconds(400));
    EXPECT_EQ(clock->now(), kStart);
    system_.pass(Milliseconds(300));
    EXPECT_EQ(clock->now(), kStart);
    system_.pass(Milliseconds(200));
    EXPECT_EQ(clock->now(), kStart + Milliseconds(100));
}

TEST_F(EngineClock, FollowsAJumpForwardOnlyAfterAMinute) {
    const auto clock = start();
    system_.set(hours(1));
    EXPECT_EQ(clock->now(), kStart);
    pass(*clock, seconds(59));
    EXPECT_EQ(clock->now(), kStart + seconds(59));
    system_.pass(seconds(1));
    EXPECT_EQ(clock->now(), kStart + seconds(60) + hours(1));
    system_.pass(seconds(1));
    EXPECT_EQ(clock->now(), kStart + seconds(61) + hours(1));
}

TEST_F(EngineClock, ForgetsAJumpThatIsTakenBack) {
    const auto clock = start();
    system_.set(hours(1));
    pass(*clock, seconds(30));
    system_.set(-hours(1));
    pass(*clock, seconds(60));
    EXPECT_EQ(clock->now(), kStart + seconds(90));
}

TEST_F(EngineClock, WaitsAnewForAJumpThatChanges) {
    const auto clock = start();
    system_.set(hours(1));
    pass(*clock, seconds(50));
    system_.set(hours(1));
    pass(*clock, seconds(59));
    EXPECT_EQ(clock->now(), kStart + seconds(109));
    pass(*clock, seconds(1));
    EXPECT_EQ(clock->now(), kStart + seconds(110) + hours(2));
}

TEST_F(EngineClock, GoesOnAsBeforeForAMinuteAndThenAtHalfSpeedAfterAJumpBack) {
    const auto clock = start();
    clock->now();
    system_.set(-hours(1));
    pass(*clock, seconds(59));
    EXPECT_EQ(clock->now(), kStart + seconds(59));
    pass(*clock, seconds(601));
    EXPECT_EQ(clock->now(), kStart + seconds(59) + Milliseconds(300'500));
    pass(*clock, hours(2));
    EXPECT_EQ(clock->now(), system_.wall());  // They have met.
    system_.pass(seconds(5));
    EXPECT_EQ(clock->now(), system_.wall());
}

TEST_F(EngineClock, CountsHalvesOfMilliseconds) {
    const auto clock = start();
    system_.set(-hours(1));
    clock->now();
    pass(*clock, seconds(60));
    const Timestamp before = clock->now();
    for (int i = 0; i < 1'000; ++i) {
        system_.pass(Milliseconds(1));
        clock->now();
    }
    EXPECT_EQ(clock->now(), before + Milliseconds(500));
}

TEST_F(EngineClock, StartsWhereTheJournalEnded) {
    const auto clock = start(kStart + minutes(10));
    EXPECT_EQ(clock->now(), kStart + minutes(10));
    pass(*clock, seconds(20 * 60 + 120));
    EXPECT_EQ(clock->now(), system_.wall());
}

TEST_F(EngineClock, StartsAtTheWallClockWhenTheJournalIsOlder) {
    EXPECT_EQ(start(kStart - hours(100))->now(), kStart);
}

TEST_F(EngineClock, RefusesToStartFarBehindTheJournal) {
    const auto clock =
        make_engine_clock(system_, kStart + hours(1) + Milliseconds(1), AcceptClock::No);
    ASSERT_FALSE(clock.has_value());
    EXPECT_EQ(clock.error().code, sagas::ErrorCode::Unavailable);
    EXPECT_THAT(clock.error().message, ::testing::HasSubstr("2023-11-14T22:13:20.000Z"));
    EXPECT_THAT(clock.error().message, ::testing::HasSubstr("2023-11-14T23:13:20.001Z"));
    EXPECT_THAT(clock.error().message, ::testing::HasSubstr("--accept-clock"));
}

TEST_F(EngineClock, StartsFarBehindTheJournalWhenThatIsAccepted) {
    const auto clock = start(kStart + hours(2), AcceptClock::Yes);
    EXPECT_EQ(clock->now(), kStart + hours(2));
}

TEST(SystemTime, GoesOn) {
    const Timestamp wall = system_time().wall();
    EXPECT_GT(wall, kStart);
    const Milliseconds boot = system_time().since_boot();
    EXPECT_GT(boot, Milliseconds::zero());
    EXPECT_GE(system_time().since_boot(), boot);
}

}  // namespace
}  // namespace skald::engine
