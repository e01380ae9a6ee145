#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "store/memory_store.h"
#include "tests/store/fault_vfs.h"
#include "tests/store/sample_events.h"
#include "tests/store/sample_subscriptions.h"
#include "tests/store/sqlite_file.h"

namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// All that can be read of subscriptions, bridges and the topic "orders".
std::vector<std::string> everything(Store& store) {
    std::vector<std::string> all = texts(store.recovery().subscriptions().value());
    const auto rows = store.reader().subscriptions("", 99).value();
    for (const SubscriptionRow& row : rows) {
        all.push_back(text(row));
        const auto letters = store.reader().dead_letters(row.key, Offset{0}, 99).value();
        for (std::string& letter : texts(letters)) all.push_back(std::move(letter));
    }
    const auto bridges = store.reader().bridges("", 99).value();
    for (const BridgeRow& row : bridges) all.push_back(text(row));
    if (const auto page = store.reader().events("orders", Offset{0}, 9'999)) {
        for (std::string& row : texts(*page)) all.push_back(std::move(row));
    }
    return all;
}

std::vector<std::string> outcomes(const Committed& committed) {
    std::vector<std::string> all = texts(committed.subscriptions);
    for (const BridgeOutcome& each : committed.bridges) all.push_back(text(each));
    for (std::string& each : texts(committed.owned)) all.push_back(std::move(each));
    return all;
}

/// Changes of a few subscriptions, bridges and definitions, and of what is known of deliveries.
class Chances {
 public:
    explicit Chances(std::uint32_t seed) : random_(seed) {}

    Batch batch(Timestamp now) {
        Batch batch;
        batch.events.push_back(written_at(event("orders", std::to_string(++events_)), now));
        if (one_in(12)) batch.definitions.emplace_back(put_definition());
        if (one_in(30)) {
            batch.definitions.emplace_back(DeleteDefinition{name(), std::nullopt, at(0)});
        }
        add_changes(batch.subscriptions);
        add_deliveries(batch.subscriptions);
        return batch;
    }
    bool one_in(int chances) { return upto(chances) == 0; }

 private:
    int upto(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
    std::string name() { return std::string(1, static_cast<char>('a' + upto(3))); }
    std::int64_t key() { return 1 + upto(last_key_); }
    std::int64_t offset() { return 1 + upto(12); }

    std::vector<OwnedSubscription> some_owned(const std::string& of) {
        std::vector<OwnedSubscription> all;
        for (const char* which : {":x", ":y", ":z"}) {
            if (one_in(2)) all.push_back(owned(of + which, std::to_string(upto(2))));
        }
        last_key_ += static_cast<int>(all.size());
        return all;
    }
    PutDefinition put_definition() {
        PutDefinition put = definition(name(), std::to_string(upto(3)));
        put.subscriptions = some_owned("definition-" + put.name);
        return put;
    }
    void add_changes(SubscriptionRows& rows) {
        if (one_in(4)) {
            PutSubscription put =
                begun_behind(subscription(name(), std::to_string(upto(3))), upto(3));
            if (one_in(9)) put.topic = "stock";
            if (one_in(5)) put.if_version = static_cast<std::uint32_t>(upto(3));
            rows.changes.emplace_back(put);
            ++last_key_;
        }
        if (one_in(12)) rows.changes.emplace_back(unsubscription(name()));
        if (one_in(8)) {
            const std::string of = name();
            rows.bridges.emplace_back(
                bridge(of, std::to_string(upto(3)), some_owned("bridge-" + of)));
        }
        if (one_in(25)) rows.bridges.emplace_back(DeleteBridge{name(), std::nullopt});
    }
    void add_deliveries(SubscriptionRows& rows) {
        for (int i = upto(6); i > 0; --i) {
            rows.progress.push_back(
                progress(key(), events_ / 2 + upto(9), std::to_string(upto(9))));
            rows.failed.push_back(failed(key(), offset(), static_cast<std::uint32_t>(1 + upto(4))));
            rows.ended.push_back(place(key(), offset()));
            rows.dead.push_back(dead(key(), offset(), std::to_string(upto(4))));
            rows.revived.push_back(place(key(), offset()));
            rows.buried.push_back(place(key(), offset()));
        }
    }

    std::mt19937 random_;
    int events_ = 0;
    int last_key_ = 1;
};

TEST(SqliteSubscriptions, AreAsInMemory) {
    for (const std::uint32_t seed : {1u, 2u, 3u}) {
        const TemporaryFolder folder;
        const EventRules rules{1h, 1h, 10min};
        SqliteOptions options = options_in(folder);
        options.events = rules;
        auto file = open_or_fail(options);
        const auto memory = make_memory_store({}, rules);
        Chances chances(seed);
        for (int i = 0; i < 300; ++i) {
            const Timestamp now = at(0) + i * 1min;
            const Batch batch = chances.batch(now);
            const auto written = file->writer().write(batch);
            ASSERT_TRUE(written) << written.error().message;
            ASSERT_EQ(outcomes(*written), outcomes(memory->writer().write(batch).value()))
                << "batch " << i << " of seed " << seed;
            for (Store* store : {file.get(), memory.get()}) {
                while (store->writer().maintain(now).value()) {
                }
            }
            if (chances.one_in(20)) {
                file.reset();
                file = open_or_fail(options);
            }
            ASSERT_EQ(everything(*file), everything(*memory))
                << "after batch " << i << " of seed " << seed;
        }
        EXPECT_GT(everything(*file).size(), 20u);
        file.reset();
        EXPECT_THAT(problems(options.path), IsEmpty());
    }
}

// Neither a subscription nor its key is there that was rolled back.
TEST(SqliteSubscriptions, AreTheSameWhenABatchIsTriedAgain) {
    const TemporaryFolder folder;
    SqliteOptions options = options_in(folder);
    faults::FaultVfs vfs("subscriptions");
    options.vfs = vfs.name();
    auto store = open_or_fail(options);
    Batch batch;
    batch.definitions = {definition("order")};
    std::get<PutDefinition>(batch.definitions[0]).subscriptions = {owned("t:a")};
    batch.subscriptions.changes = {subscription("a"), subscription("a", "2"), subscription("b"),
                                   unsubscription("b")};
    batch.subscriptions.bridges = {bridge("nats", "{}", {owned("n:a")})};
    batch.subscriptions.progress = {progress(2, 4)};
    batch.subscriptions.failed = {failed(2, 5)};
    batch.subscriptions.dead = {dead(2, 4)};
    vfs.fail({{faults::Operation::Write},
              faults::File::Log,
              0,
              faults::Failure::DiskFull,
              faults::Lasting::Forever});
    for (int tries = 0; tries < 2; ++tries) {
        const auto full = store->writer().write(batch);
        ASSERT_FALSE(full);
        EXPECT_EQ(full.error().message.substr(0, 48),
                  "commit 0 journal rows and 8 rows of subscription");
        EXPECT_THAT(everything(*store), IsEmpty());
    }
    vfs.clear();
    EXPECT_THAT(
        outcomes(store->writer().write(batch).value()),
        ElementsAre("made #2 v1", "new #2 v2", "made #3 v1", "deleted #3 v1", "made v1",
                    "made #1 t:a of orders from 7: {}", "made #4 n:a of orders from 7: {}"));
    EXPECT_EQ(text(store->reader().subscription("a").value()),
              "#2 a of orders v2 2 at 4, 1 failing, 1 dead");
    store.reset();
    EXPECT_THAT(problems(options.path), IsEmpty());
}

}  // namespace
}  // namespace skald::store
