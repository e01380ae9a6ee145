#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "store/sqlite/examine.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// Copies made while work goes on, and a store that is opened from one.
namespace skald::store {
namespace {

using namespace sample;
using testing::IsEmpty;

class SqliteBackup : public testing::Test {
 protected:
    void SetUp() override {
        options_.path = folder_.file("skald.db");
        store_ = open(options_.path);
        definition_ = put(*store_, definition("order"));
        for (std::int64_t key = 1; key <= 300; ++key) write(key);
    }

    std::unique_ptr<Store> open(const std::string& path) {
        SqliteOptions options = options_;
        options.path = path;
        auto store = open_sqlite_store(options);
        if (!store) throw std::runtime_error(store.error().message);
        return std::move(*store);
    }
    void write(std::int64_t key) {
        Batch batch;
        NewSaga saga = start(key, definition_);
        saga.input = sagas::make_value(std::string(20'000, 'x'));
        add_finished(batch, std::move(saga));
        ASSERT_TRUE(store_->writer().write(batch));
    }
    /// Housekeeping until the copy is there; `each` comes between two slices.
    Result<void> copy(const std::string& file, const std::function<void()>& each = {}) {
        std::optional<Result<void>> result;
        store_->copy_to(file, [&](Result<void> done) { result = std::move(done); });
        for (int slices = 0; !result && slices < 10'000; ++slices) {
            EXPECT_TRUE(store_->writer().maintain(at(0)));
            if (each && !result) each();
        }
        EXPECT_TRUE(result) << "the copy has no end";
        return *result;
    }
    std::string file(const char* name) const { return folder_.file(name); }

    TemporaryFolder folder_;
    SqliteOptions options_;
    std::unique_ptr<Store> store_;
    DefinitionKey definition_{};
};

TEST_F(SqliteBackup, HoldsWhatWasWrittenBeforeAndMeanwhile) {
    std::int64_t key = 300;
    ASSERT_TRUE(copy(file("partial"), [&] { write(++key); }));
    EXPECT_GT(key, 301);  // In several slices.
    const auto made = sqlite::publish_copy(file("partial"), file("backup.db"));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->sagas, static_cast<std::uint64_t>(key));
    EXPECT_THAT(made->faults, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(file("partial")));
    EXPECT_FALSE(std::filesystem::exists(file("backup.db-wal")));

    write(++key);  // After it.
    store_ = open(file("backup.db"));
    EXPECT_TRUE(store_->reader().saga("saga-300"));
    EXPECT_EQ(store_->reader().saga("saga-" + std::to_string(key)).error().code,
              ErrorCode::NotFound);
    write(key);  // Work goes on from there.
    EXPECT_TRUE(store_->reader().saga("saga-" + std::to_string(key)));
}

TEST_F(SqliteBackup, HoldsWhoWaitsForWhat) {
    Batch batch;
    batch.starts = {with_lock(start(301, definition_), "a"),
                    with_lock(start(302, definition_), "a"),
                    with_parent(start(303, definition_), 302)};
    batch.parks = {{SagaKey{302}, at(100)}};
    ASSERT_TRUE(store_->writer().write(batch));
    ASSERT_TRUE(copy(file("partial")));
    const auto made = sqlite::publish_copy(file("partial"), file("backup.db"));
    ASSERT_TRUE(made) << made.error().message;
    store_ = open(file("backup.db"));
    EXPECT_EQ(store_->reader().lock_place(SagaKey{302})->head, "saga-301");
    EXPECT_EQ(store_->reader().parked(at(100), 9).value(),
              (std::vector<Park>{{SagaKey{302}, at(100)}}));
    EXPECT_EQ(store_->reader().saga(SagaKey{303})->parent, SagaKey{302});
}

TEST_F(SqliteBackup, IsNeverPutOverAFile) {
    std::ofstream(file("backup.db")) << "precious";
    ASSERT_TRUE(copy(file("partial")));
    EXPECT_EQ(sqlite::publish_copy(file("partial"), file("backup.db")).error().code,
              ErrorCode::AlreadyExists);
    EXPECT_EQ(std::filesystem::file_size(file("backup.db")), 8u);
    EXPECT_FALSE(std::filesystem::exists(file("partial")));
}

TEST_F(SqliteBackup, TellsOfAPlaceThatCantBeWritten) {
    const auto copied = copy(file("no/such/folder"));
    EXPECT_EQ(copied.error().code, ErrorCode::Unavailable);
    write(301);
    EXPECT_TRUE(copy(file("partial")));
}

TEST_F(SqliteBackup, MakesOneAtATime) {
    std::optional<Result<void>> first, second;
    store_->copy_to(file("a"), [&](Result<void> done) { first = std::move(done); });
    store_->copy_to(file("b"), [&](Result<void> done) { second = std::move(done); });
    ASSERT_TRUE(second);
    EXPECT_EQ(second->error().code, ErrorCode::Conflict);
    ASSERT_TRUE(store_->writer().maintain(at(0)));
    EXPECT_FALSE(first);
    store_.reset();  // Closed in the middle.
    ASSERT_TRUE(first);
    EXPECT_EQ(first->error().code, ErrorCode::Unavailable);
    EXPECT_FALSE(std::filesystem::exists(file("a")));
}

TEST_F(SqliteBackup, TakesNothingForAFaultThatIsWrittenMeanwhile) {
    std::atomic<bool> is_done = false;
    std::thread looks([&] {
        for (int i = 0; i < 20; ++i) {
            const auto found = store_->examine(Depth::Whole);
            ASSERT_TRUE(found) << found.error().message;
            EXPECT_THAT(found->faults, IsEmpty());
        }
        is_done = true;
    });
    for (std::int64_t key = 301; !is_done; ++key) write(key);
    looks.join();
}

TEST_F(SqliteBackup, IsStoppedInTheMiddleOfALook) {
    store_->stop_examining();
    EXPECT_EQ(store_->examine(Depth::Whole).error().code, ErrorCode::Unavailable);
}

TEST_F(SqliteBackup, FindsABrokenFile) {
    const auto sound = store_->examine(Depth::Whole);
    ASSERT_TRUE(sound);
    EXPECT_TRUE(sound->is_whole);
    EXPECT_EQ(sound->sagas, 300u);
    EXPECT_EQ(sound->orphans, 0u);
    EXPECT_THAT(sound->faults, IsEmpty());
    EXPECT_GT(sound->file_bytes, 0u);
    EXPECT_GT(sound->free_bytes, 0u);
    EXPECT_FALSE(store_->examine(Depth::Surface)->is_whole);

    ASSERT_TRUE(copy(file("partial")));
    {
        std::fstream bytes(file("partial"), std::ios::in | std::ios::out | std::ios::binary);
        for (int page = 3; page < 40; ++page) {
            bytes.seekp(page * 4096 + 100);
            bytes << std::string(200, '\xff');
        }
    }
    const auto made = sqlite::publish_copy(file("partial"), file("backup.db"));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::Corruption);
    EXPECT_FALSE(std::filesystem::exists(file("backup.db")));
}

}  // namespace
}  // namespace skald::store
