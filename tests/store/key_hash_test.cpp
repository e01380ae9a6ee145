#include "store/sqlite/key_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/event_rules.h"
#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

namespace skald::store {
namespace {

using namespace sample;
using sqlite::HashKey;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

HashKey counting_key() {
    HashKey key{};
    for (std::size_t i = 0; i < key.size(); ++i) {
        key.at(i) = static_cast<std::uint8_t>(i);
    }
    return key;
}

// The vectors of the paper's reference implementation: messages 00 01 02 … of 0, 1, 8 and 15 bytes.
TEST(KeyHash, IsSipHash) {
    std::string message;
    for (char i = 0; i < 15; ++i) {
        message += i;
    }
    const HashKey key = counting_key();
    EXPECT_EQ(sqlite::sip_hash(key, message.substr(0, 0)), 0x726fdb47dd0e0e31u);
    EXPECT_EQ(sqlite::sip_hash(key, message.substr(0, 1)), 0x74f839c593dc67fdu);
    EXPECT_EQ(sqlite::sip_hash(key, message.substr(0, 8)), 0x93f5f5799a932462u);
    EXPECT_EQ(sqlite::sip_hash(key, message), 0xa129ca6149be45e5u);
}

TEST(KeyHash, DependsOnItsSalt) {
    const HashKey key = counting_key();
    EXPECT_EQ(sqlite::hash_text(key, "k", 0),
              static_cast<std::int64_t>(sqlite::sip_hash(key, "k")));
    EXPECT_NE(sqlite::hash_text(key, "k", 0), sqlite::hash_text(key, "k", 1));
    EXPECT_NE(sqlite::hash_text(key, "k", 1), sqlite::hash_text(key, "k", 2));
}

HashKey hash_key_of(const std::string& path) {
    const std::string hex =
        query_sql(path, "SELECT hex(value) FROM meta WHERE name = 'hash_key'").at(0);
    HashKey key{};
    for (std::size_t i = 0; i < key.size(); ++i) {
        key.at(i) = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    }
    return key;
}

std::string outcome(Store& store, const NewSaga& start) {
    Batch batch;
    add_finished(batch, start);
    const auto committed = store.writer().write(batch);
    if (!committed) {
        return committed.error().message;
    }
    const auto* repeats = std::get_if<StartRepeats>(&committed->starts.at(0));
    return repeats == nullptr ? "started" : "repeats " + repeats->id;
}

// 64-bit hashes collide too seldom for a test, so that the file is made to look as if "second" had
// the hash of "first".
TEST(KeyHash, FindsAnotherPlaceForAKeyWhoseHashIsTaken) {
    const TemporaryFolder folder;
    SqliteOptions options = options_in(folder);
    options.retention.completed = 1h;
    auto store = open_or_fail(options);
    const DefinitionKey definition = put(*store, sample::definition("order"));
    ASSERT_EQ(outcome(*store, with_request_key(start(1, definition), "first")), "started");
    store.reset();
    const HashKey hash_key = hash_key_of(options.path);
    const auto place = [&](const char* key, std::uint32_t salt) {
        return std::to_string(sqlite::hash_text(hash_key, key, salt));
    };
    run_sql(options.path, "UPDATE key SET hash = " + place("second", 0));

    store = open_or_fail(options);
    EXPECT_EQ(outcome(*store, with_request_key(start(2, definition), "second")), "started");
    EXPECT_EQ(outcome(*store, with_request_key(start(3, definition), "second")), "repeats saga-2");
    store.reset();
    EXPECT_EQ(query_sql(options.path, "SELECT hash FROM key WHERE saga = 2").at(0),
              place("second", 1));
    EXPECT_EQ(query_sql(options.path, "SELECT value FROM meta WHERE name = 'hash_salts'").at(0),
              "2");

    // The first place is free, but the key stands in the second one still.
    run_sql(options.path,
            "DELETE FROM key WHERE saga = 1; UPDATE saga SET has_key = 0 WHERE key = 1");
    store = open_or_fail(options);
    EXPECT_EQ(outcome(*store, with_request_key(start(4, definition), "second")), "repeats saga-2");
    while (store->writer().maintain(at(0) + 48h).value()) {
    }
    store.reset();
    EXPECT_EQ(query_sql(options.path, "SELECT count(*) FROM key").at(0), "0");
}

TEST(KeyHash, TakesNoEventForAnotherOneWithItsHash) {
    const TemporaryFolder folder;
    const SqliteOptions options = options_in(folder);
    auto store = open_or_fail(options);
    const auto publish = [&](std::vector<NewEvent> events) {
        Batch batch;
        batch.events = std::move(events);
        return texts(store->writer().write(batch).value().events);
    };
    EXPECT_THAT(publish({event("orders", "first"), event("stock", "first")}),
                ElementsAre("1", "1"));
    store.reset();
    const HashKey hash_key = hash_key_of(options.path);
    const auto take_place_of = [&](const NewEvent& event, const char* topic) {
        const auto hash = sqlite::hash_text(hash_key, event_identity(event), 0);
        run_sql(options.path, "UPDATE event_recent SET hash = " + std::to_string(hash) +
                                  " WHERE event >> 40 ="
                                  " (SELECT key FROM topic WHERE name = '" +
                                  topic + "')");
    };
    take_place_of(event("orders", "second"), "orders");
    take_place_of(event("orders", "third"), "stock");

    store = open_or_fail(options);
    EXPECT_THAT(publish({event("orders", "second"), event("orders", "third")}),
                ElementsAre("2", "3"));
    EXPECT_THAT(publish({event("orders", "third"), event("orders", "second")}),
                ElementsAre("3 again", "2 again"));
    store.reset();
    EXPECT_THAT(problems(options.path), IsEmpty());
}

}  // namespace
}  // namespace skald::store
