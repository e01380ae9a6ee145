#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using testing::HasSubstr;

constexpr std::chrono::seconds kStopMax{10};

/// Starts a skald that must not come up, and gives what it said.
Ran refuse_to_serve(const std::filesystem::path& database, const std::string& more = "") {
    return run_skald("serve --listen 127.0.0.1:0 --db " + database.string() + " " + more);
}

void expect_refused(const Ran& ran, const std::string& part) {
    EXPECT_EQ(ran.exit, 2) << ran.output;
    EXPECT_THAT(ran.output, testing::StartsWith("skald: "));
    EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr(part));
}

/// Overwrites bytes of a database's header (SQLite's file format, 1.3).
void patch(const std::filesystem::path& database, std::streamoff at, const std::string& bytes) {
    std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
}

TEST(EndToEndProcess, StopsWhenAsked) {
    Folder folder;
    RunningSkald skald(folder / "skald.db");
    EXPECT_EQ(skald.process().stop(kStopMax), 0);
    EXPECT_THAT(outside::log_tail(folder / "skald.db"), HasSubstr("is ready on http://127.0.0.1:"));
}

TEST(EndToEndProcess, EndsWaitsWhenItStops) {
    Folder folder;
    Participants participants;
    participants.be_silent("POST /reserve");
    RunningSkald skald(folder / "skald.db");
    skald.send("PUT", "/v1/definitions/order",
               definition("order", {"reserve"}, participants.port()).dump());
    RunningSkald::Answer answer;
    std::thread client([&] {
        answer =
            skald.send("POST", "/v1/sagas?wait=60s", R"({"definition": "order", "input": {}})");
    });
    EXPECT_TRUE(participants.await_calls("POST /reserve", 1));
    EXPECT_EQ(skald.process().stop(kStopMax + std::chrono::seconds(1)), 0);
    client.join();
    EXPECT_EQ(answer.status, 202) << answer.text;
    EXPECT_EQ(answer.body["status"], "running");
}

TEST(EndToEndProcess, TellsAPortInUse) {
    Folder folder;
    RunningSkald skald(folder / "skald.db");
    const std::string address = "127.0.0.1:" + std::to_string(skald.port());
    expect_refused(
        run_skald("serve --db " + (folder / "other.db").string() + " --listen " + address),
        address);
}

TEST(EndToEndProcess, RefusesADatabaseInUse) {
    Folder folder;
    RunningSkald skald(folder / "skald.db");
    expect_refused(refuse_to_serve(folder / "skald.db"), "skald.db");
    EXPECT_EQ(skald.get("/readyz").status, 200);
}

TEST(EndToEndProcess, RefusesDatabasesThatItCantUse) {
    Folder folder;
    expect_refused(refuse_to_serve(folder / "no/such/folder.db"), "folder.db");
    expect_refused(refuse_to_serve("/proc/skald.db"), "/proc/skald.db");
    std::ofstream(folder / "text.db") << std::string(5'000, 'x');
    expect_refused(refuse_to_serve(folder / "text.db"), "text.db");
    std::filesystem::create_directory(folder / "folder.db");
    expect_refused(refuse_to_serve(folder / "folder.db"), "folder.db");
}

TEST(EndToEndProcess, RefusesForeignAndNewerDatabases) {
    Folder folder;
    for (const char* name : {"foreign.db", "newer.db"}) {
        RunningSkald skald(folder / name);
        ASSERT_EQ(skald.process().stop(kStopMax), 0);
    }
    patch(folder / "foreign.db", 68, "othr");                        // application_id
    patch(folder / "newer.db", 60, std::string("\0\0\x7f\xff", 4));  // user_version
    expect_refused(refuse_to_serve(folder / "foreign.db"), "foreign.db");
    expect_refused(refuse_to_serve(folder / "newer.db"), "newer");
}

TEST(EndToEndProcess, ServesHealthAndMetricsApart) {
    Folder folder;
    RunningSkald skald(folder / "skald.db", {"--ops-listen", "127.0.0.1:0"});
    const std::string log = outside::log_tail(folder / "skald.db");
    const auto at = log.find("health and metrics are on http://127.0.0.1:");
    ASSERT_NE(at, std::string::npos) << log;
    const auto port = std::stoul(log.substr(log.find("127.0.0.1:", at) + 10));
    outside::HttpClient ops(static_cast<std::uint16_t>(port));
    EXPECT_EQ(ops.get("/readyz")->status, 200);
    EXPECT_EQ(ops.get("/metrics")->status, 200);
    EXPECT_EQ(ops.get("/v1/sagas")->status, 404);
}

TEST(EndToEndProcess, AsksForItsToken) {
    Folder folder;
    setenv("SKALD_TOKEN", "t0ken", 1);
    RunningSkald skald(folder / "skald.db");
    unsetenv("SKALD_TOKEN");
    EXPECT_EQ(skald.get("/v1/sagas").status, 401);
    EXPECT_EQ(skald.send("GET", "/v1/sagas", "", "Authorization: Bearer wrong\r\n").status, 401);
    EXPECT_EQ(skald.send("GET", "/v1/sagas", "", "Authorization: Bearer t0ken\r\n").status, 200);
    EXPECT_EQ(skald.get("/healthz").status, 200);
}

}  // namespace
}  // namespace skald::end_to_end
