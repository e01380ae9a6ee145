#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

class ChildrenContract : public StoreContract {
 protected:
    void write_statuses(std::vector<Summary> summaries) {
        Batch batch;
        batch.summaries = std::move(summaries);
        write(batch);
    }
    /// What is left when everything is old enough.
    std::vector<std::int64_t> left() {
        maintain(now_ += 2s);
        return list({});
    }
    Timestamp now_ = at(0) + 25h;
};
INSTANTIATE_TEST_SUITE_P(Stores, ChildrenContract, every_store(), store_name);

TEST_P(ChildrenContract, GivesBackWhoseChildASagaIs) {
    const DefinitionKey key = order();
    Batch batch;
    batch.starts = {start(1, key), with_parent(start(2, key), 1)};
    write(batch);
    reopen();
    EXPECT_EQ(reader().saga("saga-1")->parent, std::nullopt);
    EXPECT_EQ(reader().saga("saga-2")->parent, SagaKey{1});
    EXPECT_EQ(reader().saga(SagaKey{2})->parent, SagaKey{1});
    EXPECT_EQ(got(reader().list({}, {})).rows.at(0).parent, SagaKey{1});
    EXPECT_EQ(got(reader().feed(Position{1}, 9)).rows.at(0).saga.parent, SagaKey{1});
    std::vector<std::optional<SagaKey>> parents;
    const auto look = [&](const SagaRow& saga, const std::vector<JournalRow>&) {
        parents.push_back(saga.parent);
        return Result<void>{};
    };
    ASSERT_TRUE(recovery().live_sagas(look));
    EXPECT_THAT(parents, ElementsAre(std::nullopt, SagaKey{1}));
}

TEST_P(ChildrenContract, AreKeptAsLongAsTheirParentIsNotOver) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    batch.starts.push_back(start(1, key));
    add_finished(batch, with_parent(start(2, key), 1));
    add_finished(batch, with_request_key(with_parent(start(3, key), 1), "k"));
    add_finished(batch, start(4, key));
    write(batch);
    EXPECT_THAT(left(), ElementsAre(3, 2, 1));
    write_statuses({summary(1, Status::Stuck)});
    reopen();
    EXPECT_THAT(left(), ElementsAre(3, 2, 1));
    write_statuses({summary(1, Status::Completed, now_ + 5h)});
    EXPECT_THAT(left(), ElementsAre(1));  // Their age counts from their own ends.
}

TEST_P(ChildrenContract, AreKeptByWhoeverIsAboveTheirParent) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    batch.starts.push_back(start(1, key));
    add_finished(batch, with_parent(start(2, key), 1));
    add_finished(batch, with_parent(start(3, key), 2));
    write(batch);
    EXPECT_THAT(left(), ElementsAre(3, 2, 1));
    // Started when its parent is over, for the time being.
    Batch late;
    add_finished(late, with_parent(start(4, key), 2));
    write(late);
    EXPECT_THAT(left(), ElementsAre(4, 3, 2, 1));
    write_statuses({summary(1, Status::Completed, at(9))});
    EXPECT_THAT(left(), IsEmpty());
}

TEST_P(ChildrenContract, AreKeptByAParentThatOutlivesItsOwn) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    batch.starts = {start(1, key), with_parent(start(2, key), 1)};
    add_finished(batch, with_parent(start(3, key), 2));
    write(batch);
    write_statuses({summary(1, Status::Abandoned, at(9))});
    EXPECT_THAT(left(), ElementsAre(3, 2));
    EXPECT_EQ(reader().saga(SagaKey{2})->parent, SagaKey{1});  // Which is gone.
    reopen();
    Batch late;
    add_finished(late, with_parent(start(4, key), 1));
    add_finished(late, with_parent(start(5, key), 2));
    write(late);
    EXPECT_THAT(left(), ElementsAre(5, 3, 2));
    write_statuses({summary(2, Status::Completed, at(9))});
    EXPECT_THAT(left(), IsEmpty());
}

TEST_P(ChildrenContract, GoOnAfterTheirEndWhenTheirParentTurns) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    batch.starts.push_back(start(1, key));
    add_finished(batch, with_parent(start(2, key), 1));
    add_finished(batch, with_parent(start(3, key), 2));
    write(batch);

    Batch turned;
    turned.rows.push_back({SagaKey{2}, 5, {at(20), sagas::ParentTurned{}, {}}});
    turned.summaries = {summary(1, Status::Compensating), summary(2, Status::Compensating)};
    write(turned);
    reopen();
    EXPECT_THAT(counts(), ElementsAre(0, 2, 0, 1, 0, 0));
    std::vector<std::string> live;
    const auto look = [&](const SagaRow& saga, const std::vector<JournalRow>& rows) {
        live.push_back(saga.id + ": " + std::to_string(rows.size()));
        return Result<void>{};
    };
    ASSERT_TRUE(recovery().live_sagas(look));
    EXPECT_THAT(live, ElementsAre("saga-1: 1", "saga-2: 5"));

    write_statuses({summary(2, Status::Compensated, at(30))});
    EXPECT_THAT(left(), ElementsAre(3, 2, 1));
    write_statuses({summary(1, Status::Compensated, at(30))});
    EXPECT_THAT(left(), IsEmpty());
}

/// What of a family must be left, told in the plainest way.
struct Relative {
    std::optional<std::int64_t> parent;
    Status status = Status::Running;
};

bool is_kept(const std::map<std::int64_t, Relative>& family, std::int64_t saga) {
    const auto found = family.find(saga);
    return found != family.end() &&
           (!sagas::is_terminal(found->second.status) ||
            (found->second.parent && is_kept(family, *found->second.parent)));
}

TEST_P(ChildrenContract, AreDeletedWhenAllAboveThemAreOver) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    std::mt19937 random(20261122);
    const auto pick = [&](std::int64_t below) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(below));
    };
    std::map<std::int64_t, Relative> family;
    std::int64_t last = 0;
    for (int round = 0; round < 150; ++round) {
        Batch batch;
        for (std::int64_t i = pick(4); i > 0; --i) {
            Relative relative;
            NewSaga saga = start(++last, key);
            if (last > 1 && pick(3) > 0) {
                relative.parent = std::max<std::int64_t>(last - 1 - pick(6), 1);
                saga = with_parent(saga, *relative.parent);
            }
            family[last] = relative;
            batch.starts.push_back(std::move(saga));
        }
        for (std::int64_t i = pick(6); i > 0 && last > 0; --i) {
            const auto found = family.find(1 + pick(last));
            if (found == family.end()) continue;
            auto& [saga, relative] = *found;
            // A root that is over is so for good.
            const bool is_final = sagas::is_terminal(relative.status) &&
                                  (!relative.parent || !is_kept(family, *relative.parent));
            if (is_final) continue;
            relative.status = pick(2) == 0 ? Status::Completed : Status::Compensating;
            batch.summaries.push_back(summary(
                saga, relative.status,
                relative.status == Status::Completed ? std::optional{at(0)} : std::nullopt));
        }
        write(batch);
        if (pick(5) > 0) continue;
        if (pick(3) == 0) reopen();
        std::vector<std::int64_t> expected;
        for (const auto& [saga, relative] : family) {
            if (is_kept(family, saga)) expected.push_back(saga);
        }
        std::reverse(expected.begin(), expected.end());
        ASSERT_EQ(left(), expected) << "round " << round;
        std::erase_if(family, [&](const auto& each) {
            return std::find(expected.begin(), expected.end(), each.first) == expected.end();
        });
    }
    EXPECT_GT(last, 100);
}

}  // namespace
}  // namespace skald::store
