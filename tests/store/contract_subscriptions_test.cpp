#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "store/event_rules.h"
#include "tests/store/sample_events.h"
#include "tests/store/sample_subscriptions.h"
#include "tests/store/store_contract.h"

/// Subscriptions, and what is known of their deliveries.
namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class SubscriptionContract : public StoreContract {
 protected:
    Committed write_rows(SubscriptionRows rows) {
        Batch batch;
        batch.subscriptions = std::move(rows);
        EXPECT_FALSE(batch.empty());
        return write(batch);
    }
    std::string change(std::variant<PutSubscription, DeleteSubscription> what) {
        SubscriptionRows rows;
        rows.changes.push_back(std::move(what));
        const Committed committed = write_rows(std::move(rows));
        EXPECT_THAT(committed.owned, IsEmpty());
        return text(committed.subscriptions.at(0));
    }
    std::string row(const std::string& name) { return text(got(reader().subscription(name))); }
    bool is_there(const std::string& name) {
        const auto found = reader().subscription(name);
        EXPECT_TRUE(found || found.error().code == ErrorCode::NotFound);
        return found.has_value();
    }
    std::vector<std::string> letters(std::int64_t key, std::int64_t after = 0,
                                     std::uint32_t limit = 99) {
        return texts(got(reader().dead_letters(SubscriptionKey{key}, Offset{after}, limit)));
    }
    std::vector<std::string> stored() { return texts(got(recovery().subscriptions())); }
    /// The offsets that are kept of a topic.
    std::vector<std::string> kept(const std::string& topic) {
        return texts(got(reader().events(topic, Offset{0}, 99)));
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, SubscriptionContract, every_store(), store_name);

// ---- Which there are ---------------------------------------------------------------------------

TEST_P(SubscriptionContract, NumbersTheDocumentsOfASubscription) {
    EXPECT_EQ(change(begun_behind(subscription("mail", "1"), 3)), "made #1 v1");
    EXPECT_EQ(change(subscription("mail", "1")), "equal #1 v1");
    EXPECT_EQ(change(put_at(subscription("mail", "2"), at(7))), "new #1 v2");
    EXPECT_EQ(change(put_at(subscription("mail", "1"), at(8))), "new #1 v3");
    EXPECT_EQ(change(subscription("stock", "1")), "made #2 v1");
    reopen();
    EXPECT_EQ(change(put_at(subscription("mail", "1"), at(9))), "equal #1 v3");
    EXPECT_EQ(row("mail"), "#1 mail of orders v3 1 at 3");  // Where it begins counts once.
    const SubscriptionRow now = got(reader().subscription("mail"));
    EXPECT_EQ(now.created_at, at(0));
    EXPECT_EQ(now.changed_at, at(8));
    EXPECT_EQ(row("stock"), "#2 stock of orders v1 1 at 0");
}

TEST_P(SubscriptionContract, GuardsSubscriptionsByTheirVersion) {
    const auto put_if = [&](std::uint32_t version, const std::string& source) {
        PutSubscription put = subscription("mail", source);
        put.if_version = version;
        return change(put);
    };
    const auto delete_if = [&](std::uint32_t version) {
        return change(DeleteSubscription{"mail", version});
    };
    EXPECT_EQ(put_if(1, "a"), "mismatch, latest 0");
    EXPECT_EQ(delete_if(1), "not found");
    EXPECT_FALSE(is_there("mail"));
    EXPECT_EQ(put_if(0, "a"), "made #1 v1");
    EXPECT_EQ(put_if(0, "a"), "mismatch, latest 1");
    EXPECT_EQ(put_if(1, "a"), "equal #1 v1");
    EXPECT_EQ(put_if(1, "b"), "new #1 v2");
    EXPECT_EQ(put_if(1, "c"), "mismatch, latest 2");
    EXPECT_EQ(delete_if(1), "mismatch, latest 2");
    EXPECT_EQ(delete_if(2), "deleted #1 v2");
    EXPECT_EQ(put_if(2, "b"), "mismatch, latest 0");
    EXPECT_EQ(put_if(0, "b"), "made #2 v1");
}

TEST_P(SubscriptionContract, StaysWithItsTopic) {
    change(subscription("mail", "1"));
    EXPECT_EQ(change(of_topic(subscription("mail", "2"), "stock")), "of topic orders");
    EXPECT_EQ(change(of_topic(subscription("mail", "1"), "stock")), "of topic orders");
    PutSubscription guarded = of_topic(subscription("mail", "2"), "stock");
    guarded.if_version = 1;
    EXPECT_EQ(change(guarded), "of topic orders");
    guarded.if_version = 2;
    EXPECT_EQ(change(guarded), "mismatch, latest 1");
    EXPECT_EQ(row("mail"), "#1 mail of orders v1 1 at 0");
    change(unsubscription("mail"));
    EXPECT_EQ(change(of_topic(subscription("mail", "2"), "stock")), "made #2 v1");
}

TEST_P(SubscriptionContract, GivesNoKeyTwice) {
    change(subscription("a"));
    change(subscription("b"));
    EXPECT_EQ(change(unsubscription("b")), "deleted #2 v1");
    EXPECT_EQ(change(unsubscription("b")), "not found");
    reopen();
    EXPECT_FALSE(is_there("b"));
    EXPECT_EQ(change(subscription("b")), "made #3 v1");
    change(unsubscription("a"));
    change(unsubscription("b"));
    reopen();
    EXPECT_THAT(stored(), IsEmpty());
    EXPECT_EQ(change(subscription("c")), "made #4 v1");
}

TEST_P(SubscriptionContract, TellsWhatCameOfEachChange) {
    SubscriptionRows rows;
    rows.changes = {subscription("b"),   subscription("a"),   subscription("a", "2"),
                    unsubscription("b"), unsubscription("b"), subscription("b")};
    EXPECT_THAT(texts(write_rows(std::move(rows)).subscriptions),
                ElementsAre("made #1 v1", "made #2 v1", "new #2 v2", "deleted #1 v1", "not found",
                            "made #3 v1"));
    EXPECT_THAT(write({}).subscriptions, IsEmpty());
}

TEST_P(SubscriptionContract, ListsSubscriptionsByName) {
    EXPECT_THAT(got(reader().subscriptions("", 9)), IsEmpty());
    for (const char* name : {"b", "d", "a", "c"}) change(subscription(name));
    change(unsubscription("c"));
    change(subscription("b", "2"));
    reopen();
    EXPECT_THAT(texts(got(reader().subscriptions("", 9))),
                ElementsAre("#3 a of orders v1 {} at 0", "#1 b of orders v2 2 at 0",
                            "#2 d of orders v1 {} at 0"));
    EXPECT_THAT(texts(got(reader().subscriptions("a", 1))),
                ElementsAre("#1 b of orders v2 2 at 0"));
    EXPECT_THAT(got(reader().subscriptions("d", 9)), IsEmpty());
}

// ---- Deliveries --------------------------------------------------------------------------------

TEST_P(SubscriptionContract, KeepsHowFarEachIs) {
    change(subscription("a"));
    change(subscription("b"));
    SubscriptionRows rows;
    rows.progress = {progress(1, 3, "5-7"), progress(2, 9, "11"), progress(1, 4, "6-7")};
    write_rows(rows);
    reopen();
    EXPECT_EQ(row("a"), "#1 a of orders v1 {} at 4 + 6-7");
    EXPECT_EQ(row("b"), "#2 b of orders v1 {} at 9 + 11");
    rows.progress = {progress(1, 7)};
    write_rows(rows);
    rows.progress = {progress(2, 1)};  // Replayed.
    write_rows(rows);
    change(subscription("a", "2"));
    reopen();
    EXPECT_THAT(stored(), ElementsAre("#1 a of orders v2 2 at 7", "#2 b of orders v1 {} at 1"));
}

TEST_P(SubscriptionContract, KeepsWhatFailed) {
    change(subscription("a"));
    change(subscription("b"));
    SubscriptionRows rows;
    rows.failed = {failed(1, 5), failed(2, 5), failed(1, 4), failed(1, 5, 2, "no again")};
    write_rows(rows);
    reopen();
    EXPECT_EQ(row("a"), "#1 a of orders v1 {} at 0, 2 failing");
    EXPECT_THAT(stored(), ElementsAre("#1 a of orders v1 {} at 0", "  failed 4 after 1: no",
                                      "  failed 5 after 2: no again", "#2 b of orders v1 {} at 0",
                                      "  failed 5 after 1: no"));
    EXPECT_EQ(got(recovery().subscriptions()).at(0).failed.at(1).next_at, at(2'000));
    rows = {};
    rows.ended = {place(1, 5), place(1, 99), place(2, 4)};
    rows.failed = {failed(1, 4, 3)};
    write_rows(rows);
    reopen();
    EXPECT_THAT(stored(), ElementsAre("#1 a of orders v1 {} at 0", "  failed 4 after 3: no",
                                      "#2 b of orders v1 {} at 0", "  failed 5 after 1: no"));
}

TEST_P(SubscriptionContract, KeepsDeadLettersWithTheirEvents) {
    change(subscription("a"));
    change(subscription("b"));
    SubscriptionRows rows;
    rows.dead = {dead(1, 9), dead(1, 3, "first"), dead(2, 3), dead(1, 5)};
    rows.dead[0].event = "{\"data\":\"\xf0\x9f\x98\x80\",\"zero\":\"\\u0000\"}";
    write_rows(rows);
    reopen();
    EXPECT_EQ(row("a"), "#1 a of orders v1 {} at 0, 3 dead");
    EXPECT_THAT(letters(1), ElementsAre("#1 3 after 16: first event 3", "#1 5 after 16: no event 5",
                                        "#1 9 after 16: no " + rows.dead[0].event));
    EXPECT_THAT(letters(1, 3, 1), ElementsAre("#1 5 after 16: no event 5"));
    EXPECT_THAT(letters(1, 9), IsEmpty());
    EXPECT_THAT(letters(1, std::numeric_limits<std::int64_t>::max()), IsEmpty());
    EXPECT_THAT(letters(3), IsEmpty());
    EXPECT_EQ(got(reader().dead_letters(SubscriptionKey{1}, Offset{0}, 1)).at(0).at, at(5));
    EXPECT_THAT(stored(), ElementsAre("#1 a of orders v1 {} at 0", "#2 b of orders v1 {} at 0"));
}

TEST_P(SubscriptionContract, RevivesAndBuriesDeadLetters) {
    change(subscription("a"));
    SubscriptionRows rows;
    rows.dead = {dead(1, 3), dead(1, 5), dead(1, 7)};
    write_rows(rows);
    rows = {};
    rows.revived = {place(1, 3), place(1, 5), place(1, 4), place(2, 7)};
    write_rows(rows);
    reopen();
    EXPECT_THAT(letters(1),
                ElementsAre("#1 3 after 16: no event 3 again", "#1 5 after 16: no event 5 again",
                            "#1 7 after 16: no event 7"));
    EXPECT_THAT(stored(),
                ElementsAre("#1 a of orders v1 {} at 0", "  #1 3 after 16: no event 3 again",
                            "  #1 5 after 16: no event 5 again"));
    rows = {};
    rows.buried = {place(1, 3), place(1, 3), place(1, 4), place(2, 7)};
    rows.dead = {dead(1, 5, "dead again")};
    write_rows(rows);
    reopen();
    EXPECT_THAT(letters(1),
                ElementsAre("#1 5 after 16: dead again event 5", "#1 7 after 16: no event 7"));
    EXPECT_THAT(stored(), ElementsAre("#1 a of orders v1 {} at 0"));
    EXPECT_EQ(row("a"), "#1 a of orders v1 {} at 0, 2 dead");
}

TEST_P(SubscriptionContract, CutsListsOfDeadLettersBySize) {
    change(subscription("a"));
    SubscriptionRows rows;
    for (int i = 1; i <= 12; ++i) {
        rows.dead.push_back(dead(1, i));
        rows.dead.back().event = std::string(250'000, 'x');
    }
    rows.dead.push_back(dead(1, 13));
    rows.dead.back().event = std::string(3'000'000, 'x');
    rows.dead.push_back(dead(1, 14));
    write_rows(std::move(rows));
    EXPECT_EQ(letters(1).size(), kEventPageBytesMax / 250'000 + 1);
    EXPECT_EQ(letters(1, 12).size(), 1u);
    EXPECT_EQ(letters(1, 13).size(), 1u);
}

TEST_P(SubscriptionContract, DeletesAllThatIsKnownOfASubscription) {
    change(subscription("a"));
    change(subscription("b"));
    SubscriptionRows rows;
    rows.failed = {failed(1, 5), failed(2, 5)};
    rows.dead = {dead(1, 3), dead(2, 3)};
    write_rows(rows);
    change(unsubscription("a"));
    change(subscription("a"));
    reopen();
    EXPECT_THAT(letters(1), IsEmpty());
    EXPECT_THAT(letters(2), ElementsAre("#2 3 after 16: no event 3"));
    EXPECT_THAT(stored(), ElementsAre("#2 b of orders v1 {} at 0", "  failed 5 after 1: no",
                                      "#3 a of orders v1 {} at 0"));
}

TEST_P(SubscriptionContract, LeavesOutWhatIsAboutASubscriptionThatIsGone) {
    SubscriptionRows about;
    about.progress = {progress(1, 9)};
    about.ended = {place(1, 4)};
    about.failed = {failed(1, 5)};
    about.revived = {place(1, 3)};
    about.buried = {place(1, 2)};
    about.dead = {dead(1, 3)};
    write_rows(about);  // It was never there.
    change(subscription("a"));
    EXPECT_EQ(row("a"), "#1 a of orders v1 {} at 0");
    change(unsubscription("a"));
    write_rows(about);
    change(subscription("a"));
    reopen();
    EXPECT_THAT(stored(), ElementsAre("#2 a of orders v1 {} at 0"));
    EXPECT_THAT(letters(1), IsEmpty());

    about.progress = {progress(2, 9)};
    about.failed = {failed(2, 5)};
    about.dead = {dead(2, 3)};
    about.changes = {unsubscription("a")};
    about.revived = {place(2, 3)};
    write_rows(about);  // It goes in the same transaction.
    reopen();
    EXPECT_THAT(stored(), IsEmpty());
    EXPECT_THAT(letters(2), IsEmpty());
}

TEST_P(SubscriptionContract, WritesABatchInItsOrder) {
    SubscriptionRows rows;
    rows.changes = {subscription("a")};
    rows.progress = {progress(1, 3)};
    rows.failed = {failed(1, 5), failed(1, 6)};
    rows.ended = {place(1, 5)};
    rows.dead = {dead(1, 7), dead(1, 8)};
    rows.buried = {place(1, 7)};
    rows.revived = {place(1, 8)};
    write_rows(rows);
    EXPECT_THAT(stored(), ElementsAre("#1 a of orders v1 {} at 3", "  failed 5 after 1: no",
                                      "  failed 6 after 1: no"));
    EXPECT_THAT(letters(1), ElementsAre("#1 7 after 16: no event 7", "#1 8 after 16: no event 8"));
    rows = {};
    rows.revived = {place(1, 7), place(1, 8)};
    rows.buried = {place(1, 7)};
    rows.dead = {dead(1, 8, "dead again")};
    write_rows(rows);
    EXPECT_THAT(letters(1), ElementsAre("#1 8 after 16: dead again event 8"));
    EXPECT_EQ(rows.size(), 4u);
    EXPECT_FALSE(rows.empty());
}

TEST_P(SubscriptionContract, CountsItsRows) {
    SubscriptionRows rows;
    EXPECT_TRUE(rows.empty());
    rows.changes = {subscription("a")};
    rows.bridges = {bridge("n")};
    rows.progress = {progress(1, 3)};
    rows.ended = {place(1, 5)};
    rows.failed = {failed(1, 5)};
    rows.revived = {place(1, 8)};
    rows.buried = {place(1, 7)};
    rows.dead = {dead(1, 7), dead(1, 8)};
    EXPECT_EQ(rows.size(), 9u);
}

// ---- Retention ---------------------------------------------------------------------------------

class RetentionOfEvents : public SubscriptionContract {
 protected:
    /// Five of each of these topics.
    void publish() {
        Batch batch;
        for (const char* topic : {"orders", "stock"}) {
            for (const char* id : {"a", "b", "c", "d", "e"}) {
                batch.events.push_back(event(topic, id));
            }
        }
        write(batch);
    }
    void settle(std::int64_t subscription, std::int64_t cursor) {
        SubscriptionRows rows;
        rows.progress = {progress(subscription, cursor, "99")};
        write_rows(std::move(rows));
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, RetentionOfEvents, every_store(), store_name);

TEST_P(RetentionOfEvents, WaitsForEverySubscriptionOfTheTopic) {
    open({}, {1h, 1h, 1h});
    publish();
    change(begun_behind(subscription("fast"), 4));
    change(begun_behind(subscription("slow"), 2));
    change(of_topic(subscription("none"), "empty"));
    change(of_topic(subscription("sagas"), "skald.sagas"));
    maintain(at(0) + 2h);
    EXPECT_THAT(kept("orders"), ElementsAre("3 c", "4 d", "5 e"));
    EXPECT_THAT(kept("stock"), IsEmpty());
    settle(2, 3);
    reopen();
    maintain(at(0) + 3h);
    EXPECT_THAT(kept("orders"), ElementsAre("4 d", "5 e"));
    settle(2, 5);
    maintain(at(0) + 4h);
    EXPECT_THAT(kept("orders"), ElementsAre("5 e"));
    settle(1, 5);
    maintain(at(0) + 5h);
    EXPECT_THAT(kept("orders"), IsEmpty());
}

TEST_P(RetentionOfEvents, WaitsForNobodyWhoIsGone) {
    open({}, {1h, 1h, 1h});
    publish();
    change(subscription("a"));
    PutDefinition put = definition("order");
    put.subscriptions = {owned("t:a")};
    put.subscriptions[0].begin = Offset{2};
    write_definition(put);
    maintain(at(0) + 2h);
    EXPECT_EQ(kept("orders").size(), 5u);
    change(unsubscription("a"));
    maintain(at(0) + 3h);
    EXPECT_EQ(kept("orders").size(), 3u);
    write_definition(DeleteDefinition{"order", std::nullopt, at(1)});
    maintain(at(0) + 4h);
    EXPECT_THAT(kept("orders"), IsEmpty());
}

TEST_P(RetentionOfEvents, DoesNotWaitWhereTheTopicHoldsTooMuch) {
    open({}, {1h, 1h, 1h});
    Batch batch;
    batch.topics = {topic("orders")};
    batch.topics[0].retain_bytes = 3 * event("orders", "a").event.size();
    write(batch);
    publish();
    change(subscription("a"));
    maintain(at(0) + 1min);
    EXPECT_THAT(kept("orders"), ElementsAre("3 c", "4 d", "5 e"));
    maintain(at(0) + 2h);
    EXPECT_THAT(kept("orders"), ElementsAre("3 c", "4 d", "5 e"));
    settle(1, 3);
    maintain(at(0) + 3h);
    EXPECT_THAT(kept("orders"), ElementsAre("4 d", "5 e"));
}

TEST_P(RetentionOfEvents, GoesOnWithOtherTopicsMeanwhile) {
    open({}, {1h, 1h, 1h});
    Batch batch;
    for (int i = 0; i < 600; ++i) {
        const std::string name = "topic-" + std::to_string(i);
        batch.events.push_back(event(name, "a"));
        if (i % 2 == 0) {
            batch.subscriptions.changes.push_back(of_topic(subscription(name), name));
        }
    }
    write(batch);
    maintain(at(0) + 2h);
    EXPECT_THAT(kept("topic-0"), ElementsAre("1 a"));
    EXPECT_THAT(kept("topic-1"), IsEmpty());
    EXPECT_THAT(kept("topic-598"), ElementsAre("1 a"));
    EXPECT_THAT(kept("topic-599"), IsEmpty());
}

}  // namespace
}  // namespace skald::store
