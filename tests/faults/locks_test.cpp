#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>

#include <string>
#include <thread>

#include "tests/crash/participants.h"
#include "tests/crash/story.h"
#include "tests/faults/act.h"
#include "tests/faults/attempt.h"
#include "tests/faults/database_file.h"
#include "tests/faults/stage.h"
#include "tests/faults/tally.h"

/// Others who want the database: a program with a lock of SQLite's, and a second skald.
namespace skald::faults {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A connection of another program, which this test is.
class Foreigner {
 public:
    explicit Foreigner(const fs::path& database) {
        EXPECT_EQ(sqlite3_open(database.c_str(), &database_), SQLITE_OK);
    }
    ~Foreigner() { sqlite3_close(database_); }
    Foreigner(const Foreigner&) = delete;
    Foreigner& operator=(const Foreigner&) = delete;

    void run(const char* sql) {
        EXPECT_EQ(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr), SQLITE_OK)
            << sql << ": " << sqlite3_errmsg(database_);
    }

 private:
    sqlite3* database_ = nullptr;
};

class Locks : public ::testing::Test {
 protected:
    void await_readiness(std::uint16_t port, int status) {
        outside::HttpClient client(port);
        for (auto reply = client.get("/readyz"); reply && reply->status != status;) {
            reply = client.get("/readyz");
        }
    }

    const std::uint64_t seed_ = seed_wanted();
    Stage stage_{seed_};
    const fs::path database_ = stage_.prepare(Database::Made);
    crash::Ledger ledger_;
    crash::Participants participants_{ledger_, seed_, [](std::uint64_t) {}};
    KeptSkald skald_{{crash::binary(), database_, {}, {}}, {}};
};

TEST_F(Locks, StartsWaitForAnotherProgramsTransactionAndNoneIsLost) {
    Tally tally("a foreign BEGIN IMMEDIATE, for a while");
    const std::string document =
        crash::definition_json(crash::Story::Completed, participants_.ports());
    ASSERT_EQ(skald_.send("PUT", "/v1/definitions/crash", document)->status, 201);
    Foreigner other(database_);
    other.run("BEGIN IMMEDIATE");
    const std::string start =
        R"({"definition": "crash", "id": "waits", "input": {"story": "completed"}})";
    int answered = 0;
    std::thread waiting([&, port = skald_.port()] {
        outside::HttpClient client(port);
        const auto reply = client.send("POST", "/v1/sagas", start);
        answered = reply ? reply->status : -1;
    });
    await_readiness(skald_.port(), 503);
    outside::HttpClient client(skald_.port());
    const auto refused =
        client.send("POST", "/v1/sagas",
                    R"({"definition": "crash", "id": "refused", "input": {"story": "completed"}})");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503) << refused->body;
    EXPECT_THAT(refused->headers, HasSubstr("Retry-After"));
    EXPECT_TRUE(ledger_.entries().empty()) << "nothing is called before it is durable";

    other.run("ROLLBACK");
    waiting.join();
    EXPECT_TRUE(answered == 201 || answered == 503) << answered;
    EXPECT_EQ(skald_.send("POST", "/v1/sagas", start)->status / 100, 2);
    const auto ended = skald_.send("GET", "/v1/sagas/waits?wait=30s");
    EXPECT_THAT(ended->body, HasSubstr(R"("status":"completed")"));
    EXPECT_EQ(skald_.send("GET", "/v1/sagas/refused")->status, 404);
    EXPECT_TRUE(skald_.stop());
    EXPECT_EQ(integrity_of(database_), "ok");
    tally.count(0);
}

TEST_F(Locks, SaysThatAnotherProgramHasTheFileLocked) {
    Tally tally("a foreign exclusive lock");
    const auto before = bytes_of(database_);
    {
        Foreigner other(database_);
        other.run("PRAGMA locking_mode = EXCLUSIVE");
        other.run("BEGIN IMMEDIATE");
        expect_refused(try_to_serve(database_), "another program has locked the file; end it");
        other.run("ROLLBACK");
    }
    EXPECT_EQ(bytes_of(database_).at("skald.db"), before.at("skald.db"));
    EXPECT_TRUE(try_to_serve(database_).is_ready);
    tally.count(0);
}

TEST_F(Locks, ASecondSkaldIsRefusedAlsoWhileTheFirstIsStopped) {
    Tally tally("a second skald");
    ASSERT_EQ(skald_.send("GET", "/readyz")->status, 200);
    // By another name of the file.
    const fs::path other_name = stage_.file("other.db");
    fs::create_symlink(database_, other_name);
    const std::string reason = "process " + std::to_string(skald_.pid()) + " has it open; stop";
    expect_refused(try_to_serve(other_name), reason);
    tally.count(0);

    ::kill(skald_.pid(), SIGSTOP);
    expect_refused(try_to_serve(other_name), reason);
    ::kill(skald_.pid(), SIGCONT);
    Scene scene(skald_, participants_, ledger_);
    play_orders(scene);
    scene.check();
    EXPECT_TRUE(skald_.stop()) << skald_.failure();
    EXPECT_EQ(integrity_of(database_), "ok");
    EXPECT_TRUE(try_to_serve(other_name).is_ready);
    tally.count(0);
}

}  // namespace
}  // namespace skald::faults
