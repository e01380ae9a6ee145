#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "store/event_rules.h"
#include "tests/store/sample_events.h"
#include "tests/store/store_contract.h"

/// Steps that wait for events, and which of them find each other.
namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using sagas::Phase;
using sagas::StepIndex;
using testing::ElementsAre;
using testing::IsEmpty;

class ExpectationContract : public StoreContract {
 protected:
    /// Sagas 1 to `count`, under way.
    void start_sagas(std::int64_t count) {
        const DefinitionKey key = order();
        Batch batch;
        for (std::int64_t i = 1; i <= count; ++i) batch.starts.push_back(start(i, key));
        write(batch);
    }
    std::vector<std::string> hits_of(const Batch& batch) { return texts(write(batch).event_hits); }
    std::vector<std::string> expect(std::vector<NewExpectation> expectations) {
        Batch batch;
        batch.expectations = std::move(expectations);
        EXPECT_FALSE(batch.empty());
        for (NewExpectation again : batch.expectations) {
            again.is_new = false;
            standing_.push_back(std::move(again));
        }
        return hits_of(batch);
    }
    /// As one does who has the sagas in memory: says again what they wait for.
    void reopen_and_take_up() {
        reopen();
        Batch batch;
        batch.expectations = standing_;
        EXPECT_THAT(hits_of(batch), IsEmpty());
    }
    std::vector<std::string> publish(std::vector<NewEvent> events) {
        Batch batch;
        batch.events = std::move(events);
        return hits_of(batch);
    }
    std::vector<std::string> untold() { return texts(got(recovery().event_hits())); }
    void tell_all() {
        Batch batch;
        for (const EventHit& hit : got(recovery().event_hits())) {
            batch.told_hits.push_back(told(hit));
        }
        EXPECT_FALSE(batch.empty());
        EXPECT_THAT(hits_of(batch), IsEmpty());
    }
    void end(std::int64_t saga) {
        std::erase_if(standing_, [saga](const auto& each) { return each.saga == SagaKey{saga}; });
        Batch batch;
        batch.rows = {abandoned_row(saga, 2)};
        batch.summaries = {summary(saga, sagas::Status::Abandoned, at(9))};
        write(batch);
    }

    std::vector<NewExpectation> standing_;  ///< Of sagas that `end` was not called for.
};
INSTANTIATE_TEST_SUITE_P(Stores, ExpectationContract, every_store(), store_name);

// ---- Before, after, at once
// ----------------------------------------------------------------------

TEST_P(ExpectationContract, FindsAnEventThatComesAfterIt) {
    start_sagas(1);
    EXPECT_THAT(expect({expectation(1, {"k"})}), IsEmpty());
    EXPECT_THAT(publish({event("stock", "a", {"other"}), event("stock", "b", {"k"})}),
                ElementsAre("saga 1, step 0: stock 2 (b)"));
    reopen_and_take_up();
    EXPECT_THAT(publish({event("stock", "c", {"other"}), event("stock", "d", {"k"})}),
                ElementsAre("saga 1, step 0: stock 4 (d)"));
}

// Nobody says again what a parked saga waits for: it is not in memory.
TEST_P(ExpectationContract, StaysWhereItsSagaIsParked) {
    start_sagas(3);
    expect({expectation(1, {"k"}), expectation(1, {"l"}, StepIndex{1})});
    Batch batch;
    batch.parks = {{SagaKey{1}, std::nullopt}, {SagaKey{3}, std::nullopt}};
    write(batch);
    reopen();
    EXPECT_THAT(publish({event("stock", "a", {"k"}), event("stock", "b", {"l"})}),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 1: stock 2 (b)"));
    // In memory again, it waits for more, and is parked again.
    Batch back;
    back.unparks = {SagaKey{1}};
    write(back);
    expect({expectation(1, {"m", "k"})});
    write(batch);
    reopen();
    EXPECT_THAT(publish({event("stock", "c", {"m"}), event("stock", "d", {"k"})}),
                ElementsAre("saga 1, step 0: stock 3 (c)", "saga 1, step 0: stock 4 (d)"));
    end(1);
    EXPECT_THAT(publish({event("stock", "e", {"m", "l", "k"})}), IsEmpty());
}

// In the commit that parks the saga, too.
TEST_P(ExpectationContract, StaysWhereItsSagaIsParkedAtOnce) {
    start_sagas(1);
    Batch batch;
    batch.parks = {{SagaKey{1}, std::nullopt}};
    batch.expectations = {expectation(1, {"k"})};
    write(batch);
    reopen();
    EXPECT_THAT(publish({event("stock", "a", {"k"})}), ElementsAre("saga 1, step 0: stock 1 (a)"));
}

// What was found before is not found again.
TEST_P(ExpectationContract, LooksForNothingThatIsThereWhenItIsNotNew) {
    start_sagas(1);
    publish({event("stock", "a", {"k"})});
    NewExpectation again = expectation(1, {"k"});
    again.is_new = false;
    EXPECT_THAT(expect({again}), IsEmpty());
    EXPECT_THAT(publish({event("stock", "b", {"k"})}), ElementsAre("saga 1, step 0: stock 2 (b)"));
}

TEST_P(ExpectationContract, FindsAnEventThatCameBeforeIt) {
    start_sagas(1);
    EXPECT_THAT(publish({event("stock", "a", {"other"}), event("stock", "b", {"k"})}), IsEmpty());
    reopen();
    EXPECT_THAT(expect({expectation(1, {"k"})}), ElementsAre("saga 1, step 0: stock 2 (b)"));
}

TEST_P(ExpectationContract, FindsAnEventOfItsOwnCommit) {
    Batch batch;
    batch.starts = {start(1, order())};
    batch.expectations = {expectation(1, {"k"})};
    batch.events = {by_saga(event("stock", "command"), 1), event("stock", "b", {"k"})};
    EXPECT_THAT(hits_of(batch), ElementsAre("saga 1, step 0: stock 2 (b)"));
}

// Whoever takes up the saga writes it together with what came first.
TEST_P(ExpectationContract, FindsAnEventOfItsOwnCommitWhereItIsNotNew) {
    start_sagas(1);
    publish({event("stock", "a", {"k"})});
    NewExpectation again = expectation(1, {"k"});
    again.is_new = false;
    Batch batch;
    batch.expectations = {expectation(1, {"l"}, StepIndex{1}), again};
    batch.events = {event("stock", "b", {"k"}), event("stock", "c", {"l"})};
    EXPECT_THAT(hits_of(batch),
                ElementsAre("saga 1, step 0: stock 2 (b)", "saga 1, step 1: stock 3 (c)"));
}

TEST_P(ExpectationContract, FindsAReplyThatComesTwice) {
    start_sagas(2);
    publish({event("stock", "a", {"k"}), event("stock", "b", {"k"})});
    EXPECT_THAT(expect({expectation(1, {"k"})}),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 0: stock 2 (b)"));
    EXPECT_THAT(publish({event("stock", "c", {"k"}), event("stock", "d", {"k"})}),
                ElementsAre("saga 1, step 0: stock 3 (c)", "saga 1, step 0: stock 4 (d)"));
    tell_all();
    EXPECT_THAT(publish({event("stock", "e", {"k"})}), ElementsAre("saga 1, step 0: stock 5 (e)"));
    // Not when it is the same event.
    EXPECT_THAT(publish({event("stock", "e", {"k"}), event("stock", "a", {"k"})}), IsEmpty());
}

TEST_P(ExpectationContract, HasNothingTwiceByTwoKeys) {
    start_sagas(1);
    publish({event("stock", "a", {"k", "l"})});
    EXPECT_THAT(expect({expectation(1, {"l", "k", "l"})}),
                ElementsAre("saga 1, step 0: stock 1 (a)"));
    EXPECT_THAT(publish({event("stock", "b", {"l", "k", "k"})}),
                ElementsAre("saga 1, step 0: stock 2 (b)"));
}

TEST_P(ExpectationContract, ChangesNothingWhenItIsWrittenAgain) {
    start_sagas(1);
    publish({event("stock", "a", {"k"})});
    EXPECT_THAT(expect({expectation(1, {"k"})}), ElementsAre("saga 1, step 0: stock 1 (a)"));
    EXPECT_THAT(expect({expectation(1, {"k"}), expectation(1, {"k"})}), IsEmpty());
    tell_all();
    reopen_and_take_up();
    EXPECT_THAT(expect({expectation(1, {"k"})}), IsEmpty());
    EXPECT_THAT(publish({event("stock", "b", {"k"})}), ElementsAre("saga 1, step 0: stock 2 (b)"));
}

TEST_P(ExpectationContract, LooksForKeysThatAreNew) {
    start_sagas(1);
    publish({event("stock", "a", {"k"}), event("stock", "b", {"l"})});
    EXPECT_THAT(expect({expectation(1, {"k"})}), ElementsAre("saga 1, step 0: stock 1 (a)"));
    EXPECT_THAT(expect({expectation(1, {"k", "l"})}), ElementsAre("saga 1, step 0: stock 2 (b)"));
}

TEST_P(ExpectationContract, FindsOnlyWhatIsKept) {
    open({}, {24h, 1h, 24h});
    start_sagas(3);
    publish({event("stock", "a", {"k"}), written_at(event("stock", "b", {"k"}), at(1))});
    EXPECT_THAT(expect({written_at(expectation(1, {"k"}), at(0) + 1h)}),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 0: stock 2 (b)"));
    EXPECT_THAT(expect({written_at(expectation(2, {"k"}), at(1) + 1h)}),
                ElementsAre("saga 2, step 0: stock 2 (b)"));
    reopen();
    EXPECT_THAT(expect({written_at(expectation(3, {"k"}), at(1) + 1h)}),
                ElementsAre("saga 3, step 0: stock 2 (b)"));
    EXPECT_THAT(texts(got(reader().events("stock", Offset{0}, 9))), ElementsAre("1 a", "2 b"));
}

TEST_P(ExpectationContract, FindsTheOldestOfMany) {
    start_sagas(2);
    for (std::uint32_t i = 0; i < kEarlierEventsMax + 2; ++i) {
        publish({event("stock", std::to_string(i), {"k"}), event("stock", "other", {"l"})});
    }
    const auto found = expect({expectation(1, {"k"}), expectation(2, {"l", "k"})});
    ASSERT_EQ(found.size(), 2 * kEarlierEventsMax + 1);
    EXPECT_EQ(found.front(), "saga 1, step 0: stock 1 (0)");
    EXPECT_EQ(found[kEarlierEventsMax], "saga 2, step 0: stock 1 (0)");
    EXPECT_EQ(found[kEarlierEventsMax + 1], "saga 2, step 0: stock 2 (other)");
}

// ---- Who waits for what
// --------------------------------------------------------------------------

TEST_P(ExpectationContract, KeepsKeysStepsAndPhasesApart) {
    start_sagas(2);
    NewExpectation undo = expectation(1, {"k"});
    undo.phase = Phase::Compensation;
    EXPECT_THAT(expect({expectation(1, {"k"}), undo, expectation(1, {"k"}, StepIndex{3}),
                        expectation(1, {"k"}, sagas::element_of(StepIndex{3}, 70'000)),
                        expectation(2, {"l"})}),
                IsEmpty());
    reopen_and_take_up();
    EXPECT_THAT(publish({event("stock", "a", {"k"})}),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 0 undo: stock 1 (a)",
                            "saga 1, step 3: stock 1 (a)", "saga 1, step 3/70000: stock 1 (a)"));
    EXPECT_THAT(publish({event("stock", "b", {"K"}), event("stock", "c"), event("pay", "d", {""})}),
                IsEmpty());
    EXPECT_THAT(untold(),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 0 undo: stock 1 (a)",
                            "saga 1, step 3: stock 1 (a)", "saga 1, step 3/70000: stock 1 (a)"));
}

TEST_P(ExpectationContract, TellsAllWhoWaitForOneEvent) {
    start_sagas(3);
    expect({expectation(3, {"k"}), expectation(1, {"k", "m"}), expectation(2, {"l"})});
    EXPECT_THAT(publish({event("stock", "a", {"l", "k"}), event("pay", "b", {"m"})}),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 2, step 0: stock 1 (a)",
                            "saga 3, step 0: stock 1 (a)", "saga 1, step 0: pay 1 (b)"));
}

// ---- Until it is told
// ----------------------------------------------------------------------------

TEST_P(ExpectationContract, KeepsHitsUntilTheyAreTold) {
    start_sagas(2);
    expect({expectation(1, {"k"}), expectation(2, {"k"})});
    publish({event("stock", "a", {"k"}), event("stock", "b", {"k"})});
    reopen();
    EXPECT_THAT(untold(),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 2, step 0: stock 1 (a)",
                            "saga 1, step 0: stock 2 (b)", "saga 2, step 0: stock 2 (b)"));
    Batch batch;
    const auto hits = got(recovery().event_hits());
    batch.told_hits = {told(hits.at(0)), told(hits.at(3))};
    ToldHit of_another_phase = told(hits.at(1));
    of_another_phase.phase = Phase::Compensation;
    ToldHit of_no_topic = told(hits.at(1));
    of_no_topic.topic = "none";
    batch.told_hits.push_back(of_another_phase);
    batch.told_hits.push_back(of_no_topic);
    write(batch);
    reopen();
    EXPECT_THAT(untold(),
                ElementsAre("saga 2, step 0: stock 1 (a)", "saga 1, step 0: stock 2 (b)"));
    tell_all();
    EXPECT_THAT(untold(), IsEmpty());
    EXPECT_THAT(hits_of(batch), IsEmpty());  // Told twice.
}

TEST_P(ExpectationContract, DeletesNoEventThatIsToBeTold) {
    open({}, {1h, 1h, 1h});
    start_sagas(1);
    expect({expectation(1, {"k"})});
    publish(
        {event("stock", "a"), event("stock", "b", {"k"}), event("stock", "c"), event("zoo", "x")});
    maintain(at(0) + 2h);
    EXPECT_THAT(texts(got(reader().events("zoo", Offset{0}, 9))), IsEmpty());
    reopen_and_take_up();
    EXPECT_THAT(untold(), ElementsAre("saga 1, step 0: stock 2 (b)"));
    EXPECT_THAT(texts(got(reader().events("stock", Offset{0}, 9))), ElementsAre("2 b", "3 c"));
    tell_all();
    maintain(at(0) + 3h);
    EXPECT_THAT(texts(got(reader().events("stock", Offset{0}, 9))), IsEmpty());
    EXPECT_THAT(publish({written_at(event("stock", "d", {"k"}), at(0) + 3h)}),
                ElementsAre("saga 1, step 0: stock 4 (d)"));  // It waits still.
}

// ---- What comes of hits, in their commit
// ----------------------------------------------------------------------

TEST_P(ExpectationContract, TakesWhatComesOfHitsIntoTheirCommit) {
    start_sagas(2);
    expect({expectation(1, {"k"}), expectation(2, {"k", "l"})});
    Batch batch;
    batch.events = {event("stock", "a", {"k"})};
    int asked = 0;
    const auto on_hits = [&](const std::vector<EventHit>& hits) -> Grow {
        ++asked;
        EXPECT_THAT(texts(hits),
                    ElementsAre("saga 1, step 0: stock 1 (a)", "saga 2, step 0: stock 1 (a)"));
        EXPECT_EQ(hits.at(0).index, std::optional<std::size_t>(0));
        Batch more;
        more.rows = {abandoned_row(1, 2)};
        more.summaries = {summary(1, sagas::Status::Abandoned, at(9))};
        more.unparks = {SagaKey{2}};
        more.expectations = {expectation(2, {"m"}, StepIndex{1})};
        more.events = {by_saga(event("stock", "b", {"l"}), 1), event("stock", "c", {"m"})};
        more.told_hits = {told(hits.at(0))};
        return [&batch, more] { batch.grow_by(Batch(more)); };
    };
    const auto committed = writer().write(batch, on_hits);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_EQ(asked, 1);
    EXPECT_THAT(texts(committed->events), ElementsAre("1", "2", "3"));
    EXPECT_THAT(texts(committed->event_hits),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 2, step 0: stock 1 (a)",
                            "saga 2, step 0: stock 2 (b)", "saga 2, step 1: stock 3 (c)"));
    EXPECT_TRUE(committed->event_hits.at(0).is_told);
    EXPECT_FALSE(committed->event_hits.at(1).is_told);
    EXPECT_THAT(untold(), ElementsAre("saga 2, step 0: stock 1 (a)", "saga 2, step 0: stock 2 (b)",
                                      "saga 2, step 1: stock 3 (c)"));
    EXPECT_EQ(got(reader().journal(SagaKey{1}, 0, 9)).size(), 2u);
    EXPECT_EQ(got(reader().saga(SagaKey{1})).summary.status, sagas::Status::Abandoned);
    EXPECT_THAT(publish({event("stock", "d", {"k"})}), ElementsAre("saga 2, step 0: stock 4 (d)"));
}

TEST_P(ExpectationContract, AsksNobodyAboutHitsThatAreTold) {
    start_sagas(1);
    expect({expectation(1, {"k"})});
    Batch batch;
    batch.events = {event("stock", "a", {"k"}), event("stock", "b")};
    batch.told_hits = {{SagaKey{1}, StepIndex{0}, Phase::Action, "stock", Offset{1}}};
    const auto never = [](const std::vector<EventHit>&) -> Grow {
        ADD_FAILURE();
        return {};
    };
    const auto committed = writer().write(batch, never);
    ASSERT_TRUE(committed) << committed.error().message;
    ASSERT_EQ(committed->event_hits.size(), 1u);
    EXPECT_TRUE(committed->event_hits[0].is_told);
    EXPECT_THAT(untold(), IsEmpty());
}

// By its saga's key one step of one saga waits: once that did, nobody else ever will.
TEST_P(ExpectationContract, KeepsTheSagasKeyOnlyWhereNobodyWaits) {
    start_sagas(2);
    const auto reply = [](const std::string& id, const std::string& key) {
        NewEvent made = event("stock", id);
        made.keys.saga = key;
        return made;
    };
    EXPECT_THAT(publish({reply("early", "of 1")}), IsEmpty());
    EXPECT_THAT(expect({expectation(1, {"of 1"})}), ElementsAre("saga 1, step 0: stock 1 (early)"));
    EXPECT_THAT(publish({reply("again", "of 1")}), ElementsAre("saga 1, step 0: stock 2 (again)"));
    EXPECT_THAT(expect({expectation(2, {"of 1"})}), ElementsAre("saga 2, step 0: stock 1 (early)"));
}

// ---- Ends
// ------------------------------------------------------------------------------------------

TEST_P(ExpectationContract, FindsNothingAfterTheEnd) {
    start_sagas(2);
    expect(
        {expectation(1, {"k", "l"}), expectation(1, {"k"}, StepIndex{1}), expectation(2, {"k"})});
    publish({event("stock", "a", {"k"})});
    end(1);
    // What was found before is told nevertheless.
    EXPECT_THAT(untold(), ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 1: stock 1 (a)",
                                      "saga 2, step 0: stock 1 (a)"));
    reopen_and_take_up();
    EXPECT_THAT(publish({event("stock", "b", {"l", "k"})}),
                ElementsAre("saga 2, step 0: stock 2 (b)"));
}

TEST_P(ExpectationContract, FindsWhatComesWithTheEnd) {
    start_sagas(1);
    publish({event("stock", "a", {"k"})});
    Batch batch;
    batch.rows = {abandoned_row(1, 2)};
    batch.summaries = {summary(1, sagas::Status::Abandoned, at(9))};
    batch.expectations = {expectation(1, {"k"})};
    batch.events = {event("stock", "b", {"k"})};
    EXPECT_THAT(hits_of(batch),
                ElementsAre("saga 1, step 0: stock 1 (a)", "saga 1, step 0: stock 2 (b)"));
    EXPECT_THAT(publish({event("stock", "c", {"k"})}), IsEmpty());
    reopen();
    EXPECT_EQ(untold().size(), 2u);
}

TEST_P(ExpectationContract, FindsNothingForASagaThatWasOverBeforeItBegan) {
    NewSaga over = start(1, order());
    over.begun.decision.end = sagas::End{sagas::Status::Completed, over.started_at, nullptr, ""};
    Batch batch;
    batch.starts = {over};
    batch.summaries = {summary(1, sagas::Status::Completed, over.started_at)};
    batch.expectations = {expectation(1, {"k"})};
    write(batch);
    EXPECT_THAT(publish({event("stock", "a", {"k"})}), IsEmpty());
}

// A child ends, and its parent turns.
TEST_P(ExpectationContract, WaitsAgainWhenASagaGoesOnAfterItsEnd) {
    start_sagas(1);
    expect({expectation(1, {"k"})});
    end(1);
    Batch turned;
    turned.rows = {{SagaKey{1}, 3, {at(20), sagas::ParentTurned{}, {}}}};
    turned.summaries = {summary(1, sagas::Status::Compensating)};
    turned.expectations = {expectation(1, {"undone"})};
    write(turned);
    EXPECT_THAT(publish({event("stock", "a", {"k"}), event("stock", "b", {"undone"})}),
                ElementsAre("saga 1, step 0: stock 2 (b)"));
    // Both in one commit.
    Batch again;
    again.rows = {abandoned_row(1, 4), {SagaKey{1}, 5, {at(21), sagas::ParentTurned{}, {}}}};
    again.summaries = {summary(1, sagas::Status::Compensating)};
    write(again);
    EXPECT_THAT(publish({event("stock", "c", {"undone"})}),
                ElementsAre("saga 1, step 0: stock 3 (c)"));
}

TEST_P(ExpectationContract, LeavesOutSagasThatAreGone) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(1, key));
    batch.starts.push_back(with_request_key(start(2, key), "k"));
    write(batch);
    maintain(at(0) + 2h);
    Batch lost;
    lost.starts = {with_request_key(start(3, key), "k")};
    lost.expectations = {expectation(1, {"k"}), expectation(3, {"k"}), expectation(2, {"l"})};
    lost.events = {event("stock", "a", {"k"}), event("stock", "b", {"l"})};
    EXPECT_THAT(hits_of(lost), ElementsAre("saga 2, step 0: stock 2 (b)"));
    EXPECT_THAT(expect({expectation(3, {"k"})}), IsEmpty());
    EXPECT_THAT(publish({event("stock", "c", {"k"})}), IsEmpty());
}

TEST_P(ExpectationContract, ForgetsWhatIsDeleted) {
    open(Retention{1h, 1h, 1h});
    start_sagas(2);
    expect({expectation(1, {"k"}), expectation(2, {"k"})});
    publish({event("stock", "a", {"k"})});
    // Its row says that it ended, its journal does not.
    Batch batch;
    batch.summaries = {summary(1, sagas::Status::Completed, at(5))};
    write(batch);
    maintain(at(0) + 2h);
    EXPECT_THAT(untold(), ElementsAre("saga 2, step 0: stock 1 (a)"));
    EXPECT_THAT(publish({event("stock", "b", {"k"})}), ElementsAre("saga 2, step 0: stock 2 (b)"));
    Batch late;
    late.told_hits = {{SagaKey{1}, StepIndex{0}, Phase::Action, "stock", Offset{1}}};
    write(late);
}

}  // namespace
}  // namespace skald::store
