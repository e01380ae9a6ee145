#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <set>
#include <string>

#include "tests/store/fault_vfs.h"
#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sample_subscriptions.h"
#include "tests/store/sqlite_file.h"

/// A process that writes is killed, again and again; what it had acknowledged is there.
namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using testing::IsEmpty;

struct Acknowledged {
    std::int64_t first;  ///< The keys of one batch.
    std::int64_t last;
};

/// Writes batches until it is killed, and tells of each that was committed.
[[noreturn]] void write_for_ever(const SqliteOptions& options, int acknowledge) {
    auto store = open_sqlite_store(options);
    if (!store) {
        _exit(1);
    }
    std::int64_t key = static_cast<std::int64_t>((*store)->recovery().last_keys()->saga);
    const DefinitionKey definition = put(**store, sample::definition("order"));
    Batch subscribe;
    subscribe.subscriptions.changes = {subscription("all")};
    if (!(*store)->writer().write(subscribe)) {
        _exit(1);
    }
    for (;;) {
        Batch batch;
        const Acknowledged acknowledged{key + 1, key + 1 + key % 5};
        while (key < acknowledged.last) {
            ++key;
            NewSaga saga = start(key, definition);
            saga = key % 2 == 0 ? with_request_key(saga, "k" + std::to_string(key)) : saga;
            saga = key % 7 == 0 ? with_lock(saga, "lock") : saga;
            saga = key % 5 == 0 ? with_parent(saga, key - 1) : saga;
            add_finished(batch, key % 3 == 0 ? with_client_id(saga, saga.id) : saga);
            batch.parks.push_back({SagaKey{key}, at(key)});
            const std::string id = std::to_string(key);
            batch.expectations.push_back(expectation(key, {"reply " + id}));
            batch.events.push_back(by_saga(event("commands", id), key));
            batch.events.push_back(event("replies", id, {"reply " + id}));
            batch.unparks.push_back(SagaKey{key - 9});
            batch.subscriptions.progress.push_back(progress(1, key, id));
            batch.subscriptions.ended.push_back(place(1, key - 5));
            batch.subscriptions.failed.push_back(failed(1, key));
            batch.subscriptions.buried.push_back(place(1, key - 5));
            batch.subscriptions.dead.push_back(dead(1, key));
        }
        if (!(*store)->writer().write(batch) || !(*store)->writer().maintain(at(key)) ||
            write(acknowledge, &acknowledged, sizeof acknowledged) != sizeof acknowledged) {
            _exit(1);
        }
    }
}

/// The batches that a writer acknowledged before it was killed, after `count` of them.
std::vector<Acknowledged> run_and_kill(const SqliteOptions& options, int count) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_for_ever(options, ends[1]);
    }
    close(ends[1]);
    std::vector<Acknowledged> acknowledged;
    Acknowledged next{};
    while (read(ends[0], &next, sizeof next) == sizeof next) {
        acknowledged.push_back(next);
        if (static_cast<int>(acknowledged.size()) == count) {
            kill(child, SIGKILL);  // What it says before it dies counts too.
        }
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    return acknowledged;
}

std::set<std::int64_t> event_ids(const Reader& reader, const char* topic) {
    std::set<std::int64_t> ids;
    Offset after{0};
    for (bool is_cut = true; is_cut;) {
        const EventPage page = reader.events(topic, after, 1'000).value();
        for (const EventRow& row : page.rows) {
            ids.insert(std::stoll(id_in(row)));
            after = row.offset;
        }
        is_cut = page.is_cut;
    }
    return ids;
}

std::set<std::int64_t> saga_hits(const Recovery& recovery) {
    std::set<std::int64_t> sagas;
    const auto hits = recovery.event_hits().value();
    for (const EventHit& hit : hits) {
        sagas.insert(static_cast<std::int64_t>(hit.saga));
    }
    return sagas;
}

/// What the last batch says, and nothing of it alone.
void expect_progress(const Store& store, std::int64_t last) {
    const auto stored = store.recovery().subscriptions().value();
    ASSERT_EQ(stored.size(), 1u);
    EXPECT_EQ(stored[0].row.cursor, Offset{last});
    EXPECT_EQ(stored[0].row.settled, std::to_string(last));
    ASSERT_FALSE(stored[0].failed.empty());
    EXPECT_EQ(stored[0].failed.back().offset, Offset{last});
    const auto dead = store.reader().dead_letters(SubscriptionKey{1}, Offset{0}, 99).value();
    ASSERT_EQ(dead.size(), stored[0].failed.size());
    for (std::size_t i = 0; i < dead.size(); ++i) {
        EXPECT_EQ(dead[i].offset, stored[0].failed[i].offset);
    }
}

constexpr int kRounds = 25;

TEST(SqliteCrash, KeepsWhatWasAcknowledged) {
    const faults::FaultVfs without_syncs("crash");
    const TemporaryFolder folder;
    SqliteOptions options = options_in(folder);
    options.vfs = without_syncs.name();
    options.wal_bytes_max = 256 << 10;  // So that checkpoints are hit too.
    std::mt19937 random(20261121);
    std::set<std::int64_t> expected;
    for (int round = 0; round < kRounds; ++round) {
        const int count = 1 + static_cast<int>(random() % 40);
        const auto acknowledged = run_and_kill(options, count);
        ASSERT_GE(acknowledged.size(), static_cast<std::size_t>(count)) << "round " << round;
        std::set<std::int64_t> fresh;
        for (const Acknowledged& batch : acknowledged) {
            for (std::int64_t key = batch.first; key <= batch.last; ++key) {
                fresh.insert(key);
            }
        }
        expected.merge(std::set(fresh));
        {
            const auto store = open_or_fail(options);
            for (const std::int64_t key : round == kRounds - 1 ? expected : fresh) {
                ASSERT_EQ(store->reader().journal(SagaKey{key}, 0, 10)->size(), 4u)
                    << "saga " << key << ", round " << round;
            }
            const auto last = store->recovery().last_keys();
            ASSERT_GE(static_cast<std::int64_t>(last->saga), *expected.rbegin());
            ASSERT_LE(static_cast<std::int64_t>(last->saga), *expected.rbegin() + 5);
            for (const char* topic : {"commands", "replies"}) {
                const auto ids = event_ids(store->reader(), topic);
                ASSERT_TRUE(std::includes(ids.begin(), ids.end(), expected.begin(), expected.end()))
                    << topic << ", round " << round;
            }
            ASSERT_TRUE(std::ranges::includes(saga_hits(store->recovery()), expected));
            expect_progress(*store, static_cast<std::int64_t>(last->saga));
            const auto counts = store->reader().counts();
            ASSERT_EQ(counts->by_status.at(sagas::Status::Running), 0u);
        }
        if (round % 8 == 0) {
            ASSERT_THAT(problems(options.path), IsEmpty()) << "round " << round;
        }
    }
}

}  // namespace
}  // namespace skald::store
