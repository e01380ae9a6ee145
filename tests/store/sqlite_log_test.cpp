#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/reading.h"
#include "store/sqlite/writer.h"
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

/// The parts of a store whose readers can be held up.
struct OpenedParts {
    explicit OpenedParts(const SqliteOptions& options)
        : database(configured(options)),
          readers(two_readers(options)),
          reader(readers),
          writer(*database, readers, options, options.path) {}

    static std::unique_ptr<SQLite::Database> configured(const SqliteOptions& options) {
        auto database = sqlite::open_writer(options.path, options.vfs);
        EXPECT_TRUE(sqlite::configure_writer(*database, options, "test"));
        return database;
    }
    static std::vector<std::unique_ptr<sqlite::ReaderConnection>> two_readers(
        const SqliteOptions& options) {
        std::vector<std::unique_ptr<sqlite::ReaderConnection>> two;
        for (int i = 0; i < 2; ++i) {
            two.push_back(std::make_unique<sqlite::ReaderConnection>(
                sqlite::open_reader(options.path, options.vfs)));
        }
        return two;
    }

    std::unique_ptr<SQLite::Database> database;
    sqlite::ReaderPool readers;
    sqlite::SqliteReader reader;
    sqlite::SqliteWriter writer;
};

TEST_F(SqliteLog, InterruptsAReaderThatTakesTooLong) {
    store_.reset();
    OpenedParts store(options_);
    const auto write = [&] {
        Batch batch;
        add_finished(batch, start(++last_, definition_));
        ASSERT_TRUE(store.writer.write(batch));
    };
    write();

    std::promise<void> is_reading;
    std::promise<void> may_go_on;
    auto reading = std::async(std::launch::async, [&] {
        return store.readers.run("read for long", [&](sqlite::ReaderConnection& connection) {
            const sqlite::Snapshot snapshot(connection);
            is_reading.set_value();
            may_go_on.get_future().wait();
            connection.last_keys.query().next();
        });
    });
    is_reading.get_future().wait();
    while (store.writer.wal_bytes() < kLogMax) write();
    // It can't be waited out: the gate is opened again, and the log grows on.
    const std::uint64_t before = store.writer.wal_bytes();
    ASSERT_TRUE(store.writer.maintain(at(last_)));
    EXPECT_EQ(store.writer.wal_bytes(), before);
    EXPECT_TRUE(store.reader.saga(SagaKey{1}));

    may_go_on.set_value();
    const auto read = reading.get();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::Unavailable);

    while (store.writer.wal_bytes() > kLogMax / 2) {  // Once the log has grown some more.
        write();
        ASSERT_TRUE(store.writer.maintain(at(last_)));
        ASSERT_LT(store.writer.wal_bytes(), 3 * kLogMax);
    }
    EXPECT_TRUE(store.reader.saga(SagaKey{1}));
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
