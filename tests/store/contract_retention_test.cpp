#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, DeletesByAgeAndStatus) {
    open(Retention{1h, 2h, std::nullopt});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(1, key), Status::Completed, at(1));
    add_finished(batch, start(2, key), Status::Completed, at(2));
    add_finished(batch, start(3, key), Status::Compensated, at(1));
    add_finished(batch, start(4, key), Status::Abandoned, at(1));
    batch.starts.push_back(start(5, key));
    batch.starts.push_back(start(6, key));
    batch.summaries.push_back(summary(6, Status::Stuck));
    write(batch);

    maintain(at(1) + 1h);
    EXPECT_THAT(list({}), ElementsAre(6, 5, 4, 3, 2, 1));
    maintain(at(2) + 1h + 1s);
    EXPECT_THAT(list({}), ElementsAre(6, 5, 4, 3));
    EXPECT_THAT(counts(), ElementsAre(1, 0, 1, 0, 1, 1));
    maintain(at(2) + 3h);
    EXPECT_THAT(list({}), ElementsAre(6, 5, 4));
    maintain(at(0) + 20'000h);
    reopen();
    EXPECT_THAT(list({}), ElementsAre(6, 5, 4));
    EXPECT_THAT(counts(), ElementsAre(1, 0, 1, 0, 0, 1));
    EXPECT_EQ(reader().saga("saga-1").error().code, ErrorCode::NotFound);
    EXPECT_THAT(journal(1), IsEmpty());
    EXPECT_EQ(journal(4).size(), 4u);
}

TEST_P(StoreContract, DeletesManyInSlices) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    for (int i = 1; i <= 1'000; ++i) {
        add_finished(batch, start(i, key));
    }
    write(batch);
    maintain(at(0) + 2h);
    EXPECT_THAT(list({}), IsEmpty());
    EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST_P(StoreContract, KeepsSagasWithARequestKeyForADay) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_request_key(start(1, key), "k"));
    add_finished(batch, start(2, key));
    write(batch);
    maintain(at(0) + 24h);
    EXPECT_THAT(list({}), ElementsAre(1));
    EXPECT_THAT(describe(write_start(with_request_key(start(3, key), "k"))),
                ElementsAre("key of saga-1 #1"));
    maintain(at(0) + 25h);
    EXPECT_THAT(list({}), IsEmpty());
    EXPECT_THAT(describe(write_start(with_request_key(start(4, key), "k"))),
                ElementsAre("started"));
}

TEST_P(StoreContract, DoesNotRunADeletedClientIdAgainForAYear) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_client_id(start(1, key), "mine"));
    add_finished(batch, start(2, key));
    write(batch);
    const Timestamp deleted_at = at(0) + 2h;
    maintain(deleted_at);
    reopen();

    NewSaga again = with_client_id(start(3, key), "mine");
    again.started_at = deleted_at + 365 * 24h - 1ms;
    Batch losing;
    add_finished(losing, again);
    EXPECT_THAT(describe(write(losing)), ElementsAre("id used"));
    EXPECT_THAT(list({}), IsEmpty());

    NewSaga other = start(4, key);
    other.id = "saga-2";  // One of ours leaves no tombstone.
    EXPECT_THAT(describe(write_start(with_client_id(other, "saga-2"))), ElementsAre("started"));
    again.key = SagaKey{5};
    again.started_at = deleted_at + 365 * 24h;
    EXPECT_THAT(describe(write_start(again)), ElementsAre("started"));
}

TEST_P(StoreContract, DoesNotReplayAgainWhatWasReplayedBeforeTheReplayWasDeleted) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_request_key(start(1, key), replay_key("old")));
    write(batch);
    EXPECT_THAT(describe(write_start(with_request_key(start(2, key), replay_key("old")))),
                ElementsAre("key of saga-1 #1"));
    const Timestamp deleted_at = at(0) + 25h;
    maintain(deleted_at);
    reopen();
    EXPECT_THAT(list({}), IsEmpty());
    NewSaga again = with_request_key(start(3, key), replay_key("old"));
    again.started_at = deleted_at + 1h;
    EXPECT_THAT(describe(write_start(again)), ElementsAre("id used"));
    EXPECT_THAT(describe(write_start(with_request_key(start(4, key), replay_key("other")))),
                ElementsAre("started"));
}

TEST_P(StoreContract, ForgetsTombstonesAfterAYear) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_client_id(start(1, key), "mine"));
    write(batch);
    maintain(at(0) + 2h);
    maintain(at(0) + 3h + 365 * 24h);
    EXPECT_THAT(describe(write_start(with_client_id(start(2, key), "mine"))),
                ElementsAre("started"));
}

TEST_P(StoreContract, NeverUsesAKeyOrPositionAgain) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(7, key));
    EXPECT_EQ(write(batch).last, Position{4});
    maintain(at(0) + 2h);
    reopen();
    EXPECT_EQ(recovery().last_keys().value().saga, SagaKey{7});
    EXPECT_EQ(recovery().last_keys().value().at, at(7 + 4));
    EXPECT_EQ(write_start(start(20, key)).last, Position{5});
    reopen();
    EXPECT_EQ(recovery().last_keys().value().saga, SagaKey{20});
    EXPECT_EQ(recovery().last_keys().value().at, at(20));
}

TEST_P(StoreContract, LeavesOutRowsOfADeletedSaga) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(1, key));
    write(batch);
    maintain(at(0) + 2h);
    Batch late;
    late.rows.push_back(step_row(1, 5));
    late.summaries.push_back(summary(1, Status::Completed, at(5)));
    late.starts.push_back(start(2, key));
    EXPECT_EQ(write(late).last, Position{5});
    EXPECT_THAT(list({}), ElementsAre(2));
    EXPECT_THAT(journal(1), IsEmpty());
    EXPECT_THAT(counts(), ElementsAre(1, 0, 0, 0, 0, 0));
}

// It is deleted although its end was not the last that was heard of it.
TEST_P(StoreContract, LeavesOutRowsOfADeletedSagaThatWasHeardOfLate) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(1, key));
    write(batch);
    Batch late;
    late.rows = {step_row(1, 5)};
    write(late);
    maintain(at(0) + 2h);
    EXPECT_THAT(list({}), IsEmpty());
    late.rows = {step_row(1, 6)};
    late.summaries = {summary(1, Status::Stuck)};
    EXPECT_EQ(write(late).last, Position{5});
    EXPECT_THAT(journal(1), IsEmpty());
    EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace skald::store
