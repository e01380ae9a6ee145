#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// The write-ahead log, the readers, and the gate between them.
namespace skald::store {
namespace {

using namespace sample;
using testing::IsEmpty;

constexpr std::uint64_t kLogMax = 256 << 10;

class SqliteLog : public testing::Test {
 protected:
    SqliteLog() : options_(options_in(folder_)) {
        options_.wal_bytes_max = kLogMax;
        options_.synchronous = SqliteOptions::Synchronous::Normal;
        store_ = open_or_fail(options_);
        definition_ = put(*store_, definition("order"));
    }
    /// Ten sagas, some 20 pages.
    void write_and_maintain() {
        Batch batch;
        for (int i = 0; i < 10; ++i) {
            add_finished(batch, start(++last_, definition_));
        }
        const auto committed = store_->writer().write(batch);
        ASSERT_TRUE(committed) << committed.error().message;
        const auto more = store_->writer().maintain(at(last_));
        ASSERT_TRUE(more) << more.error().message;
    }
    void write_until_log_is_full() {
        while (store_->wal_bytes() < kLogMax) {
            Batch batch;
            add_finished(batch, start(++last_, definition_));
            ASSERT_TRUE(store_->writer().write(batch));
        }
    }

    TemporaryFolder folder_;
    SqliteOptions options_;
    std::unique_ptr<Store> store_;
    DefinitionKey definition_{};
    std::int64_t last_ = 0;
};

TEST_F(SqliteLog, StaysBoundedUnderBusyReaders) {
    std::atomic<bool> is_done = false;
    std::atomic<int> reads = 0;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {  // More than connections.
        readers.emplace_back([&] {
            while (!is_done) {
                const auto rows = store_->reader().list({}, {{}, 200});
                EXPECT_TRUE(rows || rows.error().code == ErrorCode::Unavailable)
                    << rows.error().message;
                ++reads;
            }
        });
    }
    std::uint64_t most = 0;
    for (int i = 0; i < 150 || reads < 100; ++i) {
        write_and_maintain();
        most = std::max({most, store_->wal_bytes(),
                         std::uint64_t{std::filesystem::file_size(options_.path + "-wal")}});
    }
    is_done = true;
    readers.clear();
    EXPECT_LT(most, 2 * kLogMax);
    EXPECT_GT(most, kLogMax / 2);
    store_.reset();
    EXPECT_THAT(problems(options_.path), IsEmpty());
}

TEST_F(SqliteLog, InterruptsAReaderThatTakesTooLong) {
    Batch batch;
    batch.starts = {start(1, definition_), start(2, definition_)};
    last_ = 2;
    ASSERT_TRUE(store_->writer().write(batch));

    std::promise<void> is_reading;
    std::promise<void> may_go_on;
    auto reading = std::async(std::launch::async, [&] {
        int calls = 0;
        return store_->recovery().live_sagas(
            [&](const SagaRow&, const std::vector<JournalRow>&) -> Result<void> {
                if (++calls == 1) {
                    is_reading.set_value();
                    may_go_on.get_future().wait();
                }
                return {};
            });
    });
    is_reading.get_future().wait();
    write_until_log_is_full();
    // It can't be waited out: the gate is opened again, and the log grows on.
    const std::uint64_t before = store_->wal_bytes();
    ASSERT_TRUE(store_->writer().maintain(at(last_)));
    EXPECT_EQ(store_->wal_bytes(), before);
    EXPECT_TRUE(store_->reader().saga(SagaKey{1}));

    may_go_on.set_value();
    const auto read = reading.get();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::Unavailable);

    while (store_->wal_bytes() > kLogMax / 2) {  // Once the log has grown some more.
        write_and_maintain();
        ASSERT_LT(store_->wal_bytes(), 3 * kLogMax);
    }
    EXPECT_TRUE(store_->recovery().live_sagas(
        [](const SagaRow&, const std::vector<JournalRow>&) { return Result<void>{}; }));
}

TEST_F(SqliteLog, StartsTheLogAnewWhenNobodyReads) {
    write_until_log_is_full();
    ASSERT_TRUE(store_->writer().maintain(at(last_)));
    EXPECT_EQ(store_->wal_bytes(), 0u);
    write_and_maintain();
    EXPECT_LT(store_->wal_bytes(), kLogMax / 2);
}

}  // namespace
}  // namespace skald::store
