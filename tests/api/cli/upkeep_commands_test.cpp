#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class UpkeepCommands : public CommandLineTest {};

TEST_F(UpkeepCommands, BackUpUnderAName) {
    const char* done = R"({"file": "/b/monday.db", "bytes": 13002342, "took_ms": 250, "sagas": 7})";
    answer(200, done);
    EXPECT_EQ(run({"backup", "monday.db"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("POST /v1/backup"));
    EXPECT_EQ(sent(0)["file"], "monday.db");
    EXPECT_GE(talk.requests[0].wait, std::chrono::hours{1});
    EXPECT_EQ(take_out(), "/b/monday.db  12.4 MiB, 7 sagas, checked and synced in 250 ms\n");
    answer(200, done);
    EXPECT_EQ(run({"backup", "monday.db", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["bytes"], 13002342);
    answer(409, R"({"detail": "monday.db is there already."})");
    EXPECT_EQ(run({"backup", "monday.db"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: monday.db is there already.\n");
}

TEST_F(UpkeepCommands, RefuseABackupWithAFolder) {
    for (const std::string& name :
         {std::string("/tmp/x.db"), std::string(".x"), std::string("a b"), std::string(101, 'x')}) {
        EXPECT_EQ(run({"backup", name}), Exit::BadUsage) << name;
        EXPECT_THAT(take_error(), HasSubstr("--backup-dir"));
    }
    EXPECT_TRUE(talk.requests.empty());
}

TEST_F(UpkeepCommands, AskTheDoctor) {
    answer(200, R"({"status": "warning", "checks": [
        {"name": "store", "status": "ok", "detail": "1.2 GiB"},
        {"name": "disk", "status": "warning", "detail": "3 % free", "hint": "make room"},
        {"name": "clock", "status": "failed", "detail": "\u001b behind"}]})");
    EXPECT_EQ(run({"doctor"}), Exit::Done);
    EXPECT_EQ(take_out(),
              "✓  store: 1.2 GiB\n"
              "!  disk: 3 % free\n"
              "     make room\n"
              "✗  clock: \xEF\xBF\xBD behind\n"
              "warning\n");
    for (const auto& [status, exit] :
         std::map<std::string, Exit>{{"ok", Exit::Done}, {"failed", Exit::Failed}}) {
        answer(200, R"({"checks": [], "status": ")" + status + "\"}");
        EXPECT_EQ(run({"doctor", "--deep", "-o", "json"}), exit);
        EXPECT_EQ(api::Document::parse(take_out())["status"], status);
    }
    EXPECT_THAT(targets(), ElementsAre("GET /v1/doctor", "GET /v1/doctor?deep=true",
                                       "GET /v1/doctor?deep=true"));
    EXPECT_GE(talk.requests[1].wait, std::chrono::hours{1});
    break_off();
    EXPECT_EQ(run({"doctor"}), Exit::Failed);
}

}  // namespace
}  // namespace skald::cli
