#include "tests/benchmark/filled_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sagas/lint.h"
#include "store/memory_store.h"
#include "tests/benchmark/finished_saga.h"
#include "tests/benchmark/scenario.h"

namespace skald::benchmark {
namespace {

constexpr sagas::Timestamp kFirst{sagas::Milliseconds{1'795'300'348'000}};

std::string bench_json() { return definition_json(*find_scenario("wait_1"), {7001, 7002, 7003}); }

void register_bench(store::Store& store) {
    const sagas::Json document = sagas::Json::parse(bench_json());
    store::Batch batch;
    batch.definitions.emplace_back(store::PutDefinition{
        "bench", document.dump(), sagas::check_definition(document, "bench").filled.dump(),
        std::nullopt, kFirst});
    ASSERT_TRUE(store.writer().write(batch));
}

TEST(FinishedSaga, IsARunOfTheMachineToItsEnd) {
    const auto definition = checked_definition(bench_json());
    const sagas::Value input = sagas::make_value({{"order_id", "o-1"}, {"amount", 1}});
    const FinishedSaga completed = run_saga(*definition, "s-1", kFirst, input);
    EXPECT_EQ(sagas::status(completed.saga), sagas::Status::Completed);
    EXPECT_EQ(completed.journal.size(), 4u);
    const FinishedSaga refused = run_saga(*definition, "s-2", kFirst, input, sagas::StepIndex{2});
    EXPECT_EQ(sagas::status(refused.saga), sagas::Status::Compensated);
    EXPECT_EQ(refused.journal.size(), 6u);
}

TEST(FilledStore, HoldsAsManySagasAsWereAskedFor) {
    const std::unique_ptr<store::Store> store = store::make_memory_store();
    register_bench(*store);
    constexpr std::uint64_t kCount = 2'500;
    add_finished_sagas(*store, kCount, kFirst);

    const auto counts = store->reader().counts();
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->by_status.at(sagas::Status::Completed), kCount - kCount / kOneRefusedOf);
    EXPECT_EQ(counts->by_status.at(sagas::Status::Compensated), kCount / kOneRefusedOf);

    store::SagaFilter filter;
    filter.error = "409";
    filter.step = "ship";
    const auto refused = store->reader().list(filter, {});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->rows.size(), kCount / kOneRefusedOf);
    filter = {};
    filter.labels = {{"customer", "c-0"}};
    const auto labelled = store->reader().list(filter, {});
    ASSERT_TRUE(labelled);
    EXPECT_EQ(labelled->rows.size(), 1u);
}

}  // namespace
}  // namespace skald::benchmark
