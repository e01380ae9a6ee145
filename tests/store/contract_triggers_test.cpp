#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/store/sample_subscriptions.h"
#include "tests/store/store_contract.h"

/// Subscriptions that definitions have for their triggers.
namespace skald::store {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::IsEmpty;

PutDefinition with_triggers(const std::string& source,
                            std::vector<OwnedSubscription> subscriptions) {
    PutDefinition put = definition("order", source);
    put.subscriptions = std::move(subscriptions);
    return put;
}

class TriggerContract : public StoreContract {
 protected:
    std::vector<std::string> change(std::variant<PutDefinition, DeleteDefinition> what) {
        Batch batch;
        batch.definitions.push_back(std::move(what));
        const Committed committed = write(batch);
        EXPECT_THAT(committed.subscriptions, IsEmpty());
        return texts(committed.owned);
    }
    void write_rows(SubscriptionRows rows) {
        Batch batch;
        batch.subscriptions = std::move(rows);
        EXPECT_THAT(write(batch).owned, IsEmpty());
    }
    std::vector<std::string> stored() { return texts(got(recovery().subscriptions())); }
    std::size_t letters(std::int64_t key) {
        return got(reader().dead_letters(SubscriptionKey{key}, Offset{0}, 99)).size();
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, TriggerContract, every_store(), store_name);

TEST_P(TriggerContract, HaveTheirDefinitionAsOwner) {
    PutDefinition put = with_triggers("1", {owned("t:b"), owned("t:a", "a")});
    put.at = at(6);
    EXPECT_THAT(change(put),
                ElementsAre("made #1 t:b of orders from 7: {}", "made #2 t:a of orders from 7: a"));
    SubscriptionRows rows;
    rows.changes = {subscription("mail")};
    write_rows(rows);
    reopen();
    EXPECT_THAT(stored(), ElementsAre("#1 t:b of orders v1 {} at 7 (definition/order)",
                                      "#2 t:a of orders v1 a at 7 (definition/order)",
                                      "#3 mail of orders v1 {} at 0"));
    EXPECT_EQ(text(got(reader().subscription("t:a"))),
              "#2 t:a of orders v1 a at 7 (definition/order)");
    EXPECT_EQ(got(reader().subscription("t:a")).created_at, at(6));
}

TEST_P(TriggerContract, AreReplacedByANewVersion) {
    change(with_triggers("1", {owned("t:a"), owned("t:b", "1"), owned("t:c"), owned("t:d")}));
    PutDefinition other = definition("other");
    other.subscriptions = {owned("o:a")};
    change(other);
    SubscriptionRows rows;
    for (int key = 1; key <= 4; ++key) {
        rows.progress.push_back(progress(key, 10 + key));
        rows.failed.push_back(failed(key, 20));
        rows.dead.push_back(dead(key, 19));
    }
    rows.changes = {subscription("mail")};
    write_rows(rows);
    PutDefinition second = with_triggers("2", {owned("t:e"), owned("t:b", "2"), owned("t:a")});
    second.at = at(4);
    second.subscriptions[2].begin = Offset{99};  // It goes on where it is.
    EXPECT_THAT(change(second),
                ElementsAre("made #7 t:e of orders from 7: {}", "new #2 t:b of orders from 7: 2",
                            "deleted #3 t:c of orders from 13: {}",
                            "deleted #4 t:d of orders from 14: {}"));
    reopen();
    EXPECT_THAT(
        stored(),
        ElementsAre("#1 t:a of orders v1 {} at 11 (definition/order)", "  failed 20 after 1: no",
                    "#2 t:b of orders v2 2 at 12 (definition/order)", "  failed 20 after 1: no",
                    "#5 o:a of orders v1 {} at 7 (definition/other)",
                    "#6 mail of orders v1 {} at 0",
                    "#7 t:e of orders v1 {} at 7 (definition/order)"));
    EXPECT_EQ(letters(3), 0u);
    EXPECT_EQ(letters(2), 1u);
    const SubscriptionRow changed = got(reader().subscription("t:b"));
    EXPECT_EQ(changed.created_at, at(0));
    EXPECT_EQ(changed.changed_at, at(4));
}

TEST_P(TriggerContract, StayAsTheyAreWhereNoVersionIsWritten) {
    change(with_triggers("1", {owned("t:a")}));
    EXPECT_THAT(change(with_triggers("1", {owned("t:b")})), IsEmpty());
    PutDefinition late = with_triggers("2", {owned("t:b")});
    late.if_version = 7;
    EXPECT_THAT(change(late), IsEmpty());
    EXPECT_THAT(change(DeleteDefinition{"order", 7, at(1)}), IsEmpty());
    EXPECT_THAT(change(DeleteDefinition{"other", std::nullopt, at(1)}), IsEmpty());
    EXPECT_THAT(stored(), ElementsAre("#1 t:a of orders v1 {} at 7 (definition/order)"));
    EXPECT_THAT(change(with_triggers("2", {owned("t:a")})), IsEmpty());  // Just as before.
}

TEST_P(TriggerContract, GoAndComeWithTheirDefinition) {
    change(with_triggers("1", {owned("t:b"), owned("t:a")}));
    EXPECT_THAT(
        change(DeleteDefinition{"order", std::nullopt, at(1)}),
        ElementsAre("deleted #2 t:a of orders from 7: {}", "deleted #1 t:b of orders from 7: {}"));
    EXPECT_THAT(change(DeleteDefinition{"order", std::nullopt, at(1)}), IsEmpty());
    reopen();
    EXPECT_THAT(stored(), IsEmpty());
    EXPECT_THAT(change(with_triggers("1", {owned("t:b")})),
                ElementsAre("made #3 t:b of orders from 7: {}"));
    EXPECT_THAT(stored(), ElementsAre("#3 t:b of orders v1 {} at 7 (definition/order)"));
}

TEST_P(TriggerContract, AreToldForEachDefinitionOfABatch) {
    Batch batch;
    batch.definitions = {with_triggers("1", {owned("t:a")}), with_triggers("2", {owned("t:b")}),
                         DeleteDefinition{"order", std::nullopt, at(1)}};
    batch.subscriptions.progress = {progress(1, 9), progress(2, 9)};
    EXPECT_THAT(
        texts(write(batch).owned),
        ElementsAre("made #1 t:a of orders from 7: {}", "made #2 t:b of orders from 7: {}",
                    "deleted #1 t:a of orders from 7: {}", "deleted #2 t:b of orders from 7: {}"));
    EXPECT_THAT(stored(), IsEmpty());
}

}  // namespace
}  // namespace skald::store
