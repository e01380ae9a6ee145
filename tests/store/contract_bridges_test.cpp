#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/store/sample_subscriptions.h"
#include "tests/store/store_contract.h"

/// Bridges to brokers, and the subscriptions that they have.
namespace skald::store {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::IsEmpty;

class BridgeContract : public StoreContract {
 protected:
    Committed write_bridges(std::vector<std::variant<PutBridge, DeleteBridge>> bridges) {
        Batch batch;
        batch.subscriptions.bridges = std::move(bridges);
        EXPECT_FALSE(batch.empty());
        return write(batch);
    }
    /// What came of it, then what came of its subscriptions.
    std::vector<std::string> change(std::variant<PutBridge, DeleteBridge> what) {
        const Committed committed = write_bridges({std::move(what)});
        std::vector<std::string> all = {text(committed.bridges.at(0))};
        for (std::string& each : texts(committed.owned)) all.push_back(std::move(each));
        return all;
    }
    std::vector<std::string> list(const char* after = "", std::uint32_t limit = 9) {
        std::vector<std::string> all;
        for (const BridgeRow& each : got(reader().bridges(after, limit))) all.push_back(text(each));
        return all;
    }
    std::vector<std::string> subscriptions() { return texts(got(reader().subscriptions("", 99))); }
};
INSTANTIATE_TEST_SUITE_P(Stores, BridgeContract, every_store(), store_name);

TEST_P(BridgeContract, NumbersTheDocumentsOfABridge) {
    EXPECT_THAT(change(bridge("nats", "1")), ElementsAre("made v1"));
    EXPECT_THAT(change(bridge("nats", "1")), ElementsAre("equal v1"));
    PutBridge second = bridge("nats", "2");
    second.at = at(7);
    EXPECT_THAT(change(second), ElementsAre("new v2"));
    reopen();
    EXPECT_THAT(change(bridge("nats", "2")), ElementsAre("equal v2"));
    const BridgeRow row = got(reader().bridge("nats"));
    EXPECT_EQ(text(row), "nats v2 2");
    EXPECT_EQ(row.created_at, at(0));
    EXPECT_EQ(row.changed_at, at(7));
    EXPECT_EQ(reader().bridge("other").error().code, ErrorCode::NotFound);
}

TEST_P(BridgeContract, GuardsBridgesByTheirVersion) {
    const auto put_if = [&](std::uint32_t version, const std::string& source) {
        PutBridge put = bridge("nats", source);
        put.if_version = version;
        return change(put).at(0);
    };
    const auto delete_if = [&](std::uint32_t version) {
        return change(DeleteBridge{"nats", version}).at(0);
    };
    EXPECT_EQ(put_if(1, "a"), "mismatch, latest 0");
    EXPECT_EQ(delete_if(1), "not found");
    EXPECT_THAT(list(), IsEmpty());
    EXPECT_EQ(put_if(0, "a"), "made v1");
    EXPECT_EQ(put_if(0, "a"), "mismatch, latest 1");
    EXPECT_EQ(put_if(1, "a"), "equal v1");
    EXPECT_EQ(put_if(1, "b"), "new v2");
    EXPECT_EQ(delete_if(1), "mismatch, latest 2");
    EXPECT_EQ(delete_if(2), "deleted v2");
    EXPECT_EQ(put_if(0, "b"), "made v1");
}

TEST_P(BridgeContract, ListsBridgesByName) {
    for (const char* name : {"b", "d", "a", "c"}) change(bridge(name));
    change(DeleteBridge{"c", std::nullopt});
    change(bridge("b", "2"));
    reopen();
    EXPECT_THAT(list(), ElementsAre("a v1 {}", "b v2 2", "d v1 {}"));
    EXPECT_THAT(list("a", 1), ElementsAre("b v2 2"));
    EXPECT_THAT(list("d"), IsEmpty());
}

TEST_P(BridgeContract, ReplacesItsSubscriptionsByANewVersion) {
    EXPECT_THAT(change(bridge("nats", "1", {owned("n:b"), owned("n:a", "1"), owned("n:c")})),
                ElementsAre("made v1", "made #1 n:b of orders from 7: {}",
                            "made #2 n:a of orders from 7: 1", "made #3 n:c of orders from 7: {}"));
    change(bridge("other", "1", {owned("o:a")}));
    Batch batch;
    batch.subscriptions.progress = {progress(1, 11), progress(2, 12), progress(3, 13)};
    batch.subscriptions.dead = {dead(2, 12), dead(3, 13)};
    write(batch);
    EXPECT_THAT(
        change(bridge("nats", "2", {owned("n:a", "2"), owned("n:d"), owned("n:b")})),
        ElementsAre("new v2", "new #2 n:a of orders from 7: 2", "made #5 n:d of orders from 7: {}",
                    "deleted #3 n:c of orders from 13: {}"));
    reopen();
    EXPECT_THAT(subscriptions(), ElementsAre("#2 n:a of orders v2 2 at 12 (bridge/nats), 1 dead",
                                             "#1 n:b of orders v1 {} at 11 (bridge/nats)",
                                             "#5 n:d of orders v1 {} at 7 (bridge/nats)",
                                             "#4 o:a of orders v1 {} at 7 (bridge/other)"));
    EXPECT_THAT(got(reader().dead_letters(SubscriptionKey{3}, Offset{0}, 9)), IsEmpty());
}

TEST_P(BridgeContract, LeavesItsSubscriptionsWhereNothingIsWritten) {
    change(bridge("nats", "1", {owned("n:a")}));
    EXPECT_THAT(change(bridge("nats", "1", {owned("n:b")})), ElementsAre("equal v1"));
    PutBridge late = bridge("nats", "2", {owned("n:b")});
    late.if_version = 7;
    EXPECT_THAT(change(late), ElementsAre("mismatch, latest 1"));
    EXPECT_THAT(change(DeleteBridge{"nats", 7}), ElementsAre("mismatch, latest 1"));
    EXPECT_THAT(change(DeleteBridge{"other", std::nullopt}), ElementsAre("not found"));
    EXPECT_THAT(subscriptions(), ElementsAre("#1 n:a of orders v1 {} at 7 (bridge/nats)"));
}

TEST_P(BridgeContract, TakesItsSubscriptionsWithIt) {
    change(bridge("nats", "1", {owned("n:b"), owned("n:a")}));
    change(bridge("other", "1", {owned("o:a")}));
    // A definition of the same name has its own.
    PutDefinition put = definition("nats");
    put.subscriptions = {owned("t:a")};
    write_definition(put);
    EXPECT_THAT(change(DeleteBridge{"nats", std::nullopt}),
                ElementsAre("deleted v1", "deleted #2 n:a of orders from 7: {}",
                            "deleted #1 n:b of orders from 7: {}"));
    reopen();
    EXPECT_THAT(subscriptions(), ElementsAre("#3 o:a of orders v1 {} at 7 (bridge/other)",
                                             "#4 t:a of orders v1 {} at 7 (definition/nats)"));
    EXPECT_EQ(reader().bridge("nats").error().code, ErrorCode::NotFound);
    EXPECT_THAT(change(bridge("nats", "2", {owned("n:a")})),
                ElementsAre("made v1", "made #5 n:a of orders from 7: {}"));
}

TEST_P(BridgeContract, TellsWhatCameOfEachChangeInItsOrder) {
    const Committed committed = write_bridges(
        {bridge("b", "1", {owned("b:a")}), DeleteBridge{"c", std::nullopt},
         bridge("a", "1", {owned("a:a")}), bridge("b", "2"), DeleteBridge{"b", std::nullopt}});
    std::vector<std::string> outcomes;
    for (const BridgeOutcome& each : committed.bridges) outcomes.push_back(text(each));
    EXPECT_THAT(outcomes, ElementsAre("made v1", "not found", "made v1", "new v2", "deleted v2"));
    EXPECT_THAT(texts(committed.owned),
                ElementsAre("made #1 b:a of orders from 7: {}", "made #2 a:a of orders from 7: {}",
                            "deleted #1 b:a of orders from 7: {}"));
    EXPECT_THAT(committed.subscriptions, IsEmpty());
    EXPECT_THAT(list(), ElementsAre("a v1 1"));
}

}  // namespace
}  // namespace skald::store
