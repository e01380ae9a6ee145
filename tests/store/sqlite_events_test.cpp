#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "store/sqlite/event_index.h"
#include "tests/store/fault_vfs.h"
#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// How the file keeps what events are known by and found by: there must be many before it matters.
namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// With two hashes each, they are more than the index remembers.
constexpr int kEvents = static_cast<int>(sqlite::EventIndex::kRound) / 2 + 2'000;
constexpr int kBatch = 2'000;

NewEvent numbered(int number) {
    const std::string id = std::to_string(number);
    return event("orders", id, {"key " + id});
}

class SqliteEvents : public testing::Test {
 protected:
    SqliteEvents() : options_(options_in(folder_)) {
        options_.vfs = vfs_.name();
        options_.events = {1h, 1h, 1h};
        open();
    }
    ~SqliteEvents() override {
        store_.reset();
        EXPECT_THAT(problems(options_.path), IsEmpty());
    }

    void open() {
        store_.reset();
        store_ = open_or_fail(options_);
    }
    void publish_all() {
        for (int first = 1; first <= kEvents; first += kBatch) {
            Batch batch;
            for (int i = first; i < first + kBatch && i <= kEvents; ++i) {
                batch.events.push_back(numbered(i));
            }
            ASSERT_TRUE(store_->writer().write(batch));
        }
    }
    /// So many slices of housekeeping; each has more to do.
    void maintain(int slices) {
        for (int i = 0; i < slices; ++i) ASSERT_TRUE(store_->writer().maintain(now_).value());
    }
    void maintain_until_done(Timestamp now) {
        while (store_->writer().maintain(now).value()) {
        }
    }
    /// Every so many of them can't be written again, and are found, each by another saga.
    void expect_known() {
        if (order_ == DefinitionKey{}) order_ = put(*store_, definition("order"));
        Batch batch;
        std::vector<std::string> again, hits;
        for (int i = 1; i <= kEvents; i += 997) {
            const std::string number = std::to_string(i);
            ++last_saga_;
            batch.starts.push_back(start(last_saga_, order_));
            batch.expectations.push_back(expectation(last_saga_, {"key " + number}));
            batch.events.push_back(numbered(i));
            again.push_back(number + " again");
            hits.push_back("saga " + std::to_string(last_saga_) + ", step 0: orders " + number +
                           " (" + number + ")");
        }
        const auto committed = store_->writer().write(batch);
        ASSERT_TRUE(committed) << committed.error().message;
        EXPECT_EQ(texts(committed->events), again);
        EXPECT_EQ(texts(committed->event_hits), hits);
    }
    std::string number_of(const std::string& table) {
        return query_sql(options_.path, "SELECT count(*) FROM " + table).at(0);
    }

    faults::FaultVfs vfs_{"events"};
    TemporaryFolder folder_;
    SqliteOptions options_;
    std::unique_ptr<Store> store_;
    DefinitionKey order_{};
    std::int64_t last_saga_ = 0;
    Timestamp now_ = at(0);
};

TEST_F(SqliteEvents, KnowsThemWhileTheirHashesAreMoved) {
    publish_all();
    expect_known();
    maintain(20);
    expect_known();
    vfs_.fail({{faults::Operation::Write},
               faults::File::Log,
               0,
               faults::Failure::DiskFull,
               faults::Lasting::Forever});
    for (int tries = 0; tries < 3; ++tries) {
        const auto moved = store_->writer().maintain(now_);
        ASSERT_FALSE(moved);
        EXPECT_EQ(moved.error().code, ErrorCode::Unavailable);
        now_ += 1s;
    }
    vfs_.clear();
    expect_known();
    maintain(20);
    open();  // What is moved and what is not is not written down.
    expect_known();
    maintain(5);
    expect_known();
    maintain_until_done(now_);
    expect_known();
    store_.reset();
    EXPECT_EQ(number_of("event_recent"), "0");
    EXPECT_EQ(number_of("event_hash"), std::to_string(2 * kEvents));
    open();
    expect_known();
}

TEST_F(SqliteEvents, TakesNewOnesWhileTheirHashesAreMoved) {
    publish_all();
    maintain(20);
    Batch batch;
    batch.events = {numbered(kEvents + 1), numbered(5)};
    EXPECT_THAT(texts(store_->writer().write(batch)->events),
                ElementsAre(std::to_string(kEvents + 1), "5 again"));
    maintain_until_done(at(0));
    EXPECT_THAT(texts(store_->writer().write(batch)->events),
                ElementsAre(std::to_string(kEvents + 1) + " again", "5 again"));
    store_.reset();
    EXPECT_EQ(number_of("event_recent"), "2");
    open();
    EXPECT_THAT(texts(store_->writer().write(batch)->events),
                ElementsAre(std::to_string(kEvents + 1) + " again", "5 again"));
}

TEST_F(SqliteEvents, ForgetsTheirHashesWhenTheyAreOfNoUse) {
    publish_all();
    maintain_until_done(at(0));
    Batch late;
    late.events = {numbered(kEvents + 1), written_at(numbered(kEvents + 2), at(0) + 2h)};
    ASSERT_TRUE(store_->writer().write(late));
    maintain_until_done(at(0) + 2h);
    store_.reset();
    EXPECT_EQ(number_of("event"), "1");
    EXPECT_EQ(number_of("event_hash"), "0");
    EXPECT_EQ(number_of("event_recent"), "2");
    open();
    EXPECT_THAT(texts(store_->writer().write(late)->events),
                ElementsAre(std::to_string(kEvents + 3), std::to_string(kEvents + 2) + " again"));
}

// It begins where the one before ended, however often the store is opened anew.
TEST_F(SqliteEvents, LooksForOldHashesNowAndThen) {
    const auto swept_at = [this] {
        return query_sql(options_.path, "SELECT value FROM meta WHERE name = 'events_swept_at'")
            .at(0);
    };
    publish_all();
    maintain_until_done(at(0));
    const std::string first = swept_at();
    EXPECT_NE(first, "0");
    open();
    maintain_until_done(at(0) + 7min);
    EXPECT_EQ(swept_at(), first);
    maintain_until_done(at(0) + 8min);
    EXPECT_NE(swept_at(), first);
}

}  // namespace
}  // namespace skald::store
