#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "store/event_rules.h"
#include "tests/store/sample_events.h"
#include "tests/store/store_contract.h"

/// The event log: what is published, and read.
namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class EventContract : public StoreContract {
 protected:
    std::vector<std::string> publish(std::vector<NewEvent> events) {
        Batch batch;
        batch.events = std::move(events);
        EXPECT_FALSE(batch.empty());
        return texts(write(batch).events);
    }
    std::string put_topic(PutTopic put) {
        Batch batch;
        batch.topics.push_back(std::move(put));
        EXPECT_FALSE(batch.empty());
        return text(write(batch).topics.at(0));
    }
    /// All that is kept of a topic, page by page.
    std::vector<std::string> kept(const std::string& topic, std::uint32_t limit = 100) {
        std::vector<std::string> all;
        Offset after{0};
        for (int pages = 0; pages < 1'000; ++pages) {
            const EventPage page = got(reader().events(topic, after, limit));
            EXPECT_LE(page.rows.size(), limit);
            for (const std::string& each : texts(page)) all.push_back(each);
            if (!page.is_cut) return all;
            after = page.rows.back().offset;
        }
        ADD_FAILURE() << "the topic has no end";
        return all;
    }
    std::string row(const std::string& name) { return text(got(reader().topic(name, {}))); }
    std::int64_t before(const std::string& topic, Timestamp at) {
        return static_cast<std::int64_t>(got(reader().offset_before(topic, at)));
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, EventContract, every_store(), store_name);

// ---- Publishing --------------------------------------------------------------------------------

TEST_P(EventContract, NumbersTheEventsOfEachTopic) {
    EXPECT_THAT(publish({event("orders", "a"), event("stock", "b"), event("orders", "c")}),
                ElementsAre("1", "1", "2"));
    EXPECT_THAT(publish({event("stock", "d")}), ElementsAre("2"));
    reopen();
    EXPECT_THAT(publish({event("orders", "e"), event("third", "f")}), ElementsAre("3", "1"));
    EXPECT_THAT(kept("orders"), ElementsAre("1 a", "2 c", "3 e"));
    EXPECT_THAT(kept("stock"), ElementsAre("1 b", "2 d"));
    EXPECT_THAT(kept("third"), ElementsAre("1 f"));
}

TEST_P(EventContract, GivesBackWhatWasWritten) {
    NewEvent odd = event("orders", "a");
    odd.event = "{\"id\":\"a\",\"data\":\"\xf0\x9f\x98\x80\",\"zero\":\"\\u0000\"}";
    publish({odd});
    reopen();
    const EventPage page = got(reader().events("orders", Offset{0}, 9));
    ASSERT_EQ(page.rows.size(), 1u);
    EXPECT_EQ(page.rows[0].offset, Offset{1});
    EXPECT_EQ(page.rows[0].at, at(0));
    EXPECT_EQ(page.rows[0].event, odd.event);
    EXPECT_EQ(page.last, Offset{1});
    EXPECT_FALSE(page.is_cut);
    const TopicRow topic = got(reader().topic("orders", {}));
    EXPECT_EQ(topic.bytes, odd.event.size());
    EXPECT_EQ(topic.created_at, at(0));
    EXPECT_EQ(topic.source, "");
}

TEST_P(EventContract, WritesAnEventOnce) {
    EXPECT_THAT(publish({event("orders", "a"), event("orders", "b"), event("orders", "a")}),
                ElementsAre("1", "2", "1 again"));
    EXPECT_THAT(publish({event("orders", "b"), event("orders", "c")}), ElementsAre("2 again", "3"));
    reopen();
    EXPECT_THAT(publish({event("orders", "a"), event("orders", "c"), event("orders", "d")}),
                ElementsAre("1 again", "3 again", "4"));
    EXPECT_THAT(kept("orders"), ElementsAre("1 a", "2 b", "3 c", "4 d"));
}

TEST_P(EventContract, KnowsAnEventByTopicSourceAndId) {
    const auto with_source = [](const std::string& source, const std::string& id) {
        NewEvent each = event("orders", id);
        each.source = source;
        each.event = sagas::Json{{"source", source}, {"id", id}}.dump();
        return each;
    };
    EXPECT_THAT(publish({with_source("/shop", "a"), with_source("/sho", "pa"),
                         with_source("/shop2", "a"), event("order", "sa"), event("orders", "A")}),
                ElementsAre("1", "2", "3", "1", "4"));
    EXPECT_THAT(publish({event("stock", "a"), with_source("/sho", "pa")}),
                ElementsAre("1", "2 again"));
}

TEST_P(EventContract, ForgetsAnEventAfterSomeTime) {
    open({}, {1h, 1h, 24h});
    EXPECT_THAT(publish({event("orders", "a"), event("orders", "b")}), ElementsAre("1", "2"));
    EXPECT_THAT(publish({written_at(event("orders", "a"), at(0) + 1h - 1ms)}),
                ElementsAre("1 again"));
    EXPECT_THAT(publish({written_at(event("orders", "a"), at(0) + 1h)}), ElementsAre("3"));
    // From now on the second is the first.
    EXPECT_THAT(publish({written_at(event("orders", "a"), at(0) + 90min)}), ElementsAre("3 again"));
    maintain(at(0) + 90min);
    reopen();
    EXPECT_THAT(publish({written_at(event("orders", "a"), at(0) + 91min),
                         written_at(event("orders", "b"), at(0) + 91min)}),
                ElementsAre("3 again", "4"));
}

TEST_P(EventContract, LeavesOutEventsOfSagasThatAreGone) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(1, key));
    batch.starts.push_back(with_request_key(start(2, key), "k"));
    write(batch);
    maintain(at(0) + 2h);

    Batch lost;
    lost.starts = {with_request_key(start(3, key), "k"), start(4, key)};
    lost.events = {event("orders", "a"), by_saga(event("orders", "b"), 1),
                   by_saga(event("other", "c"), 3), by_saga(event("orders", "d"), 4),
                   by_saga(event("orders", "e"), 2)};
    EXPECT_THAT(texts(write(lost).events), ElementsAre("1", "left out", "left out", "2", "3"));
    reopen();
    EXPECT_EQ(reader().topic("other", {}).error().code, ErrorCode::NotFound);
    // Left out as if it had never been there.
    EXPECT_THAT(publish({event("orders", "b"), by_saga(event("orders", "f"), 3)}),
                ElementsAre("4", "left out"));
    EXPECT_THAT(kept("orders"), ElementsAre("1 a", "2 d", "3 e", "4 b"));
}

TEST_P(EventContract, TakesTheLastEventOfASagaThatEndsWithIt) {
    Batch batch;
    add_finished(batch, start(1, order()));
    batch.events = {by_saga(event("orders", "a"), 1)};
    EXPECT_THAT(texts(write(batch).events), ElementsAre("1"));
}

TEST_P(EventContract, LetsNoTimeGoBackWithinATopic) {
    publish({written_at(event("orders", "a"), at(100)), written_at(event("orders", "b"), at(90))});
    reopen();
    publish({written_at(event("orders", "c"), at(80)), written_at(event("stock", "d"), at(80)),
             written_at(event("orders", "e"), at(110))});
    std::vector<Timestamp> times;
    for (const EventRow& each : got(reader().events("orders", Offset{0}, 9)).rows) {
        times.push_back(each.at);
    }
    EXPECT_THAT(times, ElementsAre(at(100), at(100), at(100), at(110)));
    EXPECT_EQ(got(reader().events("stock", Offset{0}, 9)).rows.at(0).at, at(80));
}

// ---- Reading -----------------------------------------------------------------------------------

TEST_P(EventContract, ReadsBehindAnOffset) {
    std::vector<NewEvent> events;
    for (char id = 'a'; id <= 'e'; ++id) events.push_back(event("orders", std::string(1, id)));
    publish(events);
    publish({event("another", "x"), event("zoo", "y")});
    EXPECT_THAT(texts(got(reader().events("orders", Offset{2}, 2))), ElementsAre("3 c", "4 d"));
    EXPECT_TRUE(got(reader().events("orders", Offset{2}, 2)).is_cut);
    EXPECT_FALSE(got(reader().events("orders", Offset{2}, 4)).is_cut);
    EXPECT_EQ(kept("orders", 2).size(), 5u);
    constexpr auto kHuge = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t after : {std::int64_t{5}, std::int64_t{6}, kHuge, kHuge >> 23}) {
        const EventPage page = got(reader().events("orders", Offset{after}, 9));
        EXPECT_THAT(page.rows, IsEmpty()) << after;
        EXPECT_EQ(page.last, Offset{5});
        EXPECT_FALSE(page.is_cut);
    }
    EXPECT_EQ(texts(got(reader().events("orders", Offset{-7}, 9))).size(), 5u);
    EXPECT_EQ(reader().events("order", Offset{0}, 9).error().code, ErrorCode::NotFound);
    EXPECT_EQ(reader().offset_before("order", at(0)).error().code, ErrorCode::NotFound);
}

TEST_P(EventContract, CutsPagesBySize) {
    std::vector<NewEvent> events;
    for (int i = 0; i < 12; ++i) {
        NewEvent large = event("orders", std::to_string(i));
        large.event = sagas::Json{{"id", large.id}, {"data", std::string(250'000, 'x')}}.dump();
        events.push_back(std::move(large));
    }
    publish(events);
    const EventPage page = got(reader().events("orders", Offset{0}, 100));
    EXPECT_TRUE(page.is_cut);
    EXPECT_EQ(page.rows.size(), kEventPageBytesMax / 250'000 + 1);
    EXPECT_EQ(kept("orders").size(), 12u);
}

TEST_P(EventContract, FindsWhatWasWrittenBeforeATime) {
    open({}, {1h, 1h, 1h});
    std::vector<NewEvent> events;
    for (int i = 1; i <= 9; ++i) {
        events.push_back(written_at(event("orders", std::to_string(i)), at(0) + 10min * (i / 2)));
    }
    publish(events);  // At minutes 0, 10, 10, 20, 20, 30, 30, 40, 40.
    EXPECT_EQ(before("orders", at(0)), 0);
    EXPECT_EQ(before("orders", at(1)), 1);
    EXPECT_EQ(before("orders", at(0) + 10min), 1);
    EXPECT_EQ(before("orders", at(1) + 10min), 3);
    EXPECT_EQ(before("orders", at(0) + 40min), 7);
    EXPECT_EQ(before("orders", at(0) + 9h), 9);
    maintain(at(0) + 75min);
    EXPECT_EQ(row("orders"), "orders v0 4-9");
    EXPECT_EQ(before("orders", at(0) + 20min), 0);
    EXPECT_EQ(before("orders", at(1) + 20min), 5);
    maintain(at(0) + 9h);
    EXPECT_EQ(before("orders", at(0) + 9h), 0);
}

// ---- Topics ------------------------------------------------------------------------------------

TEST_P(EventContract, NumbersTheDocumentsOfATopic) {
    EXPECT_EQ(put_topic(topic("orders", "1")), "new 1");
    EXPECT_EQ(put_topic(topic("orders", "1")), "equal 1");
    PutTopic second = topic("orders", "2");
    second.at = at(7);
    EXPECT_EQ(put_topic(second), "new 2");
    EXPECT_EQ(put_topic(topic("orders", "1")), "new 3");  // Compared with the latest only.
    reopen();
    EXPECT_EQ(put_topic(topic("orders", "1")), "equal 3");
    publish({event("orders", "a")});
    EXPECT_EQ(row("orders"), "orders v3 1-1");
    const TopicRow older = got(reader().topic("orders", 2));
    EXPECT_EQ(older.source, "2");
    EXPECT_EQ(older.created_at, at(7));
    EXPECT_EQ(text(older), "orders v2 1-1");
    for (const std::uint32_t version : {0u, 4u}) {
        EXPECT_EQ(reader().topic("orders", version).error().code, ErrorCode::NotFound);
    }
    EXPECT_EQ(reader().topic("other", {}).error().code, ErrorCode::NotFound);
}

TEST_P(EventContract, GuardsTopicsByTheirVersion) {
    const auto put_if = [&](std::uint32_t version, const std::string& source) {
        PutTopic change = topic("orders", source);
        change.if_version = version;
        return put_topic(change);
    };
    EXPECT_EQ(put_if(1, "a"), "mismatch, latest 0");
    EXPECT_EQ(reader().topic("orders", {}).error().code, ErrorCode::NotFound);
    publish({event("orders", "x")});
    EXPECT_EQ(put_if(1, "a"), "mismatch, latest 0");
    EXPECT_EQ(put_if(0, "a"), "new 1");
    EXPECT_EQ(put_if(0, "b"), "mismatch, latest 1");
    EXPECT_EQ(put_if(1, "a"), "equal 1");
    EXPECT_EQ(put_if(1, "b"), "new 2");
    Batch both;
    both.topics = {topic("orders", "c"), topic("orders", "c"), topic("stock", "c")};
    const Committed committed = write(both);
    ASSERT_EQ(committed.topics.size(), 3u);
    EXPECT_EQ(text(committed.topics[0]), "new 3");
    EXPECT_EQ(text(committed.topics[1]), "equal 3");
    EXPECT_EQ(text(committed.topics[2]), "new 1");
}

TEST_P(EventContract, ListsTopicsByName) {
    EXPECT_THAT(got(reader().topics("", 9)), IsEmpty());
    publish({event("b", "1"), event("d", "2"), event("a", "3")});
    put_topic(topic("c", "{}"));
    reopen();
    const auto list = [&](const char* after, std::uint32_t limit) {
        std::vector<std::string> all;
        for (const TopicRow& each : got(reader().topics(after, limit))) all.push_back(text(each));
        return all;
    };
    EXPECT_THAT(list("", 9), ElementsAre("a v0 1-1", "b v0 1-1", "c v1 1-0", "d v0 1-1"));
    EXPECT_THAT(list("a", 2), ElementsAre("b v0 1-1", "c v1 1-0"));
    EXPECT_THAT(list("d", 9), IsEmpty());
}

TEST_P(EventContract, KeepsByWhichPathsEventsAreFound) {
    EXPECT_THAT(got(recovery().match_paths()), IsEmpty());
    const sagas::MatchPath first{"orders", "placed", "$event.data.id"};
    const sagas::MatchPath second{"orders", "paid", "$event.data.id"};
    Batch batch;
    batch.match_paths = {first, second, first};
    EXPECT_FALSE(batch.empty());
    write(batch);
    batch.match_paths = {second};
    write(batch);
    reopen();
    EXPECT_THAT(got(recovery().match_paths()), ElementsAre(second, first));
}

// ---- Retention ---------------------------------------------------------------------------------

TEST_P(EventContract, DeletesOldEventsAndNumbersOn) {
    open({}, {1h, 1h, 24h});
    publish({event("orders", "a"), written_at(event("orders", "b"), at(0) + 1h)});
    maintain(at(0) + 24h);
    EXPECT_THAT(kept("orders"), ElementsAre("1 a", "2 b"));
    maintain(at(0) + 24h + 1s);
    EXPECT_THAT(kept("orders"), ElementsAre("2 b"));
    reopen();
    EXPECT_EQ(row("orders"), "orders v0 2-2");
    maintain(at(0) + 25h + 1s);
    EXPECT_EQ(row("orders"), "orders v0 3-2");
    EXPECT_EQ(got(reader().topic("orders", {})).bytes, 0u);
    EXPECT_EQ(got(reader().events("orders", Offset{0}, 9)).last, Offset{2});
    reopen();
    EXPECT_THAT(publish({written_at(event("orders", "a"), at(0) + 26h)}), ElementsAre("3"));
    EXPECT_THAT(kept("orders"), ElementsAre("3 a"));
    EXPECT_EQ(row("orders"), "orders v0 3-3");
}

TEST_P(EventContract, KeepsEventsAsTheirTopicSays) {
    open({}, {1h, 1h, 24h});
    PutTopic brief = topic("brief");
    brief.retain_for = 1min;
    PutTopic small = topic("small");
    small.retain_bytes = 2 * event("small", "a").event.size();
    PutTopic nothing = topic("nothing");
    nothing.retain_bytes = 0;
    PutTopic everything = topic("everything");
    everything.retain_bytes = std::numeric_limits<std::uint64_t>::max();
    everything.retain_for = Milliseconds::max();
    for (const PutTopic& put : {brief, small, nothing, everything}) put_topic(put);
    std::vector<NewEvent> events;
    for (const char* name : {"brief", "small", "nothing", "everything", "other"}) {
        for (const char* id : {"a", "b", "c"}) events.push_back(event(name, id));
    }
    publish(events);
    reopen();
    maintain(at(0) + 2min);
    EXPECT_THAT(kept("brief"), IsEmpty());
    EXPECT_THAT(kept("small"), ElementsAre("2 b", "3 c"));
    EXPECT_THAT(kept("nothing"), IsEmpty());
    EXPECT_EQ(kept("everything").size(), 3u);
    EXPECT_EQ(kept("other").size(), 3u);
    // Both rules hold; the next document changes them.
    maintain(at(0) + 25h);
    EXPECT_THAT(kept("small"), IsEmpty());
    EXPECT_EQ(kept("everything").size(), 3u);
    put_topic(topic("everything", R"({"retention":null})"));
    maintain(at(0) + 26h);
    EXPECT_THAT(kept("everything"), IsEmpty());
}

TEST_P(EventContract, KnowsAnEventThatIsDeleted) {
    open({}, {1h, 1h, 1min});
    publish({event("orders", "a"), event("orders", "b")});
    maintain(at(0) + 2min);
    reopen();
    EXPECT_THAT(kept("orders"), IsEmpty());
    EXPECT_THAT(publish({written_at(event("orders", "b"), at(0) + 3min),
                         written_at(event("orders", "c"), at(0) + 3min)}),
                ElementsAre("2 again", "3"));
}

TEST_P(EventContract, DeletesManyEventsOfManyTopics) {
    open({}, {1h, 1h, 1h});
    Batch batch;
    for (int i = 0; i < 3'000; ++i) {
        const std::string id = std::to_string(i);
        batch.events.push_back(event("topic-" + std::to_string(i % 300), id, {"key " + id}));
        batch.events.push_back(event("large", id, {"key " + id, "other " + id}));
    }
    for (const char* id : {"x", "y"}) {
        batch.events.push_back(written_at(event("large", id), at(0) + 2h));
    }
    write(batch);
    maintain(at(0) + 2h);
    EXPECT_THAT(kept("large"), ElementsAre("3001 x", "3002 y"));
    EXPECT_EQ(row("topic-0"), "topic-0 v0 11-10");
    EXPECT_EQ(row("topic-299"), "topic-299 v0 11-10");
}

// ---- All of it
// -----------------------------------------------------------------------------------

/// What a topic must be, told in the plainest way.
struct PlainTopic {
    std::vector<std::pair<std::string, Timestamp>> events;  ///< Every one that was written.
    std::size_t deleted = 0;
    std::map<std::string, std::pair<std::size_t, Timestamp>> known;

    std::string publish(const std::string& id, Timestamp now) {
        const auto found = known.find(id);
        if (found != known.end() && now - found->second.second < 1h) {
            return std::to_string(found->second.first) + " again";
        }
        events.emplace_back(id, now);
        known[id] = {events.size(), now};
        return std::to_string(events.size());
    }
    void keep(Timestamp now) {
        while (deleted < events.size() && events[deleted].second < now - 2h) ++deleted;
    }
    std::vector<std::string> kept() const {
        std::vector<std::string> rows;
        for (std::size_t i = deleted; i < events.size(); ++i) {
            rows.push_back(std::to_string(i + 1) + " " + events[i].first);
        }
        return rows;
    }
};

TEST_P(EventContract, HoldsWhatWasPublished) {
    open({}, {1h, 1h, 2h});
    std::mt19937 random(20261122);
    const auto pick = [&](int below) {
        return static_cast<int>(random() % static_cast<std::uint32_t>(below));
    };
    std::map<std::string, PlainTopic> topics;
    Timestamp now = at(0);
    for (int round = 0; round < 300; ++round) {
        now += pick(10) * 1min;
        std::vector<NewEvent> events;
        std::vector<std::string> expected;
        for (int i = pick(20); i >= 0; --i) {
            const std::string name(1, static_cast<char>('a' + pick(3)));
            const std::string id = std::to_string(pick(60));
            events.push_back(written_at(event(name, id), now));
            expected.push_back(topics[name].publish(id, now));
        }
        ASSERT_EQ(publish(events), expected) << "round " << round;
        if (pick(3) == 0) {
            now += 1s;
            maintain(now);
            for (auto& [name, plain] : topics) plain.keep(now);
            for (const auto& [name, plain] : topics) ASSERT_EQ(kept(name, 7), plain.kept());
        }
        if (pick(20) == 0) reopen();
    }
    EXPECT_GT(topics["a"].deleted, 100u);
}

}  // namespace
}  // namespace skald::store
