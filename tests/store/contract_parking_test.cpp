#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class ParkingContract : public StoreContract {
 protected:
    Committed write_parks(std::vector<SagaKey> unparks, std::vector<Park> parks) {
        Batch batch;
        batch.unparks = std::move(unparks);
        batch.parks = std::move(parks);
        EXPECT_EQ(batch.empty(), batch.unparks.empty() && batch.parks.empty());
        return write(batch);
    }
    std::vector<std::int64_t> parked(Timestamp until, std::uint32_t limit = 100) {
        std::vector<std::int64_t> keys;
        for (const Park& park : got(reader().parked(until, limit))) {
            EXPECT_TRUE(park.wake_at && *park.wake_at <= until);
            keys.push_back(static_cast<std::int64_t>(park.saga));
        }
        return keys;
    }
    std::vector<std::int64_t> live() {
        std::vector<std::int64_t> keys;
        const auto look = [&](const SagaRow& saga, const std::vector<JournalRow>&) {
            keys.push_back(static_cast<std::int64_t>(saga.key));
            return Result<void>{};
        };
        EXPECT_TRUE(recovery().live_sagas(look));
        return keys;
    }
    void start_sagas(std::int64_t count) {
        const DefinitionKey key = order();
        Batch batch;
        for (std::int64_t i = 1; i <= count; ++i) batch.starts.push_back(start(i, key));
        write(batch);
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, ParkingContract, every_store(), store_name);

TEST_P(ParkingContract, BringsBackWhatIsDueTheEarliestFirst) {
    start_sagas(5);
    write_parks({}, {{SagaKey{1}, at(300)},
                     {SagaKey{2}, at(100)},
                     {SagaKey{3}, std::nullopt},
                     {SagaKey{5}, at(200)},
                     {SagaKey{4}, at(200)}});
    reopen();
    EXPECT_THAT(parked(at(99)), IsEmpty());
    EXPECT_THAT(parked(at(100)), ElementsAre(2));
    EXPECT_THAT(parked(at(1'000)), ElementsAre(2, 4, 5, 1));
    EXPECT_THAT(parked(at(1'000), 2), ElementsAre(2, 4));
    EXPECT_THAT(parked(at(1'000), 0), IsEmpty());
    EXPECT_EQ(got(reader().parked(at(100), 9)), (std::vector<Park>{{SagaKey{2}, at(100)}}));
}

TEST_P(ParkingContract, LeavesParkedSagasOutOfTheLiveOnes) {
    start_sagas(4);
    Batch batch;
    batch.summaries = {summary(2, Status::Compensating), summary(3, Status::Stuck)};
    batch.parks = {{SagaKey{1}, at(300)}, {SagaKey{2}, std::nullopt}, {SagaKey{3}, std::nullopt}};
    write(batch);
    reopen();
    EXPECT_THAT(live(), ElementsAre(4));
    EXPECT_THAT(counts(), ElementsAre(2, 1, 1, 0, 0, 0));
    write_parks({SagaKey{1}, SagaKey{3}}, {});
    EXPECT_THAT(live(), ElementsAre(1, 3, 4));
    EXPECT_THAT(parked(at(1'000)), IsEmpty());
    EXPECT_EQ(write_parks({}, {}).last, Position{4});
}

TEST_P(ParkingContract, KnowsTheLastThatWasSaid) {
    start_sagas(3);
    write_parks({}, {{SagaKey{1}, at(300)}, {SagaKey{2}, at(300)}, {SagaKey{3}, at(300)}});
    write_parks({}, {{SagaKey{1}, at(100)}, {SagaKey{2}, std::nullopt}});
    EXPECT_THAT(parked(at(1'000)), ElementsAre(1, 3));
    // Unparked first.
    write_parks({SagaKey{3}, SagaKey{1}}, {{SagaKey{3}, at(50)}});
    EXPECT_THAT(parked(at(1'000)), ElementsAre(3));
    EXPECT_THAT(live(), ElementsAre(1));
    write_parks({SagaKey{3}, SagaKey{2}, SagaKey{2}}, {});
    EXPECT_THAT(live(), ElementsAre(1, 2, 3));
}

TEST_P(ParkingContract, ParksInTheBatchOfTheStart) {
    const DefinitionKey key = order();
    Batch batch;
    batch.starts.push_back(start(1, key));
    batch.parks.push_back({SagaKey{1}, at(100)});
    write(batch);
    EXPECT_THAT(parked(at(100)), ElementsAre(1));
    EXPECT_THAT(live(), IsEmpty());
}

TEST_P(ParkingContract, DoesNothingToASagaThatIsGone) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, start(1, key));
    batch.starts.push_back(with_request_key(start(2, key), "k"));
    batch.parks.push_back({SagaKey{1}, at(100)});
    write(batch);
    EXPECT_THAT(parked(at(100)), ElementsAre(1));
    maintain(at(0) + 2h);
    EXPECT_THAT(parked(at(100)), IsEmpty());

    Batch losing;
    losing.starts.push_back(with_request_key(start(3, key), "k"));
    losing.parks.push_back({SagaKey{3}, at(100)});  // In this batch, and in the next one.
    EXPECT_THAT(describe(write(losing)), ElementsAre("key of saga-2 #2"));
    write_parks({SagaKey{1}, SagaKey{3}, SagaKey{99}},
                {{SagaKey{1}, at(100)}, {SagaKey{3}, at(100)}, {SagaKey{99}, at(100)}});
    EXPECT_THAT(parked(at(100)), IsEmpty());
    EXPECT_THAT(live(), ElementsAre(2));
}

}  // namespace
}  // namespace skald::store
