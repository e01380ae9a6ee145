#include "engine/watchers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/engine/collected.h"

namespace skald::engine {
namespace {

RestPtr rest_of(const std::string& id) {
    Rest rest;
    rest.saga.id = id;
    return std::make_shared<const Rest>(std::move(rest));
}

TEST(Watchers, WakeWhoWaitsForTheSaga) {
    Watchers watchers;
    Watchers::Watch watch = watchers.watch("a");
    Watchers::Watch twin = watchers.watch("a");
    Watchers::Watch other = watchers.watch("b");
    int woken = 0;
    int twin_woken = 0;
    int other_woken = 0;
    watch.when_ready([&] { ++woken; });
    twin.when_ready([&] { ++twin_woken; });
    other.when_ready([&] { ++other_woken; });
    EXPECT_TRUE(watchers.is_watched("a"));
    EXPECT_EQ(watch.rest(), nullptr);

    const RestPtr rest = rest_of("a");
    watchers.came_to_rest(rest);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(twin_woken, 1);
    EXPECT_EQ(other_woken, 0);
    EXPECT_EQ(watch.rest(), rest);
    EXPECT_EQ(twin.rest(), rest);
    EXPECT_EQ(other.rest(), nullptr);
    EXPECT_FALSE(watchers.is_watched("a"));
    EXPECT_TRUE(watchers.is_watched("b"));

    watchers.came_to_rest(rest_of("a"));  // It was stuck first and has ended now.
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(watch.rest(), rest);
}

TEST(Watchers, TellAtOnceWhatHappenedBeforeTheQuestion) {
    Watchers watchers;
    Watchers::Watch watch = watchers.watch("a");
    watchers.came_to_rest(rest_of("a"));
    int woken = 0;
    watch.when_ready([&] { ++woken; });
    EXPECT_EQ(woken, 1);
}

TEST(Watchers, ForgetAWatchThatIsDestroyed) {
    Watchers watchers;
    int woken = 0;
    {
        Watchers::Watch watch = watchers.watch("a");
        Watchers::Watch moved = std::move(watch);
        moved.when_ready([&] { ++woken; });
        EXPECT_TRUE(watchers.is_watched("a"));
    }
    EXPECT_FALSE(watchers.is_watched("a"));
    watchers.came_to_rest(rest_of("a"));
    EXPECT_EQ(woken, 0);
}

TEST(Watchers, MakeEveryWatchReadyOnceClosed) {
    Watchers watchers;
    Watchers::Watch before = watchers.watch("a");
    int woken = 0;
    before.when_ready([&] { ++woken; });
    watchers.close();
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(before.rest(), nullptr);
    Watchers::Watch after = watchers.watch("b");
    after.when_ready([&] { ++woken; });
    EXPECT_EQ(woken, 2);
    EXPECT_FALSE(watchers.is_watched("b"));
}

TEST(Watchers, LetAWatchBeDestroyedFromWithinItsCall) {
    Watchers watchers;
    std::optional<Watchers::Watch> watch(watchers.watch("a"));
    int woken = 0;
    watch->when_ready([&] {
        ++woken;
        watch.reset();
    });
    watchers.came_to_rest(rest_of("a"));
    EXPECT_EQ(woken, 1);
    EXPECT_FALSE(watch.has_value());
}

TEST(Watchers, MayGoBeforeTheirWatches) {
    auto watchers = std::make_unique<Watchers>();
    Watchers::Watch watch = watchers->watch("a");
    watchers.reset();
    EXPECT_EQ(watch.rest(), nullptr);
}

TEST(Watchers, DoNotLetAWatchGoWhileItIsBeingCalled) {
    Watchers watchers;
    Collected<int> called;
    Collected<int> go;
    std::atomic<bool> is_over = false;
    std::optional<Watchers::Watch> watch(watchers.watch("a"));
    watch->when_ready([&] {
        called.add(1);
        go.wait_for(1);
        is_over = true;
    });
    std::jthread loop([&] { watchers.came_to_rest(rest_of("a")); });
    called.wait_for(1);
    std::jthread helper([&] { go.add(1); });
    watch.reset();
    EXPECT_TRUE(is_over);
}

/// For the thread sanitizer: watches come and go while sagas end.
TEST(Watchers, ServeManyThreads) {
    constexpr int kRounds = 2'000;
    Watchers watchers;
    std::atomic<bool> is_ending = false;
    std::jthread loop([&] {
        for (int i = 0; !is_ending; ++i) {
            const std::string id = std::to_string(i % 4);
            if (watchers.is_watched(id)) watchers.came_to_rest(rest_of(id));
        }
    });
    {
        std::vector<std::jthread> clients;
        for (int client = 0; client < 3; ++client) {
            clients.emplace_back([&watchers, client] {
                for (int i = 0; i < kRounds; ++i) {
                    int woken = 0;
                    Watchers::Watch watch = watchers.watch(std::to_string((i + client) % 4));
                    watch.when_ready([&woken] { ++woken; });
                }
            });
        }
    }
    is_ending = true;
}

}  // namespace
}  // namespace skald::engine
