#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "api/http/connections.h"
#include "api/http/worker_threads.h"

namespace skald::api::http {
namespace {

/// A connection whose other end nobody uses.
class Member {
 public:
    explicit Member(Connections& connections) : member(connections, open()) {}
    ~Member() {
        ::close(sockets_[0]);
        ::close(sockets_[1]);
    }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

 private:
    int open() {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_.data()), 0);
        return sockets_[0];
    }
    std::array<int, 2> sockets_{};

 public:
    Connections::Member member;
};

TEST(Connections, SendAwayTheLongestIdle) {
    Connections connections(2, 2, 2);
    Member first(connections);
    Member second(connections);
    Member third(connections);
    for (Member* each : {&first, &second, &third}) each->member.begin_work();
    EXPECT_TRUE(second.member.begin_idle());
    EXPECT_TRUE(first.member.begin_idle());
    EXPECT_TRUE(third.member.begin_idle());
    EXPECT_TRUE(second.member.is_leaving());
    EXPECT_FALSE(first.member.is_leaving());
    EXPECT_FALSE(third.member.is_leaving());
    // A request that came before it saw that is still answered.
    second.member.begin_work();
    EXPECT_TRUE(second.member.is_leaving());
    EXPECT_FALSE(second.member.begin_idle());
    EXPECT_FALSE(second.member.begin_waiting());
}

TEST(Connections, LetNoMoreWaitThanMay) {
    Connections connections(3, 1, 1);
    Member first(connections);
    Member second(connections);
    first.member.begin_work();
    second.member.begin_work();
    EXPECT_TRUE(first.member.begin_waiting());
    EXPECT_FALSE(second.member.begin_waiting());
    first.member.end_waiting();
    EXPECT_TRUE(second.member.begin_waiting());
    second.member.end_waiting();
}

TEST(Connections, FreeTheIdleAndNeverTheBusy) {
    Connections connections(10, 10, 10);
    Member working(connections);
    Member fresh(connections);
    Member idle(connections);
    working.member.begin_work();
    idle.member.begin_work();
    EXPECT_TRUE(idle.member.begin_idle());
    connections.free_one();
    EXPECT_TRUE(idle.member.is_leaving());
    connections.free_one();
    EXPECT_FALSE(working.member.is_leaving());
    EXPECT_FALSE(fresh.member.is_leaving());  // It has had no time yet.
}

TEST(Connections, KeepTheirCountWhenMembersEnd) {
    Connections connections(1, 1, 1);
    for (int i = 0; i < 5; ++i) {
        Member gone(connections);
        gone.member.begin_work();
        EXPECT_TRUE(gone.member.begin_idle());
    }
    Member first(connections);
    first.member.begin_work();
    EXPECT_TRUE(first.member.begin_idle());
    EXPECT_FALSE(first.member.is_leaving());
}

TEST(Connections, LetNobodyInWhenStopping) {
    Connections connections(10, 10, 10);
    Member before(connections);
    before.member.begin_work();
    connections.begin_stop();
    EXPECT_FALSE(before.member.is_leaving());  // It is at work.
    EXPECT_FALSE(before.member.begin_waiting());
    EXPECT_FALSE(before.member.begin_idle());
    Member after(connections);
    EXPECT_TRUE(after.member.is_leaving());
}

TEST(WorkerThreads, RunWhatWasQueuedBeforeTheyEnd) {
    std::atomic<int> ran{0};
    {
        WorkerThreads threads(2, 100);
        for (int i = 0; i < 50; ++i) {
            WorkerThreads::Task task = [&ran] { ++ran; };
            EXPECT_NE(threads.submit(task), WorkerThreads::Submitted::Refused);
        }
    }
    EXPECT_EQ(ran, 50);
}

TEST(WorkerThreads, TellWhenTheyAreFree) {
    WorkerThreads threads(1, 1);
    const auto now = std::chrono::steady_clock::now();
    EXPECT_TRUE(threads.wait_until_free(now));
    engine::Mutex mutex;
    mutex.lock();
    WorkerThreads::Task task = [&mutex] { const engine::MutexLock lock(mutex); };
    EXPECT_EQ(threads.submit(task), WorkerThreads::Submitted::Started);
    task = [] {};
    EXPECT_EQ(threads.submit(task), WorkerThreads::Submitted::Queued);
    EXPECT_EQ(threads.queued(), 1U);
    task = [] {};
    EXPECT_EQ(threads.submit(task), WorkerThreads::Submitted::Refused);
    EXPECT_TRUE(task != nullptr);
    EXPECT_FALSE(threads.wait_until_free(now));
    mutex.unlock();
    EXPECT_TRUE(threads.wait_until_free(std::chrono::steady_clock::time_point::max()));
    EXPECT_EQ(threads.queued(), 0U);
}

}  // namespace
}  // namespace skald::api::http
