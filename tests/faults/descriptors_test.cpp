#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/crash/oracle.h"
#include "tests/crash/participants.h"
#include "tests/crash/story.h"
#include "tests/faults/database_file.h"
#include "tests/faults/kept_skald.h"
#include "tests/faults/stage.h"
#include "tests/faults/tally.h"

/// File descriptors that are used up by clients.
namespace skald::faults {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLimit = 48;    ///< Skald itself needs about 25.
constexpr std::size_t kClients = 64;  ///< More than there can be.

/// Of user and system, in clock ticks.
std::uint64_t ticks_used(pid_t pid) {
    std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    fields >> user >> system;
    return user + system;
}

TEST(Descriptors, AreUsedUpByClientsAndItRecoversWhenTheyLeave) {
    Tally tally("descriptors used up");
    const std::uint64_t seed = seed_wanted();
    Stage stage(seed);
    const auto database = stage.prepare(Database::Made);
    crash::Ledger ledger;
    crash::Participants participants(ledger, seed, [](std::uint64_t) {});
    const std::string limit = "ulimit -n " + std::to_string(kLimit) + " && exec \"$@\"";
    KeptSkald skald({crash::binary(), database, {}, {}}, {{"/bin/sh", "-c", limit, "sh"}});
    ASSERT_EQ(skald.send("GET", "/readyz")->status, 200);
    // A call that finds no descriptor counts as a try.
    Json document =
        Json::parse(crash::definition_json(crash::Story::Completed, participants.ports()));
    document["defaults"]["retry"]["maximum_attempts"] = 1'000'000;
    document["defaults"]["retry"]["maximum_interval"] = "100ms";
    ASSERT_EQ(skald.send("PUT", "/v1/definitions/crash", document.dump())->status, 201);

    std::vector<outside::Descriptor> idle;
    while (idle.size() < kClients) idle.push_back(outside::connect_to_loopback(skald.port()));
    // Who was connected before is served on, though calls may find no descriptor.
    const auto started =
        skald.send("POST", "/v1/sagas",
                   R"({"definition": "crash", "id": "starved", "input": {"story": "completed"}})");
    ASSERT_TRUE(started) << skald.failure();
    EXPECT_EQ(started->status, 201) << started->body;
    const std::uint64_t ticks = ticks_used(skald.pid());
    const auto still = skald.send("GET", "/v1/sagas/starved?wait=2s");
    ASSERT_TRUE(still) << skald.failure();
    EXPECT_EQ(still->status, 200) << still->body;
    // A busy loop would take 100 or 200 of them.
    EXPECT_LT(ticks_used(skald.pid()) - ticks, 60u);

    idle.clear();
    const auto ended = skald.send("GET", "/v1/sagas/starved?wait=30s");
    ASSERT_TRUE(ended) << skald.failure();
    EXPECT_NE(ended->body.find(R"("status":"completed")"), std::string::npos) << ended->body;
    EXPECT_TRUE(crash::find_faults(ledger.entries(), {{"starved", crash::Expected{}}}).empty());
    outside::HttpClient newcomer(skald.port());
    EXPECT_EQ(newcomer.get("/readyz")->status, 200);
    EXPECT_EQ(skald.kills(), 0u);
    EXPECT_TRUE(skald.stop()) << skald.failure();
    EXPECT_EQ(integrity_of(database), "ok");
    tally.count(0);
}

}  // namespace
}  // namespace skald::faults
