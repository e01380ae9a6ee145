#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/crash/oracle.h"
#include "tests/crash/participants.h"
#include "tests/crash/story.h"
#include "tests/faults/database_file.h"
#include "tests/faults/kept_skald.h"
#include "tests/faults/stage.h"
#include "tests/faults/tally.h"

/// Who stands still for longer than the time-outs: the participants, and skald.
namespace skald::faults {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPausedSagas = 10;
constexpr int kTimeoutMs = 100;

class Pause : public ::testing::Test {
 protected:
    void SetUp() override {
        Json document =
            Json::parse(crash::definition_json(crash::Story::Completed, participants_.ports()));
        document["defaults"]["timeout"] = std::to_string(kTimeoutMs) + "ms";
        document["defaults"]["retry"]["maximum_attempts"] = 1'000'000;
        document["defaults"]["retry"]["maximum_interval"] = "50ms";
        for (Json& step : document["steps"]) step["compensation"].erase("timeout");
        ask("PUT", "/v1/definitions/crash", document.dump());
        participants_.freeze();
        for (std::size_t i = 0; i < kPausedSagas; ++i) {
            ids_.push_back("paused-" + std::to_string(i));
            const Json body = {
                {"definition", "crash"}, {"id", ids_.back()}, {"input", {{"story", "completed"}}}};
            ask("POST", "/v1/sagas", body.dump());
        }
    }

    Json ask(const std::string& method, const std::string& target, const std::string& body = "") {
        const auto reply = skald_.send(method, target, body);
        EXPECT_TRUE(reply && reply->status / 100 == 2) << (reply ? reply->body : skald_.failure());
        return reply ? Json::parse(reply->body, nullptr, false) : Json();
    }

    /// Until some try of each saga was given up.
    void await_timeouts() {
        for (const std::string& id : ids_) {
            while (ask("GET", "/v1/sagas/" + id + "/history").dump().find("\"unknown\"") ==
                   std::string::npos) {
            }
        }
    }

    void check() {
        std::map<std::string, crash::Expected> expected;
        for (const std::string& id : ids_) {
            EXPECT_EQ(ask("GET", "/v1/sagas/" + id + "?wait=30s")["status"], "completed") << id;
            expected[id] = {.stragglers = crash::Stragglers::MayCome};
        }
        for (const auto& fault : crash::find_faults(ledger_.entries(), expected)) {
            ADD_FAILURE() << fault.saga << ": " << fault.text;
        }
        EXPECT_TRUE(skald_.stop()) << skald_.failure();
        EXPECT_EQ(skald_.kills(), 0u);
        EXPECT_EQ(integrity_of(database_), "ok");
    }

    const std::uint64_t seed_ = seed_wanted();
    Stage stage_{seed_};
    const std::filesystem::path database_ = stage_.prepare(Database::Made);
    crash::Ledger ledger_;
    crash::Participants participants_{ledger_, seed_, [](std::uint64_t) {}};
    KeptSkald skald_{{crash::binary(), database_, {}, {}}, {}};
    std::vector<std::string> ids_;
};

TEST_F(Pause, OfParticipantsBeyondTheTimeoutsDoublesNothing) {
    Tally tally("participants stand still");
    await_timeouts();
    participants_.thaw();
    check();
    tally.count(0);
}

TEST_F(Pause, OfSkaldBeyondTheTimeoutsDoublesNothing) {
    Tally tally("SIGSTOP and SIGCONT of skald");
    ::kill(skald_.pid(), SIGSTOP);
    participants_.thaw();
    // What must pass here is time itself: the answers come, and the time-outs pass, unread.
    ::poll(nullptr, 0, 3 * kTimeoutMs);
    ::kill(skald_.pid(), SIGCONT);
    check();
    tally.count(0);
}

}  // namespace
}  // namespace skald::faults
