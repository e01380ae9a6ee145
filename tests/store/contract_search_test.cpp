#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

/// Saga 1 + i: each of the six statuses with each of three versions.
class StoreSearch : public StoreContract {
 protected:
    void SetUp() override {
        StoreContract::SetUp();
        const std::array keys = {order(), put(store(), definition("order", "2")),
                                 put(store(), definition("other"))};
        Batch batch;
        for (std::int64_t i = 0; i < 18; ++i) {
            NewSaga saga = start(1 + i, keys.at(static_cast<std::size_t>(i) % 3));
            saga.labels = {{"parity", i % 2 == 0 ? "odd" : "even"}};
            if (i == 4) saga.labels["quote"] = R"("a":"b")";
            batch.starts.push_back(std::move(saga));
            Summary now = summary(1 + i, static_cast<Status>(i / 3));
            if (i % 3 == 1) {
                now.last_step = i < 9 ? "charge" : "ship";
                now.last_error = "HTTP " + std::to_string(500 + i);
                now.failing_since = at(1'000 * i);
            }
            batch.summaries.push_back(std::move(now));
        }
        write(batch);
    }

    static SagaFilter by(std::vector<Status> statuses, std::optional<std::string> name = {},
                         std::optional<std::uint32_t> version = {}) {
        SagaFilter filter;
        filter.statuses = std::move(statuses);
        filter.definition = std::move(name);
        filter.version = version;
        return filter;
    }
    static SagaFilter labelled(const std::string& name, const std::string& value) {
        SagaFilter filter;
        filter.labels = {{name, value}};
        return filter;
    }
    std::vector<std::int64_t> page(const SagaFilter& filter, std::optional<std::int64_t> before,
                                   std::uint32_t limit) {
        const SagaRange range{before ? std::optional{SagaKey{*before}} : std::nullopt, limit};
        std::vector<std::int64_t> keys;
        for (const SagaRow& row : got(reader().list(filter, range)).rows) {
            keys.push_back(static_cast<std::int64_t>(row.key));
        }
        return keys;
    }
    std::vector<std::uint64_t> counts_of(const SagaFilter& filter) {
        std::vector<std::uint64_t> counts;
        for (const auto& [status, count] : got(reader().counts(filter, 1'000)).counts.by_status) {
            counts.push_back(count);
        }
        return counts;
    }
};

TEST_P(StoreSearch, FindsByStatusDefinitionAndVersion) {
    EXPECT_THAT(list(by({Status::Completed})), ElementsAre(12, 11, 10));
    EXPECT_THAT(list(by({Status::Stuck, Status::Running})), ElementsAre(9, 8, 7, 3, 2, 1));
    EXPECT_THAT(list(by({Status::Stuck, Status::Stuck})), ElementsAre(9, 8, 7));
    EXPECT_THAT(list(by({Status::Stuck, Status::Completed})), ElementsAre(12, 11, 10, 9, 8, 7));
    EXPECT_THAT(list(by({}, "other")), ElementsAre(18, 15, 12, 9, 6, 3));
    EXPECT_THAT(list(by({}, "order", 1)), ElementsAre(16, 13, 10, 7, 4, 1));
    EXPECT_THAT(list(by({}, "order", 3)), IsEmpty());
    EXPECT_THAT(list(by({}, "nobody")), IsEmpty());
    EXPECT_THAT(list(by({Status::Completed}, "order")), ElementsAre(11, 10));
    EXPECT_THAT(list(by({Status::Completed, Status::Stuck}, "order", 2)), ElementsAre(11, 8));
    EXPECT_THAT(list(by({Status::Stuck}, "order")), ElementsAre(8, 7));
    EXPECT_THAT(list(by({Status::Stuck, Status::Abandoned}, "order", 1)), ElementsAre(16, 7));
    EXPECT_THAT(list(by({Status::Stuck}, "nobody")), IsEmpty());
}

TEST_P(StoreSearch, GivesPages) {
    EXPECT_THAT(page({}, {}, 3), ElementsAre(18, 17, 16));
    EXPECT_THAT(page({}, 3, 50), ElementsAre(2, 1));
    EXPECT_THAT(page({}, 1, 50), IsEmpty());
    EXPECT_THAT(page(by({Status::Stuck, Status::Running}), 8, 3), ElementsAre(7, 3, 2));
    EXPECT_THAT(page(by({}, "order"), {}, 5), ElementsAre(17, 16, 14, 13, 11));
    EXPECT_THAT(page(by({}, "order"), 11, 5), ElementsAre(10, 8, 7, 5, 4));
}

TEST_P(StoreSearch, FindsTheSameHoweverItIsCutIntoPages) {
    const std::vector<SagaFilter> filters = {
        {},
        by({Status::Stuck, Status::Running, Status::Abandoned}),
        by({}, "order"),
        by({Status::Stuck, Status::Compensated}, "order"),
        labelled("parity", "even")};
    for (const SagaFilter& filter : filters) {
        const auto whole = list(filter);
        EXPECT_THAT(whole, testing::Not(IsEmpty()));
        for (const std::uint32_t limit : {1u, 2u, 5u}) {
            for (const std::uint32_t looks : {1u, 3u, 7u, 1'000u}) {
                EXPECT_EQ(list(filter, {{}, limit, looks}), whole) << limit << " " << looks;
            }
        }
    }
}

TEST_P(StoreSearch, FindsByLabelTimeStepErrorAndFailing) {
    EXPECT_THAT(list(labelled("parity", "odd")), ElementsAre(17, 15, 13, 11, 9, 7, 5, 3, 1));
    EXPECT_THAT(list(labelled("quote", R"("a":"b")")), ElementsAre(5));
    EXPECT_THAT(list(labelled("a", "b")), IsEmpty());  // Inside another label's text.
    EXPECT_THAT(list(labelled("parity", "od")), IsEmpty());
    SagaFilter both = labelled("parity", "odd");
    both.labels["quote"] = "other";
    EXPECT_THAT(list(both), IsEmpty());

    SagaFilter time;
    time.started_from = at(5);
    time.started_before = at(8);
    EXPECT_THAT(list(time), ElementsAre(7, 6, 5));
    time.started_before = at(5);
    EXPECT_THAT(list(time), IsEmpty());
    time.started_from.reset();
    time.started_before = at(1);
    EXPECT_THAT(list(time), IsEmpty());
    time.started_before = at(1'000);
    EXPECT_EQ(list(time).size(), 18u);

    SagaFilter step;
    step.step = "charge";
    EXPECT_THAT(list(step), ElementsAre(8, 5, 2));
    SagaFilter error;
    error.error = "P 51";
    EXPECT_THAT(list(error), ElementsAre(17, 14, 11));
    SagaFilter failing;
    failing.failing_since = at(7'000);
    EXPECT_THAT(list(failing), ElementsAre(8, 5, 2));
}

TEST_P(StoreSearch, CountsWhatAFilterSelectsWhateverItsStatuses) {
    EXPECT_THAT(counts_of({}), ElementsAre(3, 3, 3, 3, 3, 3));
    EXPECT_THAT(counts_of(by({Status::Stuck}, "other")), ElementsAre(1, 1, 1, 1, 1, 1));
    SagaFilter step;
    step.step = "charge";
    EXPECT_THAT(counts_of(step), ElementsAre(1, 1, 1, 0, 0, 0));
    SagaFilter time;
    time.started_from = at(16);
    EXPECT_THAT(counts_of(time), ElementsAre(0, 0, 0, 0, 0, 3));
}

TEST_P(StoreSearch, CountsTheNewestWhereThereAreTooMany) {
    const FilteredCounts newest = got(reader().counts({}, 3));
    EXPECT_EQ(newest.extent, FilteredCounts::Extent::NewestOnly);
    EXPECT_EQ(newest.counts.by_status.at(Status::Abandoned), 3u);
    EXPECT_EQ(newest.counts.by_status.at(Status::Running), 0u);
    EXPECT_EQ(got(reader().counts({}, 19)).extent, FilteredCounts::Extent::All);
}

TEST_P(StoreSearch, FeedsTheJournalOfAllSagasInTheOrderOfCommits) {
    Batch batch;
    batch.rows.push_back(step_row(7, 2));
    batch.rows.push_back(step_row(2, 2));
    write(batch);
    reopen();
    EXPECT_EQ(got(reader().last_position()), Position{20});
    const auto feed = [this](std::int64_t after, std::uint32_t limit) {
        std::vector<std::string> found;
        const FeedPage page = got(reader().feed(Position{after}, limit));
        EXPECT_TRUE(!page.is_cut || page.rows.size() <= limit);
        for (const FeedRow& each : page.rows) {
            EXPECT_EQ(each.saga.input, nullptr);
            found.push_back(std::to_string(static_cast<std::int64_t>(each.row.position)) + " " +
                            each.saga.id + " " + std::to_string(each.row.seq));
        }
        return found;
    };
    EXPECT_THAT(feed(16, 10),
                ElementsAre("17 saga-17 1", "18 saga-18 1", "19 saga-7 2", "20 saga-2 2"));
    EXPECT_THAT(feed(16, 1), ElementsAre("17 saga-17 1"));
    EXPECT_THAT(feed(20, 10), IsEmpty());
    EXPECT_EQ(got(reader().feed(Position{16}, 9)).rows.back().saga.summary.last_step, "charge");
}

TEST_P(StoreSearch, FeedsLargeRowsInPiecesThatSaySo) {
    Batch batch;
    for (std::int64_t key = 20; key < 24; ++key) {
        NewSaga saga = start(key, order());
        Append row = step_row(key, 2);
        std::get<sagas::AnsweredCause>(row.record.cause).output =
            sagas::make_value(std::string(700'000, 'x'));
        batch.starts.push_back(std::move(saga));
        batch.rows.push_back(std::move(row));
    }
    write(batch);
    std::vector<std::int64_t> seen;
    Position after{18};
    for (bool is_more = true; is_more;) {
        const FeedPage page = got(reader().feed(after, 100));
        for (const FeedRow& each : page.rows) {
            after = each.row.position;
            seen.push_back(static_cast<std::int64_t>(after));
        }
        is_more = page.is_cut;
    }
    EXPECT_THAT(seen, ElementsAre(19, 20, 21, 22, 23, 24, 25, 26));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreSearch, every_store(), store_name);

}  // namespace
}  // namespace skald::store
