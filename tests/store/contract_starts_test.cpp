#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, AnswersARepeatedRequestKeyWithTheFirstSaga) {
    const DefinitionKey key = order();
    write_start(with_request_key(start(1, key), "k", "body"));
    reopen();

    Batch batch;
    add_finished(batch, with_request_key(start(2, key), "k", "body"));
    add_finished(batch, with_request_key(start(3, key), "k", "other"));
    add_finished(batch, with_request_key(start(4, key), "K", "body"));
    const Committed committed = write(batch);

    EXPECT_THAT(describe(committed),
                ElementsAre("key of saga-1 #1", "key of saga-1 #1, other body", "started"));
    EXPECT_THAT(list({}), ElementsAre(4, 1));
    EXPECT_EQ(journal(1).size(), 1u);
    EXPECT_THAT(journal(2), IsEmpty());
    EXPECT_THAT(journal(3), IsEmpty());
    EXPECT_EQ(journal(4).size(), 4u);
    EXPECT_THAT(counts(), ElementsAre(1, 0, 0, 1, 0, 0));
    EXPECT_EQ(committed.last, Position{5});
}

TEST_P(StoreContract, FindsWhatAStartWouldRepeat) {
    const DefinitionKey key = order();
    write_start(with_request_key(start(1, key), "k", "body"));
    write_start(with_client_id(start(2, key), "mine", "body"));
    write_start(start(3, key));
    reopen();
    const auto find = [this](const StartIdentity& start) {
        const auto found = reader().repeated_start(start);
        if (!found) {
            EXPECT_EQ(found.error().code, ErrorCode::NotFound);
            return std::string("none");
        }
        return describe(*found);
    };
    const auto keyed = [](const char* text, const char* body) {
        return StartIdentity{sagas::RequestKey{text, body}, std::nullopt, body};
    };
    EXPECT_EQ(find(keyed("k", "body")), "key of saga-1 #1");
    EXPECT_EQ(find(keyed("k", "other")), "key of saga-1 #1, other body");
    EXPECT_EQ(find(keyed("other", "body")), "none");
    EXPECT_EQ(find({std::nullopt, "mine", "body"}), "id of mine #2");
    EXPECT_EQ(find({std::nullopt, "mine", "other"}), "id of mine #2, other body");
    EXPECT_EQ(find({std::nullopt, "saga-3", "body"}), "id of saga-3 #3, other body");
    EXPECT_EQ(find({std::nullopt, "saga-4", "body"}), "none");
    EXPECT_EQ(find({sagas::RequestKey{"k", "body"}, "mine", "body"}), "key of saga-1 #1");
    EXPECT_EQ(find({std::nullopt, std::nullopt, "body"}), "none");
}

TEST_P(StoreContract, FindsATwinInTheSameBatch) {
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_request_key(start(1, key), "k"));
    add_finished(batch, with_request_key(start(2, key), "k"));
    add_finished(batch, with_client_id(start(3, key), "mine", "a"));
    add_finished(batch, with_client_id(start(4, key), "mine", "b"));
    EXPECT_THAT(describe(write(batch)),
                ElementsAre("started", "key of saga-1 #1", "started", "id of mine #3, other body"));
    EXPECT_THAT(list({}), ElementsAre(3, 1));
    EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 2, 0, 0));
}

TEST_P(StoreContract, AnswersARepeatedIdWithItsSaga) {
    const DefinitionKey key = order();
    write_start(with_client_id(start(1, key), "mine", "body"));
    write_start(start(2, key));
    reopen();
    Batch batch;
    batch.starts = {with_client_id(start(3, key), "mine", "body"),
                    with_client_id(start(4, key), "mine", "other"),
                    // An id of ours was never sent with a body.
                    with_client_id(start(5, key), "saga-2", "body"),
                    with_client_id(start(6, key), "saga-2", "")};
    EXPECT_THAT(describe(write(batch)),
                ElementsAre("id of mine #1", "id of mine #1, other body",
                            "id of saga-2 #2, other body", "id of saga-2 #2, other body"));
    EXPECT_THAT(list({}), ElementsAre(2, 1));
}

TEST_P(StoreContract, LooksAtTheKeyBeforeTheId) {
    const DefinitionKey key = order();
    write_start(with_request_key(start(1, key), "k"));
    write_start(with_client_id(start(2, key), "mine"));
    EXPECT_THAT(describe(write_start(with_request_key(with_client_id(start(3, key), "mine"), "k"))),
                ElementsAre("key of saga-1 #1"));
}

TEST_P(StoreContract, BindsNoKeyToAStartThatLostByItsId) {
    const DefinitionKey key = order();
    write_start(with_client_id(start(1, key), "mine"));
    EXPECT_THAT(describe(write_start(with_request_key(with_client_id(start(2, key), "mine"), "k"))),
                ElementsAre("id of mine #1"));
    EXPECT_THAT(describe(write_start(with_request_key(start(3, key), "k"))),
                ElementsAre("started"));
}

TEST_P(StoreContract, LeavesOutRowsOfAStartThatLostBefore) {
    const DefinitionKey key = order();
    write_start(with_request_key(start(1, key), "k"));
    write_start(with_request_key(start(2, key), "k"));
    Batch later;  // Made while the start was being written.
    later.rows.push_back(step_row(2, 2));
    later.summaries.push_back(summary(2, Status::Stuck));
    later.starts.push_back(start(3, key));
    EXPECT_EQ(write(later).last, Position{2});
    EXPECT_THAT(list({}), ElementsAre(3, 1));
    EXPECT_THAT(journal(2), IsEmpty());
    EXPECT_THAT(counts(), ElementsAre(2, 0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace skald::store
