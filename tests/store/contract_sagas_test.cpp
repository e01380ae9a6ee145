#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, GivesBackASagaAsItWasWritten) {
    NewSaga saga = with_request_key(with_client_id(start(1, order()), "mine", "hash"), "k");
    saga.deadline_at = at(60'000);
    saga.labels = {{"customer", "c\"1'"}, {"", "\xc3\xa4\xe2\x82\xac"}};
    Batch batch;
    batch.starts.push_back(saga);
    batch.rows.push_back(step_row(1, 2));
    batch.summaries.push_back({SagaKey{1}, Status::Stuck, std::nullopt, at(5), "no", "charge"});

    const Committed committed = write(batch);
    EXPECT_THAT(describe(committed), ElementsAre("started"));
    EXPECT_EQ(committed.last, Position{2});
    EXPECT_EQ(committed.space, Space::Plenty);

    reopen();
    for (const auto& row : {reader().saga("mine").value(), reader().saga(SagaKey{1}).value()}) {
        EXPECT_EQ(row.key, SagaKey{1});
        EXPECT_EQ(row.id, "mine");
        EXPECT_EQ(row.definition_key, saga.definition);
        EXPECT_EQ(row.definition, "order");
        EXPECT_EQ(row.version, 1u);
        EXPECT_EQ(row.started_at, at(1));
        EXPECT_EQ(row.deadline_at, at(60'000));
        ASSERT_NE(row.input, nullptr);
        EXPECT_EQ(*row.input, *saga.input);
        EXPECT_EQ(row.labels, saga.labels);
        EXPECT_EQ(row.body_hash, "hash");
        EXPECT_EQ(row.summary, batch.summaries[0]);
    }
    EXPECT_THAT(journal(1),
                ElementsAre("1 " + text(saga.begun), "2 " + text(batch.rows[0].record)));
}

// Quotes, NUL, control characters and characters of four bytes.
const std::string kHostile("'); DROP TABLE saga;--\0\"\\\x01\x7f%s\xf0\x9f\x92\xa5", 34);

TEST_P(StoreContract, KeepsHostileTexts) {
    const DefinitionKey key = order();
    NewSaga saga = with_request_key(with_client_id(start(1, key), kHostile, kHostile), kHostile);
    saga.labels = {{kHostile, kHostile}};
    saga.input = std::make_shared<const Json>(Json{{kHostile, kHostile}});
    Batch batch;
    batch.definitions.emplace_back(definition("hostile", kHostile));
    batch.starts.push_back(saga);
    batch.summaries.push_back(
        {SagaKey{1}, Status::Running, std::nullopt, std::nullopt, kHostile, kHostile});
    write(batch);

    reopen();
    const auto row = reader().saga(kHostile).value();
    EXPECT_EQ(row.id, kHostile);
    EXPECT_EQ(row.body_hash, kHostile);
    EXPECT_EQ(row.labels, saga.labels);
    EXPECT_EQ(*row.input, *saga.input);
    EXPECT_EQ(row.summary, batch.summaries[0]);
    EXPECT_EQ(reader().definition("hostile", std::nullopt).value().source, kHostile);
    EXPECT_THAT(describe(write_start(with_request_key(start(2, key), kHostile))),
                ElementsAre("key of " + kHostile + " #1"));
    EXPECT_EQ(reader().saga(kHostile.substr(0, 22)).error().code, ErrorCode::NotFound);
}

TEST_P(StoreContract, TellsWhatIsNotThere) {
    EXPECT_EQ(reader().saga("saga-1").error().code, ErrorCode::NotFound);
    EXPECT_EQ(reader().saga(SagaKey{1}).error().code, ErrorCode::NotFound);
    EXPECT_EQ(reader().definition("order", std::nullopt).error().code, ErrorCode::NotFound);
    EXPECT_EQ(reader().definition(DefinitionKey{1}).error().code, ErrorCode::NotFound);
    EXPECT_THAT(reader().journal(SagaKey{1}, 0, 10).value(), IsEmpty());
    EXPECT_THAT(list({}), IsEmpty());
    EXPECT_THAT(reader().definitions("", 10).value(), IsEmpty());
    EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 0, 0, 0));
    EXPECT_EQ(recovery().last_keys().value().saga, SagaKey{0});
    EXPECT_EQ(recovery().last_keys().value().at, std::nullopt);
    order();
    EXPECT_EQ(reader().definition("order", 2).error().code, ErrorCode::NotFound);
    EXPECT_EQ(reader().definition("order", 0).error().code, ErrorCode::NotFound);
}

TEST_P(StoreContract, WritesNothingForAnEmptyBatch) {
    const Committed committed = write({});
    EXPECT_EQ(committed.last, Position{0});
    EXPECT_THAT(committed.starts, IsEmpty());
    EXPECT_THAT(committed.definitions, IsEmpty());
}

/// Starts are written first, so the last row is not the latest.
TEST_P(StoreContract, KnowsTheLatestTimeOfABatch) {
    write_start(start(1, order()));
    Batch batch;
    batch.rows.push_back(step_row(1, 2, at(20)));
    batch.starts.push_back(start(30, order()));  // At at(30).
    write(batch);
    EXPECT_EQ(recovery().last_keys().value().at, at(30));
}

TEST_P(StoreContract, GivesAJournalInPages) {
    Batch batch;
    add_finished(batch, start(1, order()));
    write(batch);
    const auto seqs = [&](std::uint32_t after, std::uint32_t limit) {
        std::vector<std::uint32_t> found;
        for (const auto& row : got(reader().journal(SagaKey{1}, after, limit))) {
            EXPECT_EQ(row.position, Position{row.seq});
            found.push_back(row.seq);
        }
        return found;
    };
    EXPECT_THAT(seqs(0, 2), ElementsAre(1, 2));
    EXPECT_THAT(seqs(2, 9), ElementsAre(3, 4));
    EXPECT_THAT(seqs(4, 9), IsEmpty());
    EXPECT_THAT(seqs(7, 9), IsEmpty());
}

TEST_P(StoreContract, RecoversLiveSagasOldestFirst) {
    const DefinitionKey key = order();
    Batch batch;
    for (std::int64_t i = 1; i <= 6; ++i) {
        batch.starts.push_back(start(i, key));
        batch.rows.push_back(step_row(i, 2));
        batch.summaries.push_back(summary(i, static_cast<Status>(6 - i)));
    }
    write(batch);
    reopen();
    std::vector<std::string> seen;
    const auto look = [&](const SagaRow& saga, const std::vector<JournalRow>& rows) {
        EXPECT_NE(saga.input, nullptr);
        seen.push_back(saga.id + ": " + std::to_string(rows.size()));
        EXPECT_EQ(text(rows.at(1).record), text(step_row(static_cast<int>(saga.key), 2).record));
        return Result<void>{};
    };
    ASSERT_TRUE(recovery().live_sagas(look));
    EXPECT_THAT(seen, ElementsAre("saga-4: 2", "saga-5: 2", "saga-6: 2"));

    int calls = 0;
    const auto stopped =
        recovery().live_sagas([&](const SagaRow&, const std::vector<JournalRow>&) -> Result<void> {
            ++calls;
            return sagas::fail(ErrorCode::Conflict, "enough");
        });
    EXPECT_EQ(stopped.error().message, "enough");
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace skald::store
