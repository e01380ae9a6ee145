#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <random>
#include <set>

#include "tests/crash/ledger.h"
#include "tests/crash/oracle.h"
#include "tests/crash/participants.h"
#include "tests/crash/saga_client.h"
#include "tests/crash/story.h"
#include "tests/crash/supervisor.h"
#include "tests/crash/surroundings.h"
#include "tests/outside/sqlite_file.h"

/// Skald is killed with SIGKILL again and again while sagas run, and is held against the ledgers of
/// its participants. How much of it, by environment: SKALD_CRASH_SAGAS, SKALD_CRASH_KILLS,
/// SKALD_CRASH_SEED; which binary: SKALD_BINARY.
namespace skald::crash {
namespace {

constexpr std::size_t kSagas = 100;
constexpr std::size_t kKills = 3;
constexpr std::size_t kClients = 8;
constexpr std::size_t kDescribed = 2;  ///< Sagas with a fault whose history is printed.
constexpr std::chrono::seconds kCallTime{60};

/// One test: participants, a skald that is killed and kept up, and clients.
class Crash : public ::testing::Test {
 protected:
    /// Runs sagas of these stories in turn, and checks everything.
    void play(const std::vector<Story>& stories);

 private:
    void put_definition(const std::vector<std::uint16_t>& ports);
    template <typename Task>
    void in_parallel(const Task& task);
    void start_all();
    void call_back_twice(SagaClient& client, const std::string& saga);
    void await_all();
    void start_all_again();
    void check_counts();
    void check_callbacks();
    void check_ledgers();
    void check_database();
    Story story_of(std::size_t number) const { return stories_[number % stories_.size()]; }
    Start start_of(std::size_t number) const {
        return make_start(seed_, number, name(story_of(number)));
    }

    const std::size_t sagas_ = setting("SKALD_CRASH_SAGAS", kSagas);
    const std::size_t kills_ = setting("SKALD_CRASH_KILLS", kKills);
    const std::uint64_t seed_ = setting("SKALD_CRASH_SEED", std::random_device{}());
    std::vector<Story> stories_;
    Folder folder_;
    Ledger ledger_;
    Supervisor* supervisor_ = nullptr;
    Participants* participants_ = nullptr;
    std::vector<StartAnswer> started_;  ///< By number.
    std::vector<std::string> ended_;    ///< Their statuses.
};

void Crash::play(const std::vector<Story>& stories) {
    SCOPED_TRACE("SKALD_CRASH_SEED=" + std::to_string(seed_));
    std::cout << "seed " << seed_ << ": " << sagas_ << " sagas, " << kills_ << " kills\n";
    stories_ = stories;
    started_.resize(sagas_);
    ended_.resize(sagas_);

    const std::uint64_t calls = sagas_ * calls_min(stories.front());
    Supervisor supervisor({.binary = binary(),
                           .database = folder_.database(),
                           .arguments = {"--public-url", kPublicUrl},
                           .prefix = {}},
                          plan_kills(seed_, kills_, calls * 9 / 10));
    Participants participants(ledger_, seed_,
                              [&](std::uint64_t call) { supervisor.on_call(call); });
    supervisor_ = &supervisor;
    participants_ = &participants;
    put_definition(participants.ports());
    if (!HasFailure()) {
        start_all();
        await_all();
        start_all_again();
        check_counts();
        check_callbacks();
        check_ledgers();
    }
    EXPECT_EQ(supervisor.kills(), kills_);
    EXPECT_EQ(supervisor.stop(), 0) << "SIGTERM must end skald in order";
    EXPECT_EQ(supervisor.failure(), "");
    for (const std::string& broken : participants.broken_calls()) {
        ADD_FAILURE() << "A call broke its contract: " << broken;
        break;
    }
    check_database();
}

void Crash::put_definition(const std::vector<std::uint16_t>& ports) {
    SagaClient client(*supervisor_);
    const auto reply =
        client.send("PUT", "/v1/definitions/crash", definition_json(stories_.front(), ports));
    ASSERT_TRUE(reply.has_value());
    ASSERT_EQ(reply->status, 201) << reply->body;
}

/// Calls `task(client, number)` for each saga, on several threads.
template <typename Task>
void Crash::in_parallel(const Task& task) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kClients; ++i) {
        threads.emplace_back([&] {
            SagaClient client(*supervisor_);
            for (std::size_t number = next++; number < sagas_; number = next++) {
                task(client, number);
            }
        });
    }
}

void Crash::start_all() {
    in_parallel([this](SagaClient& client, std::size_t number) {
        started_[number] = start(client, start_of(number));
        if (is_put_off(story_of(number))) call_back_twice(client, started_[number].saga);
    });
    for (std::size_t number = 0; number < sagas_; ++number) {
        ASSERT_FALSE(started_[number].saga.empty())
            << "start " << number << ": " << started_[number].problem;
        if (const std::string id = start_of(number).id; !id.empty()) {
            EXPECT_EQ(started_[number].saga, id);
        }
    }
}

/// The participant of its second step says how that ended, and is told whether it counts.
void Crash::call_back_twice(SagaClient& client, const std::string& saga) {
    const std::string target = participants_->await_callback(saga, kCallTime);
    ASSERT_FALSE(target.empty()) << saga << " never called its second step";
    const std::size_t kills = supervisor_->kills();
    const CallbackAnswer first = call_back(client, target, "success");
    EXPECT_EQ(first.problem, "");
    // A skald that was killed may have taken it without an answer.
    EXPECT_TRUE(first.is_taken || supervisor_->kills() != kills) << saga << " waited for it";
    const CallbackAnswer second = call_back(client, target, "failure");
    EXPECT_EQ(second.problem, "");
    EXPECT_FALSE(second.is_taken) << saga << " took two";
}

void Crash::await_all() {
    in_parallel([this](SagaClient& client, std::size_t number) {
        ended_[number] = await_end(client, started_[number].saga);
    });
    std::size_t described = 0;
    SagaClient client(*supervisor_);
    for (std::size_t number = 0; number < sagas_; ++number) {
        if (ended_[number] != end_status(story_of(number)) && described++ < kDescribed) {
            ADD_FAILURE() << "saga " << started_[number].saga << " ended as " << ended_[number]
                          << '\n'
                          << describe(client, started_[number].saga);
        }
    }
    EXPECT_LE(described, kDescribed) << "sagas ended otherwise than they should";
}

/// The same starts give the same sagas, and no new ones.
void Crash::start_all_again() {
    in_parallel([this](SagaClient& client, std::size_t number) {
        const StartAnswer again = start(client, start_of(number));
        EXPECT_EQ(again.saga, started_[number].saga) << again.problem;
    });
}

void Crash::check_counts() {
    SagaClient client(*supervisor_);
    const std::map<std::string, std::size_t> expected = {
        {std::string(end_status(stories_.front())), sagas_}};
    EXPECT_EQ(count_by_status(client), expected);
}

/// Each callback that counted is in the journal, once.
void Crash::check_callbacks() {
    in_parallel([this](SagaClient& client, std::size_t number) {
        if (!is_put_off(story_of(number))) return;
        const std::string& saga = started_[number].saga;
        const std::string history = describe(client, saga);
        std::size_t rows = 0;
        const std::string row = R"("type": "called_back")";
        for (auto at = history.find(row); at != std::string::npos; at = history.find(row, at + 1)) {
            ++rows;
        }
        EXPECT_EQ(rows, 1u) << history;
    });
}

void Crash::check_ledgers() {
    std::map<std::string, Story> sagas;
    for (std::size_t number = 0; number < sagas_; ++number) {
        const bool is_new = sagas.emplace(started_[number].saga, story_of(number)).second;
        EXPECT_TRUE(is_new) << "two starts gave the saga " << started_[number].saga;
    }
    const std::vector<Fault> faults = find_faults(ledger_.entries(), sagas);
    SagaClient client(*supervisor_);
    std::set<std::string> described;
    for (const Fault& fault : faults) {
        if (described.size() == kDescribed && !described.contains(fault.saga)) {
            break;
        }
        const bool is_new = described.insert(fault.saga).second;
        ADD_FAILURE() << "saga " << fault.saga << ": " << fault.text << '\n'
                      << (is_new ? describe(client, fault.saga) : "");
    }
    EXPECT_EQ(faults.size(), 0u);
}

void Crash::check_database() {
    EXPECT_EQ(outside::ask(folder_.database(), "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(outside::ask(folder_.database(), "SELECT count(*) FROM pragma_foreign_key_check"),
              "0");
}

TEST_F(Crash, LeavesLedgersAtZeroWhenTheLastStepIsRefused) { play({Story::Refused}); }

TEST_F(Crash, LeavesLedgersAtZeroWhenTheSecondStepIsInDoubt) {
    play({Story::Silent, Story::Broken});
}

TEST_F(Crash, CompletesWithEachEffectExactlyOnce) { play({Story::Completed}); }

TEST_F(Crash, LosesNoCallbackThatItTook) { play({Story::Later}); }

}  // namespace
}  // namespace skald::crash
