#include "engine/loop.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

namespace skald::engine {
namespace {

using sagas::Milliseconds;

TEST(Loop, RunsWhatIsPostedInOrder) {
    const auto loop = make_loop();
    std::vector<int> ran;
    loop->post([&] {
        ran.push_back(1);
        loop->post([&] {
            ran.push_back(3);
            loop->stop();
        });
    });
    loop->post([&] { ran.push_back(2); });
    loop->run();
    EXPECT_EQ(ran, (std::vector{1, 2, 3}));
}

TEST(Loop, RunsWhatManyThreadsPostEachInItsOrder) {
    constexpr int kThreads = 4;
    constexpr int kPosts = 5'000;
    const auto loop = make_loop();
    std::map<int, int> last;
    int ran = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 1; i <= kPosts; ++i) {
                loop->post([&, thread, i] {
                    EXPECT_EQ(last[thread], i - 1);
                    last[thread] = i;
                    if (++ran == kThreads * kPosts) loop->stop();
                });
            }
        });
    }
    loop->run();
    EXPECT_EQ(ran, kThreads * kPosts);
}

TEST(Loop, RunsOnlyTheTimerThatWasSetLast) {
    const auto loop = make_loop();
    std::vector<int> ran;
    loop->set_timer(Milliseconds(0), [&] { ran.push_back(1); });
    loop->set_timer(Milliseconds(1), [&] {
        ran.push_back(2);
        loop->set_timer(Milliseconds(0), [&] {
            ran.push_back(3);
            loop->stop();
        });
    });
    loop->run();
    EXPECT_EQ(ran, (std::vector{2, 3}));
}

TEST(Loop, ReplacesATimerThatHasExpiredAndNotRun) {
    const auto loop = make_loop();
    std::vector<int> ran;
    loop->set_timer(Milliseconds(-1), [&] { ran.push_back(1); });
    // Posted work runs first in its turn, with the timer's handler due already behind it.
    loop->post([&] {
        loop->set_timer(Milliseconds(0), [&] {
            ran.push_back(2);
            loop->stop();
        });
    });
    loop->run();
    EXPECT_EQ(ran.back(), 2);
    EXPECT_LE(ran.size(), 2u);
}

TEST(Loop, StopsAtOnceWhenItWasStoppedBefore) {
    const auto loop = make_loop();
    loop->stop();
    loop->run();
}

}  // namespace
}  // namespace skald::engine
