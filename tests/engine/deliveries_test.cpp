#include "engine/deliveries.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace skald::engine {
namespace {

using namespace std::chrono_literals;
using sagas::Timestamp;
using store::Offset;
using testing::ElementsAre;
using testing::IsEmpty;
using Answered = Deliveries::Answered;
using Offered = Deliveries::Offered;
using Refused = Deliveries::Refused;
using Reopened = Deliveries::Reopened;
using Unwritten = Deliveries::Unwritten;
using Wanted = Deliveries::Wanted;

constexpr Timestamp kNow{1'000'000s};

/// One subscription: three attempts, after 1 s and 2 s.
class DeliveriesTest : public testing::Test {
 protected:
    static Deliveries::Rules rules() { return {"mail", {3, 1s, 2.0, 5min, 0.0}, 4}; }

    Deliveries begin(const SubscriptionProgress& progress, std::vector<DeliveryTry> tries = {},
                     const Deliveries::Rules& with = rules()) {
        auto settled = settled_offsets(progress);
        EXPECT_TRUE(settled);
        return {with, numbers_, std::move(*settled), std::move(tries)};
    }

    /// Offers `subjects` from `first` on; "-" is one that is not wanted.
    static void offer(Deliveries& deliveries, std::int64_t first,
                      const std::vector<std::string>& subjects) {
        for (const std::string& subject : subjects) {
            const Wanted wanted = subject == "-" ? Wanted::No : Wanted::Yes;
            EXPECT_EQ(deliveries.offer(Offset{first++}, subject, wanted), Offered::Yes);
        }
    }

    static std::vector<Lease> take(Deliveries& deliveries, Timestamp now = kNow,
                                   std::size_t limit = 100) {
        std::vector<Lease> leases;
        for (const auto& taken : deliveries.take(limit, now, now + 30s)) {
            leases.push_back(taken.lease);
        }
        return leases;
    }
    static std::vector<std::int64_t> numbers(const std::vector<Lease>& leases) {
        std::vector<std::int64_t> numbers;
        for (const Lease& lease : leases)
            numbers.push_back(static_cast<std::int64_t>(lease.offset));
        return numbers;
    }
    static std::vector<std::int64_t> taken(Deliveries& deliveries, Timestamp now = kNow,
                                           std::size_t limit = 100) {
        return numbers(take(deliveries, now, limit));
    }
    /// "CURSOR", or "CURSOR SETTLED"; empty where there is nothing to be written of it.
    static std::string progress(const DeliveryChanges& changes) {
        if (!changes.progress) return "";
        const auto cursor = std::to_string(static_cast<std::int64_t>(changes.progress->cursor));
        return changes.progress->settled.empty() ? cursor
                                                 : cursor + " " + changes.progress->settled;
    }

    LeaseNumbers numbers_;
};

TEST_F(DeliveriesTest, GiveTheLowestOffsetsFirst) {
    Deliveries deliveries = begin({});
    EXPECT_FALSE(deliveries.has_ready());
    offer(deliveries, 1, {"", "", ""});
    EXPECT_TRUE(deliveries.has_ready());
    EXPECT_THAT(taken(deliveries, kNow, 2), ElementsAre(1, 2));
    EXPECT_THAT(taken(deliveries, kNow, 0), IsEmpty());
    EXPECT_THAT(taken(deliveries), ElementsAre(3));
    EXPECT_THAT(taken(deliveries), IsEmpty());
    EXPECT_EQ(deliveries.open(), 3u);
    EXPECT_EQ(deliveries.leased(), 3u);
}

TEST_F(DeliveriesTest, MoveTheCursorOverWhatIsSettledWithoutAGap) {
    Deliveries deliveries = begin({Offset{10}, ""});
    EXPECT_EQ(deliveries.wants_more(), Offset{10});
    offer(deliveries, 11, {"", "", ""});
    const auto leases = take(deliveries);
    EXPECT_EQ(deliveries.unwritten(), Unwritten::Nothing);
    EXPECT_TRUE(deliveries.changes().empty());

    EXPECT_EQ(deliveries.acknowledge(leases[1]), Answered::Done);
    EXPECT_EQ(deliveries.unwritten(), Unwritten::Outcomes);
    EXPECT_EQ(progress(deliveries.changes()), "10 12");
    EXPECT_EQ(deliveries.unwritten(), Unwritten::Nothing);
    EXPECT_TRUE(deliveries.changes().empty());
    deliveries.acknowledge(leases[0]);
    deliveries.acknowledge(leases[2]);
    EXPECT_EQ(progress(deliveries.changes()), "13");
    EXPECT_EQ(deliveries.cursor(), Offset{13});
    EXPECT_EQ(deliveries.open(), 0u);
}

TEST_F(DeliveriesTest, PassOverWhatIsNotWanted) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"-", "-", "", "-"});
    EXPECT_EQ(deliveries.unwritten(), Unwritten::Passed);
    EXPECT_EQ(progress(deliveries.changes()), "2 4");
    EXPECT_THAT(taken(deliveries), ElementsAre(3));
}

TEST_F(DeliveriesTest, HoldBackASubjectOfWhichOneIsOpen) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"a", "a", "b", ""});
    auto leases = take(deliveries);
    EXPECT_THAT(numbers(leases), ElementsAre(1, 3, 4));
    EXPECT_EQ(deliveries.refuse(leases[0], "no", kNow), Refused::Again);
    EXPECT_THAT(taken(deliveries), IsEmpty());  // It waits, and the next one with it.
    leases = take(deliveries, kNow + 1s);
    EXPECT_THAT(numbers(leases), ElementsAre(1));
    deliveries.acknowledge(leases[0]);
    EXPECT_THAT(taken(deliveries, kNow + 1s), ElementsAre(2));
}

TEST_F(DeliveriesTest, TryAgainLaterAndLaterThenGiveUp) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"a", "a"});
    const auto refuse = [&](Timestamp now) {
        const auto leased = deliveries.take(1, now, kForever);
        EXPECT_EQ(leased.size(), 1u);
        return deliveries.refuse(leased.at(0).lease, "status 500", now);
    };
    EXPECT_EQ(refuse(kNow), Refused::Again);
    EXPECT_EQ(deliveries.next_due(), kNow + 1s);
    DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "");
    EXPECT_THAT(changes.tries, ElementsAre(DeliveryTry{Offset{1}, 1, kNow + 1s, "status 500"}));
    EXPECT_FALSE(deliveries.has_ready());

    EXPECT_EQ(refuse(kNow + 1s), Refused::Again);
    EXPECT_EQ(deliveries.next_due(), kNow + 3s);
    changes = deliveries.changes();
    EXPECT_THAT(changes.tries, ElementsAre(DeliveryTry{Offset{1}, 2, kNow + 3s, "status 500"}));

    EXPECT_EQ(refuse(kNow + 3s), Refused::Dead);
    changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "1");
    EXPECT_THAT(changes.tries, IsEmpty());
    EXPECT_THAT(changes.ended_tries, ElementsAre(Offset{1}));
    EXPECT_THAT(changes.dead_letters,
                ElementsAre(DeadLetter{Offset{1}, 3, kNow + 3s, "status 500"}));
    EXPECT_THAT(taken(deliveries), ElementsAre(2));
}

TEST_F(DeliveriesTest, CountTheAttempts) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {""});
    auto leased = deliveries.take(1, kNow, kForever);
    EXPECT_EQ(leased.at(0).attempt, 1u);
    deliveries.refuse(leased[0].lease, "no", kNow);
    leased = deliveries.take(1, kNow + 1s, kForever);
    EXPECT_EQ(leased.at(0).attempt, 2u);
}

TEST_F(DeliveriesTest, WriteNoTryThatWasOverBefore) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {""});
    deliveries.refuse(take(deliveries)[0], "no", kNow);
    deliveries.acknowledge(take(deliveries, kNow + 1s)[0]);
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "1");
    EXPECT_THAT(changes.tries, IsEmpty());
    EXPECT_THAT(changes.ended_tries, IsEmpty());
}

TEST_F(DeliveriesTest, TakeALeaseThatIsOverForAFailedAttempt) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"", ""});
    const auto leases = take(deliveries);
    EXPECT_EQ(deliveries.next_due(), kNow + 30s);
    EXPECT_EQ(deliveries.extend(leases[1], kNow + 60s), Answered::Done);
    EXPECT_THAT(deliveries.expire(kNow + 30s - 1ms), IsEmpty());
    EXPECT_THAT(deliveries.expire(kNow + 30s), ElementsAre(Refused::Again));
    EXPECT_EQ(deliveries.next_due(), kNow + 31s);
    EXPECT_THAT(deliveries.changes().tries,
                ElementsAre(DeliveryTry{Offset{1}, 1, kNow + 31s, "not acknowledged in time"}));
    EXPECT_THAT(taken(deliveries, kNow + 31s), ElementsAre(1));
    EXPECT_EQ(deliveries.acknowledge(leases[1]), Answered::Done);
}

TEST_F(DeliveriesTest, LetALeaseOfNoEndBe) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {""});
    EXPECT_EQ(deliveries.take(1, kNow, kForever).size(), 1u);
    EXPECT_EQ(deliveries.next_due(), std::nullopt);
    EXPECT_THAT(deliveries.expire(kNow + 24h), IsEmpty());
}

TEST_F(DeliveriesTest, TellStaleLeasesApart) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"", ""});
    const auto first = take(deliveries);
    deliveries.expire(kNow + 30s);
    EXPECT_EQ(deliveries.acknowledge(first[0]), Answered::Stale);
    const auto second = take(deliveries, kNow + 31s);
    for (const Lease& stale : {first[0], Lease{Offset{1}, 99}, Lease{Offset{7}, second[0].number},
                               Lease{Offset{2}, second[0].number}}) {
        EXPECT_EQ(deliveries.acknowledge(stale), Answered::Stale);
        EXPECT_EQ(deliveries.extend(stale, kForever), Answered::Stale);
        EXPECT_EQ(deliveries.refuse(stale, "no", kNow + 31s), Refused::Stale);
    }
    EXPECT_EQ(deliveries.acknowledge(second[0]), Answered::Done);
    EXPECT_EQ(deliveries.acknowledge(second[0]), Answered::Stale);
    EXPECT_EQ(deliveries.next_due(), kNow + 61s);  // That of the other one is as it was.
}

TEST_F(DeliveriesTest, NumberLeasesAcrossSubscriptions) {
    Deliveries one = begin({});
    Deliveries other = begin({});
    offer(one, 1, {""});
    offer(other, 1, {""});
    const auto lease = take(one);
    EXPECT_EQ(take(other).size(), 1u);
    EXPECT_EQ(other.acknowledge(lease[0]), Answered::Stale);
}

TEST_F(DeliveriesTest, AskForNoMoreThanTheWindowHolds) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"a", "a", "-", "a", "a"});
    EXPECT_EQ(deliveries.wants_more(), std::nullopt);
    EXPECT_EQ(deliveries.offer(Offset{6}, "b", Wanted::Yes), Offered::NotNow);
    EXPECT_EQ(deliveries.open(), 4u);
    deliveries.acknowledge(take(deliveries)[0]);
    EXPECT_EQ(deliveries.wants_more(), Offset{5});
    EXPECT_EQ(deliveries.offer(Offset{6}, "b", Wanted::Yes), Offered::Yes);
}

TEST_F(DeliveriesTest, TakeEventsInTheirOrderOnly) {
    Deliveries deliveries = begin({Offset{5}, "8-9"});
    EXPECT_EQ(deliveries.offer(Offset{5}, "", Wanted::Yes), Offered::NotNow);
    EXPECT_EQ(deliveries.offer(Offset{7}, "", Wanted::No), Offered::NotNow);
    EXPECT_EQ(deliveries.offer(Offset{6}, "", Wanted::Yes), Offered::Yes);
    EXPECT_EQ(deliveries.offer(Offset{6}, "", Wanted::Yes), Offered::NotNow);
    EXPECT_EQ(deliveries.wants_more(), Offset{6});
    offer(deliveries, 7, {"", "", "", ""});  // Two of which are settled.
    EXPECT_EQ(deliveries.wants_more(), Offset{10});
    EXPECT_THAT(taken(deliveries), ElementsAre(6, 7, 10));
}

TEST_F(DeliveriesTest, ReadOnBehindWhatIsSettled) {
    Deliveries deliveries = begin({Offset{5}, "7-900"});
    offer(deliveries, 6, {""});
    EXPECT_EQ(deliveries.wants_more(), Offset{900});
    EXPECT_EQ(deliveries.offer(Offset{901}, "", Wanted::Yes), Offered::Yes);
    EXPECT_THAT(taken(deliveries), ElementsAre(6, 901));
}

TEST_F(DeliveriesTest, SettleWhatTheLogHasNoLonger) {
    Deliveries deliveries = begin({Offset{5}, ""}, {{Offset{7}, 1, kNow, "no"}});
    deliveries.skip(Offset{6}, Offset{8});  // Of 6 nothing is known.
    EXPECT_EQ(deliveries.cursor(), Offset{5});
    deliveries.skip(Offset{5}, Offset{8});
    EXPECT_EQ(deliveries.unwritten(), Unwritten::Passed);
    offer(deliveries, 9, {""});
    deliveries.skip(Offset{5}, Offset{8});  // Said again.
    EXPECT_THAT(taken(deliveries), ElementsAre(9));
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "8");
    EXPECT_THAT(changes.ended_tries, ElementsAre(Offset{7}));
}

TEST_F(DeliveriesTest, GoOnAfterARestart) {
    Deliveries deliveries = begin({Offset{1}, "3"}, {{Offset{2}, 2, kNow + 5s, "no"}});
    offer(deliveries, 2, {"a", "-", "a"});
    EXPECT_THAT(taken(deliveries), IsEmpty());
    EXPECT_EQ(deliveries.next_due(), kNow + 5s);
    EXPECT_TRUE(deliveries.changes().empty());
    const auto leased = deliveries.take(9, kNow + 5s, kForever);
    ASSERT_EQ(leased.size(), 1u);
    EXPECT_EQ(leased[0].attempt, 3u);
    EXPECT_EQ(deliveries.refuse(leased[0].lease, "no", kNow + 5s), Refused::Dead);
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "3");
    EXPECT_THAT(changes.ended_tries, ElementsAre(Offset{2}));
}

TEST_F(DeliveriesTest, ForgetTheTriesOfAnEventThatIsNotWantedAnyMore) {
    Deliveries deliveries = begin({}, {{Offset{1}, 2, kNow, "no"}});
    offer(deliveries, 1, {"-"});
    EXPECT_THAT(deliveries.changes().ended_tries, ElementsAre(Offset{1}));
}

TEST_F(DeliveriesTest, GiveALastAttemptWhereFewerAreAllowedNow) {
    Deliveries::Rules fewer = rules();
    fewer.retry.maximum_attempts = 2;
    Deliveries deliveries = begin({}, {{Offset{1}, 7, kNow, "no"}}, fewer);
    offer(deliveries, 1, {""});
    const auto leased = deliveries.take(1, kNow, kForever);
    ASSERT_EQ(leased.size(), 1u);
    EXPECT_EQ(leased[0].attempt, 2u);
    EXPECT_EQ(deliveries.refuse(leased[0].lease, "no", kNow), Refused::Dead);
}

TEST_F(DeliveriesTest, DeliverADeadLetterAgain) {
    Deliveries::Rules once = rules();
    once.retry.maximum_attempts = 1;
    Deliveries deliveries = begin({}, {}, once);
    offer(deliveries, 1, {"a", "a", "b"});
    EXPECT_EQ(deliveries.refuse(take(deliveries)[0], "no", kNow), Refused::Dead);
    EXPECT_EQ(progress(deliveries.changes()), "1");

    EXPECT_EQ(deliveries.reopen(Offset{1}, "a"), Reopened::Yes);  // 2 is ready, and isn't now.
    EXPECT_EQ(deliveries.reopen(Offset{1}, "a"), Reopened::IsOpen);
    EXPECT_EQ(deliveries.unwritten(), Unwritten::Outcomes);
    EXPECT_EQ(progress(deliveries.changes()), "0");
    const auto leases = take(deliveries);
    EXPECT_THAT(numbers(leases), ElementsAre(1));
    deliveries.acknowledge(leases[0]);
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "1");
    EXPECT_THAT(changes.ended_dead_letters, ElementsAre(Offset{1}));
    EXPECT_THAT(taken(deliveries), ElementsAre(2));
}

TEST_F(DeliveriesTest, KeepADeadLetterThatDiesAgain) {
    Deliveries::Rules once = rules();
    once.retry.maximum_attempts = 1;
    Deliveries deliveries = begin({}, {}, once);
    offer(deliveries, 1, {""});
    deliveries.refuse(take(deliveries)[0], "no", kNow);
    EXPECT_EQ(deliveries.reopen(Offset{1}, ""), Reopened::Yes);
    deliveries.refuse(take(deliveries)[0], "still not", kNow + 1s);
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_THAT(changes.dead_letters,
                ElementsAre(DeadLetter{Offset{1}, 1, kNow + 1s, "still not"}));
    EXPECT_THAT(changes.ended_dead_letters, IsEmpty());
}

TEST_F(DeliveriesTest, ReopenADeadLetterThatTheLogHasNoLonger) {
    Deliveries deliveries = begin({Offset{6}, "8-20"});
    EXPECT_EQ(deliveries.reopen(Offset{7}, ""), Reopened::Yes);
    deliveries.skip(Offset{6}, Offset{20});
    EXPECT_EQ(deliveries.cursor(), Offset{6});
    EXPECT_EQ(deliveries.wants_more(), Offset{20});
    EXPECT_THAT(taken(deliveries), ElementsAre(7));
}

TEST_F(DeliveriesTest, ReopenNoMoreThanTheWindowHolds) {
    Deliveries deliveries = begin({Offset{9}, ""});
    offer(deliveries, 10, {"", "", "", ""});
    EXPECT_EQ(deliveries.reopen(Offset{3}, ""), Reopened::NotNow);
    EXPECT_EQ(deliveries.cursor(), Offset{9});
}

TEST_F(DeliveriesTest, TakeADeadLetterBehindWhatIsBeforeItInTheLog) {
    Deliveries deliveries = begin({Offset{6}, ""});
    EXPECT_EQ(deliveries.reopen(Offset{8}, "a"), Reopened::Yes);
    EXPECT_THAT(taken(deliveries), IsEmpty());
    offer(deliveries, 7, {"a"});
    const auto first = take(deliveries);
    EXPECT_THAT(numbers(first), ElementsAre(7));
    offer(deliveries, 8, {"a"});
    deliveries.acknowledge(first[0]);
    EXPECT_THAT(taken(deliveries), ElementsAre(8));
}

TEST_F(DeliveriesTest, ReadOnThoughTheWindowIsFullOfDeadLettersAhead) {
    Deliveries deliveries = begin({Offset{0}, ""});
    for (const int offset : {5, 6, 7, 8}) {
        EXPECT_EQ(deliveries.reopen(Offset{offset}, ""), Reopened::Yes);
    }
    EXPECT_EQ(deliveries.wants_more(), Offset{0});
    deliveries.skip(Offset{0}, Offset{8});
    EXPECT_EQ(deliveries.wants_more(), std::nullopt);
    EXPECT_THAT(taken(deliveries), ElementsAre(5, 6, 7, 8));
}

TEST_F(DeliveriesTest, SayHowManyTheLogHasLost) {
    Deliveries deliveries = begin({Offset{5}, "8-9"});
    EXPECT_EQ(deliveries.reopen(Offset{11}, ""), Reopened::Yes);
    EXPECT_EQ(deliveries.skip(Offset{5}, Offset{12}), 4u);  // 6, 7, 10 and 12.
    EXPECT_EQ(deliveries.skip(Offset{5}, Offset{12}), 0u);
    EXPECT_EQ(deliveries.read_until(), Offset{12});
}

TEST_F(DeliveriesTest, GoOnBehindAGap) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {""});
    EXPECT_EQ(deliveries.offer(Offset{4}, "", Wanted::Yes), Offered::NotNow);
    deliveries.skip(Offset{1}, Offset{3});
    EXPECT_EQ(deliveries.offer(Offset{4}, "", Wanted::Yes), Offered::Yes);
    EXPECT_THAT(taken(deliveries), ElementsAre(1, 4));
    EXPECT_EQ(progress(deliveries.changes()), "0 2-3");
}

TEST_F(DeliveriesTest, PutBackWhatHasNotBegun) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {"a", "a"});
    const auto leases = take(deliveries);
    EXPECT_EQ(deliveries.put_back(leases[0], kNow + 5s), Answered::Done);
    EXPECT_EQ(deliveries.put_back(leases[0], kNow + 9s), Answered::Stale);
    EXPECT_TRUE(deliveries.changes().empty());
    EXPECT_THAT(taken(deliveries), IsEmpty());  // The other one of its subject waits, too.
    EXPECT_EQ(deliveries.next_due(), kNow + 5s);
    const auto again = deliveries.take(1, kNow + 5s, kForever);
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].attempt, 1u);
}

TEST_F(DeliveriesTest, DropWhatIsNotWantedAnyMore) {
    Deliveries deliveries = begin({Offset{0}, ""}, {{Offset{1}, 1, kNow + 5s, "no"}});
    offer(deliveries, 1, {"a", "a", "b"});
    const auto leases = take(deliveries);
    EXPECT_THAT(numbers(leases), ElementsAre(3));
    for (const int offset : {1, 3, 7}) deliveries.drop(Offset{offset});
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "1");  // The third is leased.
    EXPECT_THAT(changes.ended_tries, ElementsAre(Offset{1}));
    EXPECT_EQ(deliveries.next_due(), kNow + 30s);
    EXPECT_THAT(taken(deliveries), ElementsAre(2));
    EXPECT_EQ(deliveries.acknowledge(leases[0]), Answered::Done);
}

TEST_F(DeliveriesTest, ThrowADeadLetterAway) {
    Deliveries::Rules once = rules();
    once.retry.maximum_attempts = 1;
    Deliveries deliveries = begin({}, {}, once);
    offer(deliveries, 1, {"a", "a", "a"});
    deliveries.refuse(take(deliveries)[0], "no", kNow);
    deliveries.refuse(take(deliveries)[0], "no", kNow);
    EXPECT_EQ(deliveries.changes().dead_letters.size(), 2u);
    EXPECT_EQ(deliveries.reopen(Offset{1}, "a"), Reopened::Yes);
    const auto lease = take(deliveries);
    EXPECT_THAT(numbers(lease), ElementsAre(1));
    deliveries.bury(Offset{1});
    deliveries.bury(Offset{2});
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_THAT(changes.ended_dead_letters, ElementsAre(Offset{1}, Offset{2}));
    EXPECT_EQ(progress(changes), "2");
    EXPECT_EQ(deliveries.acknowledge(lease[0]), Answered::Stale);
    EXPECT_EQ(deliveries.reopen(Offset{2}, "a"), Reopened::IsOver);
    EXPECT_THAT(taken(deliveries), ElementsAre(3));
}

TEST_F(DeliveriesTest, ReopenNoLetterThatWasAcknowledged) {
    Deliveries deliveries = begin({Offset{3}, ""});
    EXPECT_EQ(deliveries.reopen(Offset{2}, ""), Reopened::Yes);
    deliveries.acknowledge(take(deliveries)[0]);
    EXPECT_EQ(deliveries.reopen(Offset{2}, ""), Reopened::IsOver);
    deliveries.changes();
    EXPECT_EQ(deliveries.reopen(Offset{2}, ""), Reopened::IsOver);
    // From the beginning, it may die once more.
    deliveries.restart(Offset{1});
    deliveries.set_retry({1, 1s, 2.0, 5min, 0.0});
    offer(deliveries, 2, {""});
    EXPECT_EQ(deliveries.refuse(take(deliveries)[0], "no", kNow), Refused::Dead);
    deliveries.changes();
    EXPECT_EQ(deliveries.reopen(Offset{2}, ""), Reopened::Yes);
}

TEST_F(DeliveriesTest, BeginAnew) {
    Deliveries deliveries =
        begin({Offset{1}, "4"}, {{Offset{2}, 1, kNow, "no"}, {Offset{9}, 2, kNow + 5s, "no"}});
    offer(deliveries, 2, {"a", "a"});
    EXPECT_EQ(deliveries.reopen(Offset{1}, "a"), Reopened::Yes);
    const auto leases = take(deliveries);
    EXPECT_THAT(numbers(leases), ElementsAre(1));
    deliveries.restart(Offset{6});
    EXPECT_EQ(deliveries.acknowledge(leases[0]), Answered::Stale);
    EXPECT_EQ(deliveries.next_due(), std::nullopt);
    EXPECT_EQ(deliveries.wants_more(), Offset{6});
    const DeliveryChanges changes = deliveries.changes();
    EXPECT_EQ(progress(changes), "0 2-6");  // The dead letter is open still.
    EXPECT_THAT(changes.ended_tries, ElementsAre(Offset{2}, Offset{9}));
    EXPECT_THAT(changes.tries, IsEmpty());
    EXPECT_THAT(taken(deliveries), ElementsAre(1));
    offer(deliveries, 7, {"b", "b", "b"});
    EXPECT_THAT(taken(deliveries), ElementsAre(7));

    deliveries.restart(Offset{0});
    EXPECT_EQ(progress(deliveries.changes()), "0");
    EXPECT_EQ(deliveries.wants_more(), Offset{0});
    offer(deliveries, 1, {"a", "b"});
    EXPECT_THAT(taken(deliveries), ElementsAre(1, 2));
}

TEST_F(DeliveriesTest, GoByNewRulesFromTheNextFailureOn) {
    Deliveries deliveries = begin({});
    offer(deliveries, 1, {""});
    const auto leases = take(deliveries);
    deliveries.set_retry({std::nullopt, 7s, 2.0, 7s, 0.0});
    Timestamp now = kNow;
    EXPECT_EQ(deliveries.refuse(leases[0], "no", now), Refused::Again);
    EXPECT_EQ(deliveries.next_due(), kNow + 7s);
    for (int i = 0; i < 2'000; ++i) {  // Without end, and without a longer wait.
        now += 7s;
        ASSERT_EQ(deliveries.refuse(take(deliveries, now, 1)[0], "no", now), Refused::Again);
        ASSERT_EQ(deliveries.next_due(), now + 7s);
    }
}

TEST_F(DeliveriesTest, SpreadTheWaits) {
    Deliveries deliveries = begin({}, {}, {"mail", {16, 100s, 2.0, 5min, 0.2}, 100});
    offer(deliveries, 1, std::vector<std::string>(50));
    for (const Lease& lease : take(deliveries)) deliveries.refuse(lease, "no", kNow);
    std::set<Timestamp> times;
    for (const DeliveryTry& tried : deliveries.changes().tries) {
        EXPECT_GE(tried.next_at, kNow + 80s);
        EXPECT_LE(tried.next_at, kNow + 120s);
        times.insert(tried.next_at);
    }
    EXPECT_GT(times.size(), 40u);
}

TEST(DeliveryProgress, IsRefusedWhereItIsNotOurs) {
    const auto settled = settled_offsets({Offset{3}, "9-5"});
    ASSERT_FALSE(settled);
    EXPECT_EQ(settled.error().code, sagas::ErrorCode::Corruption);
}

}  // namespace
}  // namespace skald::engine
