#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/oracle.h"
#include "tests/crash/participants.h"
#include "tests/crash/saga_client.h"
#include "tests/crash/story.h"
#include "tests/crash/supervisor.h"
#include "tests/crash/surroundings.h"
#include "tests/faults/database_file.h"
#include "tests/faults/stage.h"
#include "tests/faults/tally.h"

/// SIGKILL at any moment while clients start sagas and operators meddle with them, all at once. How
/// much of it: SKALD_FAULTS_LOAD_KILLS, SKALD_FAULTS_LOAD_SAGAS, SKALD_FAULTS_SEED.
namespace skald::faults {
namespace {

using crash::Ending;
using crash::Expected;
using crash::SagaClient;
using crash::Story;
using Json = nlohmann::json;

constexpr std::size_t kLoadKills = 4;
constexpr std::size_t kLoadSagas = 120;
constexpr std::size_t kOperators = 8;
constexpr std::array kStories = {Story::Completed, Story::Refused, Story::Parked, Story::Held};

/// `parked`: two tries of the charge, then it is stuck. `held`: tries until it is mended.
std::string load_definition(const std::string& name, const std::vector<std::uint16_t>& ports) {
    Json document = Json::parse(crash::definition_json(Story::Completed, ports));
    document["name"] = name;
    document["defaults"]["retry"] = {{"initial_interval", "10ms"}, {"maximum_interval", "20ms"}};
    document["steps"][1]["in_doubt"] = name == "parked" ? "park" : "compensate";
    document["steps"][1]["retry"] = {{"maximum_attempts", name == "parked" ? 2 : 1'000'000}};
    return document.dump();
}

struct Acknowledged {
    std::string saga;
    std::string type;
    std::string key;
};

class LoadKill : public ::testing::Test {
 protected:
    /// One client and operator; `number` of the saga.
    void play(SagaClient& client, std::size_t number, std::mt19937_64& random);
    void end_stuck(SagaClient& client, const std::string& saga, std::mt19937_64& random);

    /// Sends the command; true if it was accepted.
    bool command(SagaClient& client, const std::string& saga, const std::string& name,
                 const std::string& type, Json body) {
        body["reason"] = "load";
        const std::string key = name + '-' + saga;
        const auto reply = client.send("POST", "/v1/sagas/" + saga + '/' + name, body.dump(),
                                       "Idempotency-Key: \"" + key + "\"\r\n");
        if (!reply || reply->status / 100 != 2) {
            EXPECT_TRUE(reply && reply->status == 409) << (reply ? reply->body : "no answer");
            return false;
        }
        const std::string of = Json::parse(reply->body).value("id", "");
        note({name == "replay" ? of : saga, type, key}, of);
        return true;
    }

    void note(const Acknowledged& acknowledged, const std::string& saga) {
        const std::lock_guard lock(mutex_);
        acknowledged_.push_back(acknowledged);
        sagas_.insert(saga);
    }

    void check(SagaClient& client);
    void check_journal(SagaClient& client, const Acknowledged& each);

    const std::uint64_t seed_ = seed_wanted();
    const std::size_t kills_ = crash::setting("SKALD_FAULTS_LOAD_KILLS", kLoadKills);
    const std::size_t count_ = crash::setting("SKALD_FAULTS_LOAD_SAGAS", kLoadSagas);
    crash::Folder folder_;
    crash::Ledger ledger_;
    crash::Participants* participants_ = nullptr;

    std::mutex mutex_;
    // Guarded by mutex_.
    std::vector<Acknowledged> acknowledged_;
    std::set<std::string> sagas_;
};

void LoadKill::play(SagaClient& client, std::size_t number, std::mt19937_64& random) {
    const Story story = kStories[number % kStories.size()];
    const std::string key = "load-" + std::to_string(number);
    Json body = {{"definition", story == Story::Parked ? "parked" : "held"},
                 {"input", {{"story", crash::name(story)}}}};
    if (number % 3 == 0) body["id"] = key;
    const auto started =
        client.send("POST", "/v1/sagas", body.dump(), "Idempotency-Key: \"" + key + "\"\r\n");
    ASSERT_TRUE(started && started->status / 100 == 2) << (started ? started->body : "no answer");
    const std::string saga = Json::parse(started->body)["id"];
    note({saga, "begun", key}, saga);

    const bool is_cancelled = random() % 3 == 0;
    if (story == Story::Parked) {
        EXPECT_EQ(crash::await_end(client, saga), "stuck");
        end_stuck(client, saga, random);
    } else if (story == Story::Refused) {
        EXPECT_EQ(crash::await_end(client, saga), "compensated");
        const Json again = {{"input", {{"story", crash::name(Story::Completed)}}}};
        if (random() % 2 == 0) command(client, saga, "replay", "begun", again);
    } else if (is_cancelled) {
        command(client, saga, "cancel", "cancelled", Json::object());
    } else if (command(client, saga, "suspend", "suspended", Json::object())) {
        participants_->mend(saga);
        const bool is_resumed = command(client, saga, "resume", "resumed", Json::object());
        // A last call that was out when it was suspended may have ended it meanwhile.
        EXPECT_TRUE(is_resumed || story == Story::Completed) << saga;
    }
    participants_->mend(saga);
}

void LoadKill::end_stuck(SagaClient& client, const std::string& saga, std::mt19937_64& random) {
    const Json resolve = {{"step", "charge"}, {"as", "succeeded"}};
    switch (random() % 4) {
        case 0:
            participants_->mend(saga);
            EXPECT_TRUE(command(client, saga, "retry", "retried", Json::object()));
            break;
        case 1:
            EXPECT_TRUE(command(client, saga, "resolve", "resolved", resolve));
            break;
        case 2:
            EXPECT_TRUE(command(client, saga, "abandon", "abandoned", Json::object()));
            break;
        default:
            EXPECT_TRUE(command(client, saga, "cancel", "cancelled", Json::object()));
            break;
    }
}

void LoadKill::check_journal(SagaClient& client, const Acknowledged& each) {
    const auto reply = client.get("/v1/sagas/" + each.saga + "/history?limit=1000");
    ASSERT_TRUE(reply && reply->status == 200) << each.type << " of " << each.saga;
    const Json history = Json::parse(reply->body);
    std::size_t found = 0;
    std::uint64_t seq = 0;
    for (const Json& row : history["items"]) {
        EXPECT_EQ(row["seq"], ++seq) << each.saga;
        found += row["type"] == each.type && (each.key.starts_with("replay-") ||
                                              row.value("idempotency_key", "").ends_with(each.key));
    }
    EXPECT_EQ(found, 1u) << each.type << " of " << each.saga << " was acknowledged\n"
                         << history.dump(1);
}

void LoadKill::check(SagaClient& client) {
    std::map<std::string, Expected> expected;
    std::map<std::string, std::size_t> counts;
    for (const std::string& saga : sagas_) {
        const std::string status = crash::await_end(client, saga);
        ++counts[status];
        if (status == "completed") {
            expected[saga] = {};
        } else if (status == "compensated") {
            expected[saga] = {.ending = Ending::Compensated, .effects_min = 0};
        } else {
            EXPECT_EQ(status, "abandoned") << saga;
            expected[saga] = {
                .ending = Ending::Abandoned, .effects_min = 2, .effects_max = 2, .called_max = 2};
        }
    }
    EXPECT_EQ(crash::count_by_status(client), counts);
    for (const Acknowledged& each : acknowledged_) check_journal(client, each);
    for (const crash::Fault& fault : crash::find_faults(ledger_.entries(), expected)) {
        ADD_FAILURE() << "saga " << fault.saga << ": " << fault.text << '\n'
                      << crash::describe(client, fault.saga);
    }
}

TEST_F(LoadKill, LosesNoStartAndNoCommandThatItAcknowledged) {
    SCOPED_TRACE("SKALD_FAULTS_SEED=" + std::to_string(seed_));
    std::cout << "SKALD_FAULTS_SEED=" << seed_ << ": " << count_ << " sagas, " << kills_
              << " kills\n";
    Tally tally("SIGKILL under load, with operators");
    crash::Supervisor supervisor(
        {.binary = crash::binary(), .database = folder_.database(), .arguments = {}, .prefix = {}},
        crash::plan_kills(seed_, kills_, count_ * 2));
    crash::Participants participants(ledger_, seed_,
                                     [&](std::uint64_t call) { supervisor.on_call(call); });
    participants_ = &participants;
    SagaClient client(supervisor);
    for (const char* name : {"parked", "held"}) {
        const auto reply = client.send("PUT", std::string("/v1/definitions/") + name,
                                       load_definition(name, participants.ports()));
        ASSERT_TRUE(reply && reply->status / 100 == 2) << (reply ? reply->body : "no answer");
    }
    {
        std::atomic<std::size_t> next = 0;
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kOperators; ++i) {
            threads.emplace_back([&, i] {
                SagaClient own(supervisor);
                std::mt19937_64 random(seed_ + i);
                for (std::size_t number = next++; number < count_; number = next++) {
                    play(own, number, random);
                }
            });
        }
    }
    check(client);
    EXPECT_EQ(supervisor.kills(), kills_);
    EXPECT_EQ(supervisor.stop(), 0);
    EXPECT_EQ(supervisor.failure(), "");
    EXPECT_TRUE(participants.broken_calls().empty());
    EXPECT_EQ(integrity_of(folder_.database()), "ok");
    tally.count(supervisor.kills());
}

}  // namespace
}  // namespace skald::faults
