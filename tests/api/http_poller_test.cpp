#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "api/http/poller.h"
#include "api/http/worker_threads.h"

namespace skald::api::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Deadline never() { return std::chrono::steady_clock::now() + hours(1); }
Deadline now() { return std::chrono::steady_clock::now(); }

class Sockets {
 public:
    Sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0); }
    ~Sockets() {
        for (const int end : ends_) ::close(end);
    }
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;

    int ours() const { return ends_[0]; }
    void send() { EXPECT_EQ(::send(ends_[1], "x", 1, MSG_NOSIGNAL), 1); }
    void receive() {
        char byte = 0;
        EXPECT_EQ(::recv(ends_[0], &byte, 1, 0), 1);
    }

 private:
    std::array<int, 2> ends_{};
};

/// Does what it was told to.
class Told final : public Poller::Waiter {
 public:
    explicit Told(std::function<std::optional<Wait>()> go_on) : go_on_(std::move(go_on)) {}
    std::optional<Wait> go_on() override { return go_on_(); }

 private:
    const std::function<std::optional<Wait>()> go_on_;
};

class PollerTest : public ::testing::Test {
 protected:
    Poller::Id add(Wait wait) {
        const Poller::Id id = poller_.next_id();
        poller_.add(id, std::make_unique<Told>([] { return std::nullopt; }), sockets_.ours(), wait);
        return id;
    }
    /// The work that is there now.
    std::optional<Poller::Work> look() { return poller_.take(milliseconds(0)); }
    std::optional<Poller::Work> take() { return poller_.take(hours(1)); }
    void wait_again(Poller::Work work, Wait wait) { poller_.give_back(std::move(work), wait); }

    Sockets sockets_;
    Poller poller_;
};

TEST_F(PollerTest, GivesWhatHasBytesOnce) {
    const Poller::Id id = add({Wait::For::Bytes, never()});
    EXPECT_FALSE(look());
    sockets_.send();
    auto work = take();
    ASSERT_TRUE(work);
    EXPECT_EQ(work->id, id);
    sockets_.send();
    EXPECT_FALSE(look());
    // What came meanwhile is seen.
    wait_again(std::move(*work), {Wait::For::Bytes, never()});
    EXPECT_TRUE(take());
}

TEST_F(PollerTest, GivesWhatHasSpace) {
    add({Wait::For::Space, never()});
    EXPECT_TRUE(take());
}

TEST_F(PollerTest, GivesWhatIsLate) {
    for (const auto what : {Wait::For::Bytes, Wait::For::Signal}) {
        add({what, now()});
        EXPECT_TRUE(take());
    }
}

TEST_F(PollerTest, GivesTheEarlierTimeThatCameLater) {
    add({Wait::For::Signal, never()});
    const Poller::Id soon = add({Wait::For::Signal, now() + milliseconds(1)});
    const auto work = take();
    ASSERT_TRUE(work);
    EXPECT_EQ(work->id, soon);
}

TEST_F(PollerTest, EndsAWaitByItsSignalAlone) {
    const Poller::Id id = add({Wait::For::Bytes, never()});
    sockets_.send();
    auto work = take();
    ASSERT_TRUE(work);
    const auto first = poller_.begin_signal(id);
    const auto second = poller_.begin_signal(id);
    wait_again(std::move(*work), {Wait::For::Signal, never()});
    first();
    EXPECT_FALSE(look());
    EXPECT_FALSE(poller_.was_signalled(id));
    second();
    work = take();
    ASSERT_TRUE(work);
    EXPECT_TRUE(poller_.was_signalled(id));
}

TEST_F(PollerTest, KnowsASignalThatCameBeforeTheWait) {
    const Poller::Id id = add({Wait::For::Space, never()});
    auto work = take();
    ASSERT_TRUE(work);
    poller_.begin_signal(id)();
    wait_again(std::move(*work), {Wait::For::Signal, never()});
    EXPECT_TRUE(look());
}

TEST_F(PollerTest, EndsAllWaitsForSignals) {
    add({Wait::For::Signal, never()});
    poller_.end_signals();
    auto work = look();
    ASSERT_TRUE(work);
    wait_again(std::move(*work), {Wait::For::Signal, never()});
    EXPECT_TRUE(look());
}

TEST_F(PollerTest, TakesASignalWhenTheWaiterIsGone) {
    const Poller::Id id = add({Wait::For::Space, never()});
    auto work = take();
    ASSERT_TRUE(work);
    const auto ready = poller_.begin_signal(id);
    poller_.give_back(std::move(*work), std::nullopt);
    ready();
    poller_.signal(id);
    EXPECT_FALSE(look());
}

TEST_F(PollerTest, TakesASignalWhenItIsGoneItself) {
    std::function<void()> ready;
    {
        Poller poller;
        const Poller::Id id = poller.next_id();
        poller.add(id, std::make_unique<Told>([] { return std::nullopt; }), sockets_.ours(),
                   {Wait::For::Signal, never()});
        ready = poller.begin_signal(id);
    }
    ready();
}

TEST_F(PollerTest, GivesNothingOnceItIsStopped) {
    std::vector<std::jthread> sleeping;
    for (int i = 0; i < 3; ++i) sleeping.emplace_back([this] { EXPECT_FALSE(take()); });
    poller_.stop();
    sleeping.clear();
    add({Wait::For::Space, never()});
    EXPECT_FALSE(look());
}

TEST(WorkerThreads, DoEachWorkOnce) {
    constexpr int kWaiters = 50;
    constexpr int kTurns = 20;
    std::deque<Sockets> sockets(kWaiters);
    std::atomic<int> turns{0};
    std::atomic<int> ended{0};
    Poller poller;
    WorkerThreads threads(poller, 4);
    threads.start();
    for (Sockets& each : sockets) {
        const Poller::Id id = poller.next_id();
        auto waiter = std::make_unique<Told>(
            [&, id, turn = 0, ready = std::function<void()>()]() mutable -> std::optional<Wait> {
                ++turns;
                if (++turn == kTurns) {
                    ++ended;
                    ended.notify_all();
                    return std::nullopt;
                }
                if (turn % 2 == 0) return Wait{Wait::For::Space, never()};
                ready = poller.begin_signal(id);
                ready();
                return Wait{Wait::For::Signal, never()};
            });
        poller.add(id, std::move(waiter), each.ours(), {Wait::For::Bytes, never()});
        each.send();
    }
    for (int seen = ended; seen < kWaiters; seen = ended) ended.wait(seen);
    EXPECT_EQ(turns, kWaiters * kTurns);
}

TEST(WorkerThreads, BecomeMoreWhileOthersAreHeld) {
    constexpr int kHeld = 20;  // More than there are cores, on most machines.
    std::deque<Sockets> sockets(kHeld);
    std::atomic<int> held{0};
    std::atomic<bool> is_free{false};
    Poller poller;
    WorkerThreads threads(poller, kHeld);
    threads.start();
    for (Sockets& each : sockets) {
        const Poller::Id id = poller.next_id();
        auto waiter = std::make_unique<Told>([&]() -> std::optional<Wait> {
            ++held;
            held.notify_all();
            is_free.wait(false);
            return std::nullopt;
        });
        poller.add(id, std::move(waiter), each.ours(), {Wait::For::Space, never()});
    }
    for (int seen = held; seen < kHeld; seen = held) held.wait(seen);
    EXPECT_EQ(threads.count(), std::size_t{kHeld});
    is_free = true;
    is_free.notify_all();
}

// One that ends for want of work must not leave the rest to those that are held.
TEST(WorkerThreads, KeepOneThatWaitsWhileOthersAreHeld) {
    constexpr std::size_t kRounds = 100;
    std::deque<Sockets> sockets(kRounds + 1);  // The kernel watches one but once.
    std::atomic<bool> is_held{false};
    std::atomic<bool> is_free{false};
    std::atomic<std::size_t> done{0};
    Poller poller;
    WorkerThreads threads(poller, 4, milliseconds(0));
    threads.start();
    const auto add = [&](Sockets& socket, std::function<std::optional<Wait>()> go_on) {
        poller.add(poller.next_id(), std::make_unique<Told>(std::move(go_on)), socket.ours(),
                   {Wait::For::Space, never()});
    };
    add(sockets[0], [&]() -> std::optional<Wait> {
        is_held = true;
        is_held.notify_all();
        is_free.wait(false);
        return std::nullopt;
    });
    is_held.wait(false);
    for (std::size_t round = 1; round <= kRounds; ++round) {
        add(sockets[round], [&]() -> std::optional<Wait> {
            ++done;
            done.notify_all();
            return std::nullopt;
        });
        for (std::size_t seen = done; seen < round; seen = done) done.wait(seen);
    }
    is_free = true;
    is_free.notify_all();
}

}  // namespace
}  // namespace skald::api::http
