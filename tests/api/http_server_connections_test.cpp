#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <thread>

#include "api/http/connections.h"
#include "api/http/poller.h"

namespace skald::api::http {
namespace {

/// A connection whose other end nobody uses.
class Member {
 public:
    explicit Member(Connections& connections) : member(connections, open(), Poller::Id{0}) {}
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
    Poller poller;
    Connections connections(poller, {.connections = 10, .waiting = 2, .streams = 2});
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
    Poller poller;
    Connections connections(poller, {.connections = 10, .waiting = 1, .streams = 1});
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

TEST(Connections, MakePlaceOfTheIdleAndNeverOfTheBusy) {
    Poller poller;
    Connections connections(poller, {.connections = 3, .waiting = 10, .streams = 10});
    Member working(connections);
    Member fresh(connections);
    EXPECT_TRUE(connections.make_place());
    Member idle(connections);
    EXPECT_FALSE(connections.make_place());
    working.member.begin_work();
    idle.member.begin_work();
    EXPECT_TRUE(idle.member.begin_idle());
    EXPECT_TRUE(connections.make_place());
    EXPECT_TRUE(idle.member.is_leaving());
    EXPECT_FALSE(connections.make_place());
    EXPECT_FALSE(working.member.is_leaving());
    EXPECT_FALSE(fresh.member.is_leaving());  // It has had no time yet.
}

TEST(Connections, KeepTheirCountWhenMembersEnd) {
    Poller poller;
    Connections connections(poller, {.connections = 10, .waiting = 1, .streams = 1});
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
    Poller poller;
    Connections connections(poller, {.connections = 10, .waiting = 10, .streams = 10});
    Member before(connections);
    before.member.begin_work();
    connections.begin_stop();
    EXPECT_FALSE(before.member.is_leaving());  // It is at work.
    EXPECT_FALSE(before.member.begin_waiting());
    EXPECT_FALSE(before.member.begin_idle());
    Member after(connections);
    EXPECT_TRUE(after.member.is_leaving());
}

TEST(Connections, TakeNoMoreForThoseWhoAreToldToGoButAreThereStill) {
    Poller poller;
    Connections connections(poller, {.connections = 2, .waiting = 10, .streams = 10});
    std::deque<Member> members;
    for (int i = 0; i < 3; ++i) {
        members.emplace_back(connections).member.begin_work();
        EXPECT_TRUE(members.back().member.begin_idle());
    }
    EXPECT_FALSE(connections.make_place());
}

TEST(Connections, KeepNoMoreBytesThanTheyMay) {
    Poller poller;
    Connections connections(poller, {.connections = 10, .waiting = 10, .streams = 10});
    Member other(connections);
    {
        Member one(connections);
        EXPECT_TRUE(one.member.take_memory(Connections::kBytesMax - 1));
        EXPECT_TRUE(other.member.take_memory(1));
        EXPECT_FALSE(other.member.take_memory(1));
    }
    EXPECT_TRUE(other.member.take_memory(1));
    other.member.give_back_memory();
    EXPECT_TRUE(other.member.take_memory(Connections::kBytesMax));
}

TEST(Connections, TellWhenAllAreGone) {
    Poller poller;
    Connections connections(poller, {.connections = 10, .waiting = 10, .streams = 10});
    std::jthread leaving;
    {
        auto member = std::make_unique<Member>(connections);
        connections.wait_until_empty(std::chrono::steady_clock::now());
        leaving = std::jthread([gone = std::move(member)]() mutable { gone.reset(); });
    }
    connections.wait_until_empty(std::chrono::steady_clock::time_point::max());
}

}  // namespace
}  // namespace skald::api::http
