#include "api/event_pace.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Milliseconds;
using store::Position;
using Page = EventReading::Page;

/// Gives what the test has put in; nothing more when there is nothing more.
class ScriptedReading : public EventReading {
 public:
    struct Script {
        std::deque<sagas::Result<Page>> pages;
        std::optional<std::string> ping = "ping";
        int reads = 0;
    };
    explicit ScriptedReading(Script& script) : script_(script) {}

    sagas::Result<Page> read() override {
        ++script_.reads;
        if (script_.pages.empty()) return Page{"", Page::Then::CaughtUp};
        auto page = std::move(script_.pages.front());
        script_.pages.pop_front();
        return page;
    }
    std::optional<std::string> ping() override { return script_.ping; }

 private:
    Script& script_;
};

class EventPaceTest : public testing::Test {
 protected:
    void add(std::string text, Page::Then then) {
        script.pages.emplace_back(Page{std::move(text), then});
    }
    void fail(sagas::ErrorCode code) {
        script.pages.emplace_back(tl::unexpected(sagas::Error{code, "read"}));
    }
    /// The next piece; else "wait N", and the bell's if it waits for that; or "over".
    std::string next() {
        Stream::Next next = pace.next();
        if (const auto* piece = std::get_if<std::string>(&next)) return *piece;
        const auto* wait = std::get_if<Stream::Wait>(&next);
        if (wait == nullptr) return "over";
        std::string text = "wait " + std::to_string(wait->time.count());
        if (!wait->arm) return text;
        wait->arm([this] { ++woken; });
        return text + " or the bell";
    }
    /// To where it has caught up and listens.
    void begin() {
        EXPECT_EQ(next(), "ping");
        EXPECT_EQ(next(), "");
        EXPECT_EQ(next(), "wait 50");
        EXPECT_EQ(next(), "wait 15000 or the bell");
    }

    engine::JournalBell bell;
    StandingClock clock;
    ScriptedReading::Script script;
    ReadingTurns turns{1};
    EventPace pace{
        {clock, turns}, listen_to_journal(bell), std::make_unique<ScriptedReading>(script)};
    int woken = 0;
};

TEST_F(EventPaceTest, ReadsUntilItHasCaughtUpThenListens) {
    add("one", Page::Then::More);
    add("", Page::Then::More);
    add("two", Page::Then::CaughtUp);
    EXPECT_EQ(next(), "ping");
    EXPECT_EQ(next(), "one");
    EXPECT_EQ(next(), "");
    EXPECT_EQ(next(), "two");
    EXPECT_EQ(next(), "wait 50");
    EXPECT_EQ(next(), "wait 15000 or the bell");
    EXPECT_EQ(woken, 0);
    bell.ring(Position{1});
    EXPECT_EQ(woken, 1);
    add("three", Page::Then::CaughtUp);
    EXPECT_EQ(next(), "three");
}

// It holds no thread meanwhile.
TEST_F(EventPaceTest, ComesAgainWhereAnotherOneReads) {
    add("one", Page::Then::CaughtUp);
    EXPECT_EQ(next(), "ping");
    {
        const ReadingTurns::Turn others(turns);
        ASSERT_TRUE(others.is_taken());
        EXPECT_EQ(next(), "wait 5");
        EXPECT_EQ(next(), "wait 5");
        EXPECT_EQ(script.reads, 0);
    }
    EXPECT_EQ(next(), "one");
}

// Of 1,000 commits it hears of one, and of all others together after its rest.
TEST_F(EventPaceTest, RestsBetweenTwoWakeUps) {
    begin();
    for (std::int64_t last = 1; last <= 1'000; ++last) bell.ring(Position{last});
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(next(), "");
    EXPECT_EQ(script.reads, 2);
    for (std::int64_t last = 1'001; last <= 2'000; ++last) bell.ring(Position{last});
    EXPECT_EQ(next(), "wait 50");
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(next(), "");
    EXPECT_EQ(script.reads, 3);
    EXPECT_EQ(next(), "wait 50");
    EXPECT_EQ(next(), "wait 15000 or the bell");
    EXPECT_EQ(script.reads, 3);
}

// The bell rings while it reads: what came too late for the page must not wait for the next ring.
TEST_F(EventPaceTest, LooksAgainForWhatCameWhileItRead) {
    struct Ringing : EventReading {
        explicit Ringing(engine::JournalBell& its_bell) : bell(its_bell) {}
        sagas::Result<Page> read() override {
            if (++reads == 1) bell.ring(Position{1});
            return Page{"", Page::Then::CaughtUp};
        }
        std::optional<std::string> ping() override { return "ping"; }
        engine::JournalBell& bell;
        int reads = 0;
    };
    auto reading = std::make_unique<Ringing>(bell);
    const Ringing& ringing = *reading;
    EventPace ringing_pace({clock, turns}, listen_to_journal(bell), std::move(reading));
    ringing_pace.next();  // Its ping.
    ringing_pace.next();
    ringing_pace.next();  // Its rest.
    ringing_pace.next();
    EXPECT_EQ(ringing.reads, 2);
}

TEST_F(EventPaceTest, PingsAfterSilenceOnly) {
    begin();
    clock.advance(Milliseconds(10'000));
    EXPECT_EQ(next(), "wait 5000 or the bell");
    clock.advance(Milliseconds(5'000));
    EXPECT_EQ(next(), "ping");
    EXPECT_EQ(next(), "wait 15000 or the bell");
    clock.advance(Milliseconds(10'000));
    bell.ring(Position{1});
    add("one", Page::Then::CaughtUp);
    EXPECT_EQ(next(), "one");
    EXPECT_EQ(next(), "wait 50");
    clock.advance(Milliseconds(10'000));
    EXPECT_EQ(next(), "wait 5000 or the bell");
}

// A journal that is busy with what this reader doesn't want must not keep its pings back.
TEST_F(EventPaceTest, PingsAlthoughTheBellRingsOn) {
    begin();
    clock.advance(Milliseconds(15'000));
    bell.ring(Position{1});
    EXPECT_EQ(next(), "ping");
    EXPECT_EQ(next(), "");
    EXPECT_EQ(script.reads, 2);
}

TEST_F(EventPaceTest, ReadsAgainWhatCouldNotBeRead) {
    fail(sagas::ErrorCode::Unavailable);
    add("one", Page::Then::CaughtUp);
    EXPECT_EQ(next(), "ping");
    EXPECT_EQ(next(), "wait 1000");
    EXPECT_EQ(next(), "one");
    bell.ring(Position{1});
    fail(sagas::ErrorCode::Unavailable);
    add("two", Page::Then::CaughtUp);
    EXPECT_EQ(next(), "wait 50");
    EXPECT_EQ(next(), "wait 1000");
    EXPECT_EQ(next(), "two");
}

TEST_F(EventPaceTest, EndsWithItsReading) {
    add("last", Page::Then::Over);
    EXPECT_EQ(next(), "ping");
    EXPECT_EQ(next(), "last");
    EXPECT_EQ(next(), "over");
}

TEST_F(EventPaceTest, EndsWhereTheStoreIsBroken) {
    fail(sagas::ErrorCode::Corruption);
    EXPECT_EQ(next(), "ping");
    EXPECT_EQ(next(), "over");
}

TEST_F(EventPaceTest, EndsWhenNothingCanComeAnyMore) {
    begin();
    script.ping = std::nullopt;
    clock.advance(Milliseconds(15'000));
    EXPECT_EQ(next(), "over");
}

/// How many threads hold a turn together, where `wanted` can meet.
int most_at_once(ReadingTurns& turns, int wanted) {
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 100 || most < wanted; ++k) {
                const ReadingTurns::Turn turn(turns);
                if (!turn.is_taken()) continue;
                const int now = ++inside;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                std::this_thread::yield();
                --inside;
            }
        });
    }
    threads.clear();
    return most;
}

TEST(ReadingTurns, AreForAQuarterOfTheProcessors) {
    ReadingTurns of_unknown(0);
    ReadingTurns of_two(2);
    ReadingTurns of_twelve(12);
    EXPECT_EQ(most_at_once(of_unknown, 1), 1);
    EXPECT_EQ(most_at_once(of_two, 1), 1);
    EXPECT_EQ(most_at_once(of_twelve, 3), 3);
}

}  // namespace
}  // namespace skald::api
