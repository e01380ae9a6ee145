#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/store/fault_vfs.h"
#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sample_subscriptions.h"
#include "tests/store/sqlite_file.h"

namespace skald::store {
namespace {

using namespace sample;
using faults::Failure;
using faults::FaultVfs;
using faults::File;
using faults::Lasting;
using faults::Operation;
using faults::Plan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class SqliteFaults : public testing::Test {
 protected:
    SqliteFaults() : options_(options_in(folder_)) { options_.vfs = vfs_.name(); }
    ~SqliteFaults() override { store_.reset(); }

    void open() {
        store_.reset();
        store_ = open_or_fail(options_);
    }
    /// Saga `key`, whole, with a request key and a client's id. It publishes an event, and another
    /// one finds it.
    Batch batch(std::int64_t key) {
        Batch batch;
        const std::string name = "client-" + std::to_string(key);
        add_finished(batch, with_request_key(with_client_id(start(key, definition_), name), name));
        if (key % 8 == 1) batch.topics = {topic("replies", R"({"latest":)" + name + "}")};
        batch.expectations = {expectation(key, {name})};
        batch.events = {by_saga(event("commands", name), key), event("replies", name, {name})};
        batch.subscriptions.changes = {subscription("all", name)};
        batch.subscriptions.progress = {progress(1, key, name)};
        batch.subscriptions.failed = {failed(1, 7, 2, name)};
        batch.subscriptions.dead = {dead(1, 7, name)};
        return batch;
    }
    Result<Committed> write(std::int64_t key) { return store_->writer().write(batch(key)); }
    std::set<std::int64_t> stored() {
        std::set<std::int64_t> keys;
        const auto rows = store_->reader().list({}, {{}, 200});
        for (const SagaRow& row : rows.value().rows) {
            keys.insert(static_cast<std::int64_t>(row.key));
        }
        return keys;
    }
    /// Each of these sagas has its two events, and found the second.
    void expect_events(const std::set<std::int64_t>& keys) {
        for (const char* name : {"commands", "replies"}) {
            std::set<std::string> ids;
            const auto page = store_->reader().events(name, Offset{0}, 10'000);
            if (!page && keys.empty()) continue;  // Not one of them was ever there.
            for (const EventRow& row : page.value().rows) ids.insert(id_in(row));
            EXPECT_FALSE(page->is_cut);
            for (const std::int64_t key : keys) {
                EXPECT_TRUE(ids.contains("client-" + std::to_string(key))) << name << " " << key;
            }
        }
        std::set<std::int64_t> found;
        const auto hits = store_->recovery().event_hits().value();
        for (const EventHit& hit : hits) {
            found.insert(static_cast<std::int64_t>(hit.saga));
        }
        EXPECT_EQ(found, keys);
    }
    /// The subscription is as the batch of saga `key` left it.
    void expect_subscription(std::int64_t key) {
        const std::string name = "client-" + std::to_string(key);
        const auto stored = store_->recovery().subscriptions().value();
        ASSERT_EQ(stored.size(), 1u);
        EXPECT_EQ(stored[0].row.source, name);
        EXPECT_EQ(stored[0].row.settled, name);
        EXPECT_EQ(stored[0].row.cursor, Offset{key});
        ASSERT_EQ(stored[0].failed.size(), 1u);
        EXPECT_EQ(stored[0].failed[0].error, name);
        EXPECT_THAT(texts(store_->reader().dead_letters(SubscriptionKey{1}, Offset{0}, 9).value()),
                    ElementsAre("#1 7 after 16: " + name + " event 7"));
    }
    void expect_sound() {
        store_.reset();
        EXPECT_THAT(problems(options_.path), IsEmpty());
    }

    FaultVfs vfs_{"faults"};
    TemporaryFolder folder_;
    SqliteOptions options_;
    std::unique_ptr<Store> store_;
    DefinitionKey definition_{};
};

TEST_F(SqliteFaults, TriesTheSameBatchAgainAfterAFullDisk) {
    open();
    definition_ = put(*store_, definition("order"));
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Forever});
    for (int tries = 0; tries < 3; ++tries) {
        const auto full = write(1);
        ASSERT_EQ(full.error().code, ErrorCode::Unavailable);
        EXPECT_THAT(full.error().message,
                    HasSubstr("commit 4 journal rows and 2 events and 4 rows of subscriptions: the "
                              "disk is full"));
        EXPECT_THAT(stored(), IsEmpty());
    }
    vfs_.clear();
    const auto committed = write(1);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_TRUE(std::holds_alternative<StartWritten>(committed->starts.at(0)));
    EXPECT_EQ(committed->last, Position{4});
    EXPECT_THAT(stored(), ElementsAre(1));
    expect_sound();
}

TEST_F(SqliteFaults, TellsTheSameHeadsWhenABatchIsTriedAgain) {
    open();
    definition_ = put(*store_, definition("order"));
    Batch batch;
    batch.starts = {with_lock(start(1, definition_), "a"), with_lock(start(2, definition_), "a")};
    ASSERT_TRUE(store_->writer().write(batch));
    batch = {};
    batch.starts = {with_lock(start(3, definition_), "b"), with_parent(start(4, definition_), 3)};
    batch.rows = {abandoned_row(1, 2)};
    batch.summaries = {summary(1, sagas::Status::Abandoned, at(3))};
    batch.parks = {{SagaKey{2}, at(100)}};
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Forever});
    for (int tries = 0; tries < 2; ++tries) {
        ASSERT_EQ(store_->writer().write(batch).error().code, ErrorCode::Unavailable);
    }
    vfs_.clear();
    const auto committed = store_->writer().write(batch);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_THAT(committed->lock_heads, ElementsAre(SagaKey{2}, SagaKey{3}));
    EXPECT_THAT(store_->writer().write({})->lock_heads, IsEmpty());
    expect_sound();
}

// What came of its hits is in memory already, and in the batch.
TEST_F(SqliteFaults, WritesABatchThatHasGrownWhenItIsTriedAgain) {
    open();
    definition_ = put(*store_, definition("order"));
    Batch batch;
    batch.starts = {start(1, definition_)};
    batch.expectations = {expectation(1, {"k"})};
    ASSERT_TRUE(store_->writer().write(batch));
    batch = {};
    batch.events = {event("stock", "a", {"k"})};
    int asked = 0;
    const auto on_hits = [&](const std::vector<EventHit>& hits) -> Grow {
        ++asked;
        Batch more;
        more.rows = {abandoned_row(1, 2)};
        more.summaries = {summary(1, sagas::Status::Abandoned, at(9))};
        more.events = {by_saga(event("stock", "b"), 1)};
        more.told_hits = {told(hits.at(0))};
        return [&batch, more] { batch.grow_by(Batch(more)); };
    };
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Forever});
    for (int tries = 0; tries < 2; ++tries) {
        ASSERT_EQ(store_->writer().write(batch, on_hits).error().code, ErrorCode::Unavailable);
    }
    vfs_.clear();
    const auto committed = store_->writer().write(batch, on_hits);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_EQ(asked, 1);
    EXPECT_THAT(texts(committed->events), ElementsAre("1", "2"));
    EXPECT_TRUE(committed->event_hits.at(0).is_told);
    EXPECT_THAT(store_->recovery().event_hits().value(), IsEmpty());
    EXPECT_EQ(store_->reader().journal(SagaKey{1}, 0, 9).value().size(), 2u);
    expect_sound();
}

TEST_F(SqliteFaults, GivesTheSameOffsetsAndHitsWhenABatchIsTriedAgain) {
    open();
    definition_ = put(*store_, definition("order"));
    Batch batch;
    batch.starts = {start(1, definition_)};
    batch.expectations = {expectation(1, {"k"})};
    batch.events = {event("stock", "a", {"l"}), event("stock", "b")};
    ASSERT_TRUE(store_->writer().write(batch));
    batch = {};
    batch.starts = {start(2, definition_)};
    batch.topics = {topic("stock"), topic("pay")};
    batch.expectations = {expectation(2, {"k", "l"})};
    batch.events = {event("stock", "c", {"k"}), event("pay", "d", {"k"}), event("stock", "b"),
                    event("stock", "c")};
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Forever});
    for (int tries = 0; tries < 2; ++tries) {
        ASSERT_EQ(store_->writer().write(batch).error().code, ErrorCode::Unavailable);
        EXPECT_THAT(store_->recovery().event_hits().value(), IsEmpty());
        EXPECT_EQ(text(store_->reader().topic("stock", {}).value()), "stock v0 1-2");
        EXPECT_EQ(store_->reader().topic("pay", {}).error().code, ErrorCode::NotFound);
    }
    vfs_.clear();
    const auto committed = store_->writer().write(batch);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_THAT(texts(committed->events), ElementsAre("3", "1", "2 again", "3 again"));
    EXPECT_THAT(texts(committed->event_hits),
                ElementsAre("saga 1, step 0: stock 3 (c)", "saga 1, step 0: pay 1 (d)",
                            "saga 2, step 0: pay 1 (d)", "saga 2, step 0: stock 1 (a)",
                            "saga 2, step 0: stock 3 (c)"));
    EXPECT_EQ(text(committed->topics.at(0)), "new 1");
    EXPECT_EQ(text(store_->reader().topic("stock", {}).value()), "stock v1 1-3");
    EXPECT_EQ(store_->recovery().event_hits().value().size(), 5u);
    expect_sound();
}

// Neither a topic nor an offset of a batch that was rolled back is there for the next one.
TEST_F(SqliteFaults, ForgetsTopicsThatWereRolledBack) {
    open();
    const auto publish = [this](const std::string& name, const std::string& id) {
        Batch batch;
        batch.events = {event(name, id)};
        return store_->writer().write(batch);
    };
    ASSERT_TRUE(publish("old", "a"));
    for (const char* name : {"new", "old"}) {
        vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Once});
        ASSERT_EQ(publish(name, "b").error().code, ErrorCode::Unavailable);
        vfs_.clear();
    }
    EXPECT_THAT(texts(publish("other", "c")->events), ElementsAre("1"));
    EXPECT_THAT(texts(publish("old", "d")->events), ElementsAre("2"));
    EXPECT_THAT(texts(publish("new", "e")->events), ElementsAre("1"));
    expect_sound();
}

/// A batch about saga 1, whose start was written by another one before.
Batch rows_of_a_saga_under_way() {
    Batch batch;
    for (std::uint32_t seq = 2; seq <= 4; ++seq) {
        batch.rows.push_back(step_row(1, seq));
    }
    batch.summaries = {summary(1, sagas::Status::Stuck)};
    return batch;
}

TEST_F(SqliteFaults, TakesRowsAgainThatWereRolledBack) {
    open();
    definition_ = put(*store_, definition("order"));
    Batch begin;
    begin.starts = {start(1, definition_)};
    ASSERT_TRUE(store_->writer().write(begin));
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Forever});
    for (int tries = 0; tries < 2; ++tries) {
        ASSERT_EQ(store_->writer().write(rows_of_a_saga_under_way()).error().code,
                  ErrorCode::Unavailable);
    }
    vfs_.clear();
    const auto committed = store_->writer().write(rows_of_a_saga_under_way());
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_EQ(committed->last, Position{4});
    expect_sound();
}

TEST_F(SqliteFaults, TakesNoRowBehindOneThatWasRolledBack) {
    open();
    definition_ = put(*store_, definition("order"));
    Batch begin;
    begin.starts = {start(1, definition_)};
    ASSERT_TRUE(store_->writer().write(begin));
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Once});
    ASSERT_EQ(store_->writer().write(rows_of_a_saga_under_way()).error().code,
              ErrorCode::Unavailable);
    vfs_.clear();
    Batch next;
    next.rows = {step_row(1, 5)};
    EXPECT_EQ(store_->writer().write(next).error().code, ErrorCode::Corruption);
    expect_sound();
}

// What a rolled back deletion took out of memory is still in the file.
TEST_F(SqliteFaults, GoesOnWithASagaWhoseDeletionWasRolledBack) {
    options_.retention = {1h, 1h, 1h};
    open();
    definition_ = put(*store_, definition("order"));
    Batch batch;
    add_finished(batch, start(1, definition_));
    ASSERT_TRUE(store_->writer().write(batch));
    vfs_.fail({{Operation::Write}, File::Log, 0, Failure::DiskFull, Lasting::Once});
    ASSERT_EQ(store_->writer().maintain(at(0) + 2h).error().code, ErrorCode::Unavailable);
    vfs_.clear();
    Batch late;
    late.rows = {step_row(1, 5)};
    late.summaries = {summary(1, sagas::Status::Stuck)};
    const auto committed = store_->writer().write(late);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_EQ(committed->last, Position{5});
    expect_sound();
}

// The nth write fails for lack of space, for every n until none of them does.
TEST_F(SqliteFaults, IsWholeAfterAFullDiskAtAnyWrite) {
    open();
    definition_ = put(*store_, definition("order"));
    std::int64_t key = 1;
    bool has_struck = true;
    for (std::uint64_t after = 0; has_struck; ++after, ++key) {
        ASSERT_LT(after, 200u);
        vfs_.fail({{Operation::Write}, File::Any, after, Failure::DiskFull, Lasting::Once});
        const auto first = write(key);
        has_struck = vfs_.struck() > 0;
        vfs_.clear();
        ASSERT_EQ(first.has_value(), !has_struck);
        if (has_struck) {
            ASSERT_EQ(first.error().code, ErrorCode::Unavailable);
            ASSERT_FALSE(stored().contains(key));
            ASSERT_TRUE(write(key));
        }
        ASSERT_TRUE(stored().contains(key));
        // One for each saga.
        ASSERT_EQ(store_->reader().topic("replies", {}).value().last, Offset{key});
    }
    EXPECT_GT(key, 5);  // Some writes did fail.
    const auto before = stored();
    open();
    EXPECT_EQ(stored(), before);
    expect_events(before);
    expect_subscription(*before.rbegin());
    expect_sound();
}

// After a failed sync the row is not seen, and may be there after a restart: the log holds it.
TEST_F(SqliteFaults, StopsAfterAFailedSync) {
    open();
    definition_ = put(*store_, definition("order"));
    ASSERT_TRUE(write(1));
    vfs_.fail({{Operation::Sync}, File::Log, 0, Failure::InputOutput, Lasting::Once});
    EXPECT_EQ(write(2).error().code, ErrorCode::Corruption);
    EXPECT_EQ(vfs_.struck(), 1u);
    // Going on would overwrite what may be durable.
    EXPECT_EQ(write(2).error().code, ErrorCode::Corruption);
    EXPECT_EQ(write(3).error().code, ErrorCode::Corruption);
    EXPECT_EQ(store_->writer().maintain(at(0)).error().code, ErrorCode::Corruption);

    open();
    EXPECT_THAT(stored(), ElementsAre(1, 2));
    // The retry of whoever got no answer finds it.
    Batch again = batch(3);
    again.starts[0] =
        with_request_key(with_client_id(start(3, definition_), "client-2"), "client-2");
    const auto committed = store_->writer().write(again);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_EQ(std::get<StartRepeats>(committed->starts.at(0)).saga, SagaKey{2});
    expect_sound();
}

// Every operation of a commit and of the housekeeping fails once, and for good; whatever was said
// to be written is there after a restart, and nothing is there in part.
TEST_F(SqliteFaults, LosesNothingThatWasAcknowledged) {
    options_.retention = {1h, 1h, 1h};
    options_.events = {1h, 1h, 1h};
    options_.wal_bytes_max = 250 << 10;
    open();
    definition_ = put(*store_, definition("order"));
    std::int64_t key = 1;
    for (const Lasting lasting : {Lasting::Once, Lasting::Forever}) {
        bool has_struck = true;
        for (std::uint64_t after = 0; has_struck; ++after) {
            ASSERT_LT(after, 400u);
            open();
            std::set<std::int64_t> acknowledged = stored();
            vfs_.fail({{Operation::Write, Operation::Sync, Operation::Truncate},
                       File::Any,
                       after,
                       Failure::InputOutput,
                       lasting});
            std::optional<Error> error;
            const std::int64_t first = key;
            for (; key < first + 5 && !error; ++key) {
                const auto committed = write(key);
                error = committed ? std::optional<Error>{} : committed.error();
                if (committed) {
                    acknowledged.insert(key);
                }
                const auto kept_house = store_->writer().maintain(at(key));
                error = error || kept_house ? error : kept_house.error();
            }
            has_struck = vfs_.struck() > 0;
            ASSERT_EQ(error.has_value(), has_struck);
            if (error) {
                ASSERT_EQ(error->code, ErrorCode::Corruption) << error->message;
                ASSERT_EQ(write(key).error().code, ErrorCode::Corruption);
            }
            store_.reset();
            vfs_.clear();
            open();
            const std::set<std::int64_t> found = stored();
            for (const std::int64_t each : acknowledged) {
                ASSERT_TRUE(found.contains(each)) << "saga " << each << " after " << after;
            }
            ASSERT_LE(found.size(), acknowledged.size() + 1);  // The one in doubt.
            expect_events(found);
            if (!found.empty()) expect_subscription(*found.rbegin());
            if (after % 4 == 0) {
                expect_sound();
                open();
            }
            // Away with them, so that the list stays short.
            for (int i = 0; i < 100 && store_->writer().maintain(at(key) + 48h).value(); ++i) {
            }
            ASSERT_THAT(stored(), IsEmpty());
            definition_ = DefinitionKey{1};
        }
    }
}

TEST_F(SqliteFaults, OpensOrRefusesWhateverFailsMeanwhile) {
    bool has_struck = true;
    for (std::uint64_t after = 0; has_struck; ++after) {
        ASSERT_LT(after, 400u);
        const TemporaryFolder folder;
        options_.path = folder.file("skald.db");
        for (const Failure failure : {Failure::DiskFull, Failure::InputOutput}) {
            vfs_.fail(
                {{Operation::Write, Operation::Sync}, File::Any, after, failure, Lasting::Once});
            auto opened = open_sqlite_store(options_);
            has_struck = vfs_.struck() > 0;
            vfs_.clear();
            if (!opened) {
                ASSERT_EQ(opened.error().code, failure == Failure::DiskFull ? ErrorCode::Unavailable
                                                                            : ErrorCode::Corruption)
                    << opened.error().message;
            } else {
                opened->reset();
                // Else commits would stand on a rollback journal, which the store does not know.
                ASSERT_THAT(query_sql(options_.path, "PRAGMA journal_mode"), ElementsAre("wal"))
                    << "after operation " << after;
            }
        }
        open();
        definition_ = put(*store_, definition("order"));
        ASSERT_TRUE(write(1));
        expect_sound();
    }
}

TEST_F(SqliteFaults, TellsThatTheDiskIsFillingUp) {
    std::uint64_t free = 1'000;
    options_.free_bytes = [&] { return free; };
    options_.free_bytes_min = 1'000;
    open();
    EXPECT_EQ(store_->writer().write({})->space, Space::Plenty);
    free = 999;
    EXPECT_EQ(store_->writer().write({})->space, Space::Low);
    free = 1'000;
    EXPECT_EQ(store_->writer().write({})->space, Space::Plenty);
}

TEST_F(SqliteFaults, AsksTheFileSystemForItsSpace) {
    options_.free_bytes = nullptr;
    options_.free_bytes_min = 1;
    open();
    EXPECT_EQ(store_->writer().write({})->space, Space::Plenty);
    options_.free_bytes_min = std::uint64_t{1} << 62;
    open();
    EXPECT_EQ(store_->writer().write({})->space, Space::Low);
}

}  // namespace
}  // namespace skald::store
