#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sample_subscriptions.h"
#include "tests/store/sqlite_file.h"

/// The stored format. testdata/schema_N.sql is a whole database of schema N as SQL: it must be read
/// for ever, and what is written today must look as the newest of them.
///
/// After an intended change of an unreleased schema: SKALD_REWRITE_GOLDEN=1, then read the diff.
namespace skald::store {
namespace {

using namespace sample;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kNewest = 5;

std::string golden(int schema) {
    return std::string(SKALD_TESTDATA) + "/schema_" + std::to_string(schema) + ".sql";
}

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Saga 2 waits for what was there before, and is to be told; saga 5 for what did not come, in two
/// places. An event of each topic is deleted: "brief" has none any more.
void add_event_samples(Batch& batch) {
    batch.match_paths = {{"stock", "stock.reserved", "$event.data.order_id"}};
    PutTopic brief = topic("brief", R"({"retention":{"age":"1s"}})");
    brief.retain_for = Milliseconds{1'000};
    PutTopic stock = topic("stock", R"({"types":{}})");
    stock.retain_bytes = 3 * event("stock", "a").event.size();
    batch.topics = {brief, topic("brief", "old"), brief, stock};
    NewExpectation undo =
        expectation(5, {"stock undone", "stock kept"}, sagas::element_of(sagas::StepIndex{1}, 6));
    undo.phase = sagas::Phase::Compensation;
    batch.expectations = {expectation(2, {"stock reserved"}), undo, expectation(5, {"paid"})};
    batch.events = {event("brief", "x"),
                    event("stock", "a"),
                    by_saga(event("stock", "b"), 2),
                    event("stock", "c", {"stock reserved", "other"}),
                    event("stock", "d"),
                    event("open", "e", {"paid later"})};
}

/// "mail" has everything that may be known of deliveries; "gone" was deleted.
void add_subscription_samples(SubscriptionRows& rows) {
    rows.changes = {begun_behind(of_topic(subscription("mail", R"({"pull":{}})"), "stock"), 2),
                    subscription("gone"), of_topic(subscription("mail", "{}"), "stock"),
                    of_topic(subscription("later"), "nothing yet"), unsubscription("gone")};
    rows.bridges = {bridge("nats", R"({"out":[]})", {owned("bridge:nats:orders:o")}),
                    bridge("nats", "{}", {owned("bridge:nats:orders:o"), owned("bridge:nats:x")}),
                    bridge("brief", "{}"), DeleteBridge{"brief", std::nullopt}};
    rows.progress = {progress(2, 3, "5-6,9")};
    rows.failed = {failed(2, 7, 2), failed(2, 8)};
    rows.dead = {dead(2, 5), dead(2, 6)};
}

/// A little of everything, and always the same.
void write_samples(Store& store) {
    PutDefinition first = definition("order", R"({"steps":[1]})");
    first.subscriptions = {owned("trigger:order:orders:placed")};
    const DefinitionKey order = put(store, first);
    PutDefinition second = definition("order", R"({"steps":[2]})");
    second.subscriptions = {owned("trigger:order:orders:placed", R"({"start":{}})")};
    const DefinitionKey newer = put(store, second);
    const DefinitionKey gone = put(store, definition("gone"));

    Batch batch;
    batch.definitions.emplace_back(DeleteDefinition{"gone", std::nullopt, at(0)});
    add_finished(batch, start(1, order));
    NewSaga stuck =
        with_request_key(with_client_id(start(2, newer), "mine", "hash"), "key", "body");
    stuck.deadline_at = at(900'000);
    stuck.labels = {{"customer", "c-1"}};
    batch.starts.push_back(stuck);
    batch.rows.push_back(step_row(2, 2));
    batch.summaries.push_back(
        {SagaKey{2}, Status::Stuck, std::nullopt, at(5), "no money", "charge"});
    add_finished(batch, start(3, gone), Status::Compensated);
    add_finished(batch, with_client_id(start(4, order), "deleted", "hash"), Status::Abandoned);
    batch.starts.push_back(with_lock(start(5, order), "cart 7"));
    batch.rows.push_back(granted_row(5, 2));
    batch.starts.push_back(with_lock(start(6, newer), "cart 7"));
    add_finished(batch, with_parent(start(7, order), 2), Status::Abandoned);
    batch.parks = {{SagaKey{5}, at(60'000)}, {SagaKey{6}, std::nullopt}};
    add_event_samples(batch);
    add_subscription_samples(batch.subscriptions);
    const auto committed = store.writer().write(batch);
    ASSERT_TRUE(committed) << committed.error().message;
    batch = {};
    batch.subscriptions.revived = {place(2, 6)};
    ASSERT_TRUE(store.writer().write(batch));
    while (store.writer().maintain(at(4) + std::chrono::hours{1}).value()) {
    }
}

/// A database with the hash key 00 01 … 0f, so that hashes are the same in every run.
std::unique_ptr<Store> open_with_fixed_key(const SqliteOptions& options) {
    open_or_fail(options);
    run_sql(options.path,
            "UPDATE meta SET value = x'000102030405060708090a0b0c0d0e0f' WHERE name = 'hash_key'");
    return open_or_fail(options);
}

/// The database as SQL that makes it again.
std::string dump(const std::string& path) {
    std::ostringstream sql;
    for (const char* pragma : {"application_id", "user_version"}) {
        sql << "PRAGMA " << pragma << " = "
            << query_sql(path, "PRAGMA " + std::string(pragma)).at(0) << ";\n";
    }
    for (const auto& text : query_sql(path,
                                      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                                      " ORDER BY rowid")) {
        sql << text << ";\n";
    }
    for (const auto& table :
         query_sql(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")) {
        const auto columns = query_sql(path, "SELECT name FROM pragma_table_info('" + table + "')");
        std::string quoted;
        for (const auto& column : columns) {
            quoted += (quoted.empty() ? "quote(" : " || ', ' || quote(") + column + ")";
        }
        for (const auto& row : query_sql(
                 path, "SELECT " + quoted + " FROM " + table + " ORDER BY " + columns.at(0))) {
            sql << "INSERT INTO " << table << " VALUES (" << row << ");\n";
        }
    }
    return sql.str();
}

SqliteOptions options_with_retention(const TemporaryFolder& folder) {
    SqliteOptions options = options_in(folder);
    options.retention.abandoned = Milliseconds{1};
    return options;
}

TEST(Format, IsTheOneThatIsKept) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_with_retention(folder);
    write_samples(*open_with_fixed_key(options));
    // As if the first of them had been enough for the store to move them.
    run_sql(options.path,
            "INSERT INTO event_hash SELECT hash, event, at FROM event_recent WHERE pos <= 5;"
            "DELETE FROM event_recent WHERE pos <= 5");
    const std::string now = dump(options.path);
    if (std::getenv("SKALD_REWRITE_GOLDEN") != nullptr) {
        std::ofstream(golden(kNewest), std::ios::binary) << now;
    }
    EXPECT_EQ(contents(golden(kNewest)), now);
}

class OldFormat : public testing::TestWithParam<int> {
 protected:
    std::unique_ptr<Store> open() {
        const SqliteOptions options = options_with_retention(folder_);
        run_sql(options.path, contents(golden(GetParam())));
        return open_or_fail(options);
    }
    void TearDown() override { EXPECT_THAT(problems(folder_.file("skald.db")), IsEmpty()); }

    TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Schemas, OldFormat, testing::Range(1, kNewest + 1));

TEST_P(OldFormat, IsReadForEver) {
    const auto store = open();
    const auto finished = store->reader().saga("saga-1").value();
    EXPECT_EQ(finished.definition, "order");
    EXPECT_EQ(finished.version, 1u);
    EXPECT_EQ(finished.summary, summary(1, Status::Completed, at(5)));
    EXPECT_EQ(*finished.input, *start(1, DefinitionKey{1}).input);
    const auto rows = store->reader().journal(SagaKey{1}, 0, 10).value();
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(text(rows[0].record), text(start(1, DefinitionKey{1}).begun));
    for (std::uint32_t seq = 2; seq <= 4; ++seq) {
        EXPECT_EQ(text(rows[seq - 1].record), text(step_row(1, seq).record));
    }

    const auto stuck = store->reader().saga("mine").value();
    EXPECT_EQ(stuck.version, 2u);
    EXPECT_EQ(stuck.deadline_at, at(900'000));
    EXPECT_EQ(stuck.labels, (Labels{{"customer", "c-1"}}));
    EXPECT_EQ(stuck.body_hash, "hash");
    EXPECT_EQ(stuck.summary,
              (Summary{SagaKey{2}, Status::Stuck, std::nullopt, at(5), "no money", "charge"}));
    EXPECT_EQ(store->reader().saga("saga-3").value().summary.status, Status::Compensated);
    EXPECT_EQ(store->reader().definition("gone", std::nullopt).value().state,
              DefinitionRow::State::Deleted);
    const std::int64_t last = GetParam() == 1 ? 4 : 7;
    EXPECT_EQ(store->recovery().last_keys().value().saga, SagaKey{last});

    Batch batch;
    batch.starts = {with_request_key(start(last + 1, DefinitionKey{1}), "key", "body"),
                    with_client_id(start(last + 2, DefinitionKey{1}), "deleted", "hash"),
                    start(last + 3, DefinitionKey{1})};
    const Position before = store->reader().last_position().value();
    const auto committed = store->writer().write(batch);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_EQ(std::get<StartRepeats>(committed->starts[0]).saga, SagaKey{2});
    EXPECT_TRUE(std::holds_alternative<StartIdUsed>(committed->starts[1]));
    EXPECT_TRUE(std::holds_alternative<StartWritten>(committed->starts[2]));
    EXPECT_EQ(before, Position{GetParam() == 1 ? 14 : 21});
    EXPECT_EQ(committed->last, Position{static_cast<std::int64_t>(before) + 1});
}

TEST_P(OldFormat, GoesOnWithWhatItLeft) {
    const auto store = open();
    std::vector<std::string> live;
    const auto look = [&](const SagaRow& saga, const std::vector<JournalRow>& rows) {
        live.push_back(saga.id + ": " + std::to_string(rows.size()));
        EXPECT_EQ(saga.parent, std::nullopt);
        EXPECT_EQ(text(rows.at(1).record), text(step_row(2, 2).record));
        return Result<void>{};
    };
    ASSERT_TRUE(store->recovery().live_sagas(look));
    EXPECT_THAT(live, ElementsAre("mine: 2"));
    // What retention looks for is there.
    Batch abandoned;
    abandoned.summaries = {summary(2, Status::Abandoned, at(9))};
    ASSERT_TRUE(store->writer().write(abandoned));
    while (store->writer().maintain(at(0) + std::chrono::hours{48}).value()) {
    }
    EXPECT_EQ(store->reader().saga("mine").error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->reader().saga(SagaKey{7}).error().code, ErrorCode::NotFound);
    EXPECT_TRUE(store->reader().saga("saga-1"));
}

TEST(Format, KeepsWhoWaitsForWhat) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_with_retention(folder);
    run_sql(options.path, contents(golden(2)));
    const auto store = open_or_fail(options);
    EXPECT_EQ(store->reader().parked(at(60'000), 9).value(),
              (std::vector<Park>{{SagaKey{5}, at(60'000)}}));
    EXPECT_EQ(store->reader().lock_place(SagaKey{6})->head, "saga-5");
    EXPECT_THAT(store->recovery().lock_heads().value(), IsEmpty());
    EXPECT_EQ(store->reader().saga(SagaKey{7})->parent, SagaKey{2});
    Batch batch;
    batch.starts = {with_lock(start(8, DefinitionKey{1}), "cart 7")};
    batch.rows = {abandoned_row(5, 3)};
    EXPECT_THAT(store->writer().write(batch)->lock_heads, ElementsAre(SagaKey{6}));
}

TEST(Format, KeepsEventsAndWhatWaitsForThem) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_with_retention(folder);
    run_sql(options.path, contents(golden(3)));
    {
        const auto store = open_or_fail(options);
        std::vector<std::string> topics;
        const auto rows = store->reader().topics("", 9).value();
        for (const TopicRow& each : rows) {
            topics.push_back(text(each) + " " + each.source);
        }
        EXPECT_THAT(topics, ElementsAre("brief v3 2-1 {\"retention\":{\"age\":\"1s\"}}",
                                        "open v0 1-1 ", "stock v1 2-4 {\"types\":{}}"));
        EXPECT_EQ(store->reader().topic("brief", 2).value().source, "old");
        EXPECT_THAT(texts(store->reader().events("stock", Offset{0}, 9).value()),
                    ElementsAre("2 b", "3 c", "4 d"));
        EXPECT_THAT(texts(store->recovery().event_hits().value()),
                    ElementsAre("saga 2, step 0: stock 3 (c)"));
        EXPECT_THAT(
            store->recovery().match_paths().value(),
            ElementsAre(sagas::MatchPath{},  // By which its definitions look isn't known.
                        sagas::MatchPath{"stock", "stock.reserved", "$event.data.order_id"}));

        Batch batch;
        batch.expectations = {expectation(6, {"paid later"})};
        batch.events = {event("stock", "c"), event("brief", "x"), event("brief", "y"),
                        event("stock", "f", {"stock kept", "paid"})};
        const auto committed = store->writer().write(batch);
        ASSERT_TRUE(committed) << committed.error().message;
        EXPECT_THAT(texts(committed->events), ElementsAre("3 again", "1 again", "2", "5"));
        EXPECT_THAT(texts(committed->event_hits),
                    ElementsAre("saga 5, step 0: stock 5 (f)", "saga 5, step 1/6 undo: stock 5 (f)",
                                "saga 6, step 0: open 1 (e)"));
    }
    EXPECT_THAT(problems(options.path), IsEmpty());
}

TEST(Format, KeepsWhoSubscribedAndHowFarHeIs) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_with_retention(folder);
    run_sql(options.path, contents(golden(4)));
    {
        const auto store = open_or_fail(options);
        EXPECT_THAT(texts(store->recovery().subscriptions().value()),
                    ElementsAre("#1 trigger:order:orders:placed of orders v2 {\"start\":{}} at 7"
                                " (definition/order)",
                                "#2 mail of stock v2 {} at 3 + 5-6,9", "  failed 7 after 2: no",
                                "  failed 8 after 1: no", "  #2 6 after 16: no event 6 again",
                                "#4 later of nothing yet v1 {} at 0",
                                "#5 bridge:nats:orders:o of orders v1 {} at 7 (bridge/nats)",
                                "#6 bridge:nats:x of orders v1 {} at 7 (bridge/nats)"));
        EXPECT_THAT(texts(store->reader().dead_letters(SubscriptionKey{2}, Offset{0}, 9).value()),
                    ElementsAre("#2 5 after 16: no event 5", "#2 6 after 16: no event 6 again"));
        EXPECT_EQ(text(store->reader().bridge("nats").value()), "nats v2 {}");
        Batch batch;
        batch.subscriptions.changes = {unsubscription("later"), subscription("gone")};
        EXPECT_THAT(texts(store->writer().write(batch)->subscriptions),
                    ElementsAre("deleted #4 v1", "made #7 v1"));
    }
    EXPECT_THAT(problems(options.path), IsEmpty());
}

}  // namespace
}  // namespace skald::store
