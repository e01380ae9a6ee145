#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <string>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, CountsAreAsTheSagasAre) {
    open(Retention{1h, 2h, 3h});
    const DefinitionKey key = order();
    std::mt19937 random(20261121);
    const auto pick = [&](std::int64_t below) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(below));
    };
    std::int64_t last = 0;
    Timestamp now = at(0);
    for (int round = 0; round < 60; ++round) {
        now += Milliseconds{pick(600'000)};
        Batch batch;
        for (std::int64_t i = pick(8); i > 0; --i) {
            NewSaga saga = start(++last, key);
            saga.started_at = now;
            batch.starts.push_back(
                pick(3) == 0 ? with_request_key(saga, "k" + std::to_string(pick(50))) : saga);
        }
        for (std::int64_t i = pick(12); i > 0 && last > 0; --i) {
            const auto status = static_cast<Status>(pick(6));
            batch.summaries.push_back(
                summary(1 + pick(last), status,
                        sagas::is_terminal(status) ? std::optional{now} : std::nullopt));
        }
        write(batch);
        if (pick(4) == 0) {
            maintain(now);
        }
        std::array<std::uint64_t, 6> real{};
        for (const SagaRow& row : got(reader().list({}, {{}, 200})).rows) {
            ++real.at(static_cast<std::size_t>(row.summary.status));
        }
        ASSERT_LE(last, 400);
        ASSERT_THAT(counts(), testing::ElementsAreArray(real)) << "round " << round;
    }
}

TEST_P(StoreContract, WritesALargeBatch) {
    const DefinitionKey key = order();
    Batch batch;
    const auto input = std::make_shared<const Json>(Json{{"text", std::string(15'000, 'x')}});
    for (std::int64_t i = 1; i <= 1'000; ++i) {  // 16 MB in all.
        NewSaga saga = start(i, key);
        saga.input = input;
        batch.starts.push_back(std::move(saga));
    }
    NewSaga large = start(1'001, key);
    large.input = std::make_shared<const Json>(Json{{"text", std::string(1 << 20, 'y')}});
    batch.starts.push_back(large);
    EXPECT_EQ(write(batch).last, Position{1'001});
    reopen();
    EXPECT_EQ(*reader().saga(SagaKey{500}).value().input, *input);
    EXPECT_EQ(*reader().saga(SagaKey{1'001}).value().input, *large.input);
    EXPECT_THAT(counts(), ElementsAre(1'001, 0, 0, 0, 0, 0));
}

struct BrokenBatch {
    const char* name;
    void (*make)(Batch& batch, DefinitionKey key);
};

TEST_P(StoreContract, StopsAtABatchThatBreaksTheJournal) {
    const std::array broken = {
        BrokenBatch{"a gap", [](Batch& batch, DefinitionKey) { batch.rows = {step_row(1, 3)}; }},
        BrokenBatch{"a gap behind a row",
                    [](Batch& batch, DefinitionKey) {
                        batch.rows = {step_row(1, 2), step_row(1, 4)};
                    }},
        BrokenBatch{"the first row again",
                    [](Batch& batch, DefinitionKey) { batch.rows = {granted_row(1, 1)}; }},
        BrokenBatch{"a row twice",
                    [](Batch& batch, DefinitionKey) {
                        batch.rows = {step_row(1, 2), step_row(1, 2)};
                    }},
        BrokenBatch{"a row of nobody",
                    [](Batch& batch, DefinitionKey) { batch.rows = {step_row(2, 2)}; }},
        BrokenBatch{
            "a summary of nobody",
            [](Batch& batch, DefinitionKey) { batch.summaries = {summary(2, Status::Stuck)}; }},
        BrokenBatch{
            "an unknown definition",
            [](Batch& batch, DefinitionKey) { batch.starts = {start(2, DefinitionKey{77})}; }},
    };
    for (const BrokenBatch& each : broken) {
        for (const bool is_reopened : {false, true}) {
            SCOPED_TRACE(std::string(each.name) + (is_reopened ? ", after a restart" : ""));
            open({});
            const DefinitionKey key = order();
            write_start(start(1, key));
            if (is_reopened) {
                reopen();
            }
            Batch batch;
            each.make(batch, key);
            EXPECT_EQ(writer().write(batch).error().code, ErrorCode::Corruption);
            EXPECT_EQ(writer().write({}).error().code, ErrorCode::Corruption);
            EXPECT_EQ(writer().maintain(at(0)).error().code, ErrorCode::Corruption);
        }
    }
}

// As many rows as are written with one statement, fewer, more, and some of one saga in a row.
TEST_P(StoreContract, WritesRowsOfBatchesOfAnySize) {
    const DefinitionKey key = order();
    std::int64_t last = 0;
    std::int64_t position = 0;
    for (std::int64_t sagas = 1; sagas <= 20; ++sagas) {
        Batch batch;
        for (std::int64_t i = 0; i < sagas; ++i) {
            batch.starts.push_back(start(++last, key));
        }
        for (std::uint32_t seq = 2; seq <= 3; ++seq) {
            for (std::int64_t i = 0; i < sagas; ++i) {
                batch.rows.push_back(step_row(last - i, seq));
            }
        }
        batch.rows.push_back(step_row(last, 4));
        position += 3 * sagas + 1;
        ASSERT_EQ(write(batch).last, Position{position});
        ASSERT_EQ(journal(last).size(), 4u);
        ASSERT_EQ(journal(last - sagas + 1).size(), sagas == 1 ? 4u : 3u);
    }
    const FeedPage feed = got(reader().feed(Position{0}, 2'000));
    ASSERT_EQ(feed.rows.size(), static_cast<std::size_t>(position));
    for (std::size_t i = 0; i < feed.rows.size(); ++i) {
        ASSERT_EQ(feed.rows[i].row.position, Position{static_cast<std::int64_t>(i) + 1});
    }
}

TEST_P(StoreContract, GoesOnWithAJournalAfterARestart) {
    const DefinitionKey key = order();
    write_start(start(1, key));
    for (std::uint32_t seq = 2; seq <= 4; ++seq) {
        reopen();
        Batch batch;
        batch.rows = {step_row(1, seq)};
        if (seq == 3) {
            batch.summaries = {summary(1, Status::Stuck)};
        }
        write(batch);
        EXPECT_EQ(journal(1).size(), seq);
    }
    EXPECT_THAT(counts(), ElementsAre(0, 0, 1, 0, 0, 0));
}

// A terminal summary need not be the last that is heard of a saga.
TEST_P(StoreContract, GoesOnWithAJournalAfterTheEnd) {
    const DefinitionKey key = order();
    write_start(start(1, key));
    Batch batch;
    batch.rows = {step_row(1, 2), step_row(1, 3)};
    batch.summaries = {summary(1, Status::Completed, at(3)), summary(1, Status::Stuck)};
    write(batch);
    batch = {};
    batch.rows = {step_row(1, 4)};
    batch.summaries = {summary(1, Status::Compensating)};
    write(batch);
    batch.rows = {step_row(1, 5)};
    batch.summaries = {summary(1, Status::Completed, at(5))};
    write(batch);
    EXPECT_EQ(journal(1).size(), 5u);
    EXPECT_THAT(counts(), ElementsAre(0, 0, 0, 1, 0, 0));
}

}  // namespace
}  // namespace skald::store
