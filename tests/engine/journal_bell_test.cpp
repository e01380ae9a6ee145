#include "engine/journal_bell.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace skald::engine {
namespace {

using store::Position;

TEST(JournalBell, WakesWhoWaitsOnce) {
    JournalBell bell;
    JournalBell::Listener listener(bell);
    JournalBell::Listener other(bell);
    int woken = 0;
    int other_woken = 0;
    listener.when_beyond(Position{0}, [&] { ++woken; });
    other.when_beyond(Position{0}, [&] { ++other_woken; });
    EXPECT_EQ(woken, 0);
    bell.ring(Position{7});
    EXPECT_EQ(bell.last(), Position{7});
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(other_woken, 1);
    bell.ring(Position{8});
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(other_woken, 1);
}

TEST(JournalBell, TellsAtOnceWhatWasMissed) {
    JournalBell bell;
    JournalBell::Listener listener(bell);
    bell.ring(Position{7});
    int woken = 0;
    listener.when_beyond(Position{6}, [&] { ++woken; });
    EXPECT_EQ(woken, 1);
    listener.when_beyond(Position{7}, [&] { ++woken; });
    EXPECT_EQ(woken, 1);
    bell.ring(Position{8});
    EXPECT_EQ(woken, 2);
}

TEST(JournalBell, IsStillWhereTheJournalDidNotGrow) {
    JournalBell bell;
    JournalBell::Listener listener(bell);
    bell.ring(Position{7});
    int woken = 0;
    listener.when_beyond(Position{7}, [&] { ++woken; });
    bell.ring(Position{7});  // A batch of definitions.
    bell.ring(Position{0});  // An empty one.
    EXPECT_EQ(woken, 0);
    EXPECT_EQ(bell.last(), Position{7});
}

TEST(JournalBell, KeepsOneWaitOfEachListener) {
    JournalBell bell;
    JournalBell::Listener listener(bell);
    int first = 0;
    int second = 0;
    listener.when_beyond(Position{0}, [&] { ++first; });
    listener.when_beyond(Position{0}, [&] { ++second; });
    bell.ring(Position{1});
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 1);

    listener.when_beyond(Position{1}, [&] { ++first; });
    bell.ring(Position{2});
    listener.when_beyond(Position{1}, [&] { ++second; });  // At once: nothing is left waiting.
    bell.ring(Position{3});
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
}

TEST(JournalBell, ForgetsAListenerThatIsGone) {
    JournalBell bell;
    auto kept = std::make_shared<int>(0);
    {
        JournalBell::Listener listener(bell);
        listener.when_beyond(Position{0}, [kept] { ++*kept; });
        EXPECT_EQ(kept.use_count(), 2);
    }
    EXPECT_EQ(kept.use_count(), 1);
    bell.ring(Position{1});
    EXPECT_EQ(*kept, 0);
}

TEST(JournalBell, MayBeListenedToAgainFromWithinTheCall) {
    JournalBell bell;
    JournalBell::Listener listener(bell);
    int woken = 0;
    listener.when_beyond(Position{0}, [&] {
        ++woken;
        listener.when_beyond(bell.last(), [&] { ++woken; });
    });
    bell.ring(Position{1});
    EXPECT_EQ(woken, 1);
    bell.ring(Position{2});
    EXPECT_EQ(woken, 2);
}

/// Waits for each growth in turn, as a stream does, until `last`.
void follow(JournalBell& bell, Position last) {
    JournalBell::Listener listener(bell);
    for (Position heard{0}; heard < last; heard = bell.last()) {
        struct Wait {
            std::mutex mutex;
            std::condition_variable changed;
            bool is_over = false;
        };
        const auto wait = std::make_shared<Wait>();
        listener.when_beyond(heard, [wait] {
            const std::lock_guard lock(wait->mutex);
            wait->is_over = true;
            wait->changed.notify_one();
        });
        std::unique_lock lock(wait->mutex);
        wait->changed.wait(lock, [&] { return wait->is_over; });
    }
}

// A ring that falls between looking and listening must not be lost: this would hang.
TEST(JournalBell, IsHeardByAllWhoFollowIt) {
    constexpr std::int64_t kRings = 10'000;
    JournalBell bell;
    std::vector<std::jthread> followers;
    for (int i = 0; i < 4; ++i) {
        followers.emplace_back([&bell] { follow(bell, Position{kRings}); });
    }
    for (std::int64_t last = 1; last <= kRings; ++last) bell.ring(Position{last});
}

}  // namespace
}  // namespace skald::engine
