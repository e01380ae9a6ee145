#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sample_subscriptions.h"
#include "tests/store/sqlite_file.h"

/// What a whole look at a database finds.
namespace skald::store {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::IsEmpty;

class SqliteExamine : public testing::Test {
 protected:
    /// A running saga with a lock and a child that is over, parked; one that is over. Three events,
    /// the second of which the first saga waits for. A subscription; one of the definition's; one
    /// of a bridge's.
    void SetUp() override {
        const auto store = open_or_fail(options_);
        PutDefinition definition = sample::definition("order");
        definition.subscriptions = {owned("t:a")};
        const DefinitionKey order = put(*store, definition);
        Batch batch;
        batch.subscriptions.changes = {subscription("mail")};
        batch.subscriptions.bridges = {bridge("nats", "{}", {owned("n:a")})};
        batch.starts.push_back(with_lock(start(1, order), "a"));
        add_finished(batch, with_parent(start(2, order), 1));
        add_finished(batch, start(3, order));
        batch.parks.push_back({SagaKey{1}, at(100)});
        batch.events = {event("orders", "a"), event("orders", "b", {"k"}), event("orders", "c")};
        batch.expectations = {expectation(1, {"k"})};
        ASSERT_TRUE(store->writer().write(batch));
    }
    Examination after(const std::string& sql) {
        run_sql(options_.path, sql);
        return open_or_fail(options_)->examine(Depth::Whole).value();
    }

    TemporaryFolder folder_;
    SqliteOptions options_ = options_in(folder_);
};

TEST_F(SqliteExamine, FindsNothingInASoundFile) {
    const Examination found = after("");
    EXPECT_EQ(found.schema, 5u);
    EXPECT_EQ(found.sagas, 3u);
    EXPECT_EQ(found.orphans, 0u);
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(SqliteExamine, CountsRowsWithoutTheirSaga) {
    const Examination found = after(
        "INSERT INTO parked VALUES (99, 5);"
        "INSERT INTO lock VALUES (7, 98, 0), (7, 99, 1);");
    EXPECT_EQ(found.orphans, 3u);
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(SqliteExamine, FindsSagasThatQueueAfterTheirEnd) {
    const Examination found = after("INSERT INTO lock VALUES (7, 3, 1)");
    EXPECT_EQ(found.orphans, 0u);
    EXPECT_THAT(found.faults, ElementsAre("sagas that are over, and queue for a lock: 1"));
}

TEST_F(SqliteExamine, CountsWhatWaitsOfNoSaga) {
    const Examination found = after(
        "INSERT INTO expectation VALUES (7, 98, 0, 0), (7, 99, 0, 0);"
        "INSERT INTO event_hit VALUES ((1 << 40) + 2, 99, 0, 0)");
    EXPECT_EQ(found.orphans, 3u);
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(SqliteExamine, FindsSagasThatWaitAfterTheirEnd) {
    EXPECT_THAT(after("INSERT INTO expectation VALUES (7, 3, 0, 0)").faults,
                ElementsAre("sagas that are over, and wait for an event: 1"));
}

TEST_F(SqliteExamine, FindsTopicsThatHoldOtherEventsThanTheySay) {
    static constexpr const char* kFault = "topics that hold other events than they say: 1";
    const auto fault_after = [&](const std::string& change, const std::string& back) {
        EXPECT_THAT(after(change).faults, ElementsAre(kFault)) << change;
        EXPECT_THAT(after(back).faults, IsEmpty()) << back;
    };
    fault_after("UPDATE topic SET last = last + 1", "UPDATE topic SET last = last - 1");
    fault_after("UPDATE topic SET bytes = bytes + 1", "UPDATE topic SET bytes = bytes - 1");
    fault_after("UPDATE topic SET first = first + 1, last = last + 1",
                "UPDATE topic SET first = first - 1, last = last - 1");
    fault_after("UPDATE event SET key = key + 5 WHERE key = (1 << 40) + 3",
                "UPDATE event SET key = key - 5 WHERE key = (1 << 40) + 8");
}

TEST_F(SqliteExamine, FindsWhatBelongsToNoEvent) {
    const Examination found = after(
        "INSERT INTO event VALUES ((9 << 40) + 1, 0, '{}');"
        "INSERT INTO event_hash VALUES (5, (1 << 40) + 7, 0), (5, (7 << 40) + 1, 0);"
        "INSERT INTO event_hit VALUES ((1 << 40) + 8, 1, 0, 0)");
    EXPECT_EQ(found.orphans, 0u);
    EXPECT_THAT(found.faults, ElementsAre("events of a topic that is not there: 1",
                                          "hashes of events that never were: 2",
                                          "events that are waited for, and not there: 1"));
}

TEST_F(SqliteExamine, CountsWhatIsOfNoSubscription) {
    const Examination found = after(
        "INSERT INTO failed_delivery VALUES (98, 1, 1, 0, ''), (1, 1, 1, 0, '');"
        "INSERT INTO dead_letter VALUES (98, 1, 1, 0, '', '', 0), (99, 1, 1, 0, '', '', 1)");
    EXPECT_EQ(found.orphans, 3u);
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(SqliteExamine, FindsSubscriptionsAndBridgesWithoutTheirDocuments) {
    static constexpr const char* kFault =
        "subscriptions and bridges with other documents than they say: 1";
    EXPECT_THAT(after("UPDATE subscription SET version = 2 WHERE key = 1").faults,
                ElementsAre(kFault));
    EXPECT_THAT(after("UPDATE subscription SET version = 1; UPDATE bridge SET version = 0").faults,
                ElementsAre(kFault));
    EXPECT_THAT(after("UPDATE bridge SET version = 1").faults, IsEmpty());
}

TEST_F(SqliteExamine, FindsSubscriptionsWithoutTheirOwner) {
    static constexpr const char* kFault =
        "subscriptions of a definition or a bridge that is not there: ";
    EXPECT_THAT(after("UPDATE definition_name SET state = 1").faults,
                ElementsAre(kFault + std::string("1")));
    EXPECT_THAT(after("DELETE FROM bridge_version; DELETE FROM bridge").faults,
                ElementsAre(kFault + std::string("2")));
}

TEST_F(SqliteExamine, FindsChildrenThatAreNotKeptAsTheirParentsSay) {
    static constexpr const char* kFault =
        "children that are kept, or not kept, otherwise than their parents say: 1";
    EXPECT_THAT(after("UPDATE saga SET held = NULL WHERE key = 2").faults, ElementsAre(kFault));
    EXPECT_THAT(after("UPDATE saga SET held = 1 WHERE key = 2").faults, IsEmpty());
    EXPECT_THAT(after("UPDATE saga SET parent = 3 WHERE key = 2").faults, ElementsAre(kFault));
}

}  // namespace
}  // namespace skald::store
