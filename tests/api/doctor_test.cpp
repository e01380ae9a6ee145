#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;

class Doctor : public testing::Test {
 protected:
    Document report(const std::string& query = "") {
        const Reply reply = engine.call("GET", "/v1/doctor" + query);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return body_of(reply);
    }
    /// The check of that name; "status: detail".
    std::string check(const std::string& name, const std::string& query = "") {
        const Document whole = report(query);
        for (const Document& each : whole["checks"]) {
            if (each["name"] != name) continue;
            EXPECT_EQ(each.contains("hint"), each["status"] != "ok");
            return each["status"].get<std::string>() + ": " + each["detail"].get<std::string>();
        }
        return "no such check";
    }

    EngineInMemory engine;
};

TEST_F(Doctor, FindsNothingWrongWithWhatIsWell) {
    EXPECT_EQ(report()["status"], "ok");
    EXPECT_EQ(check("disk"), "ok: 1024 MiB free");
    EXPECT_EQ(check("clock"), "ok: the engine's time is 0 ms ahead of the wall clock");
    EXPECT_EQ(check("stuck"), "ok: 0 stuck sagas");
    EXPECT_EQ(check("ready"), "ok: takes new sagas");
    EXPECT_EQ(check("orphans"), "no such check");
    EXPECT_EQ(check("orphans", "?deep=true"), "ok: 0 rows without their saga");
    EXPECT_THAT(check("store", "?deep=true"), HasSubstr("checked whole"));
}

TEST_F(Doctor, TellsWhatNeedsAPerson) {
    Json order = definition("order", {step("reserve"), step("charge")});
    engine.put_definition(order);
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/charge") return reply(402);
        if (request.target == "/undo-reserve") return reply(409);
        return reply(200);
    };
    engine.call("POST", "/v1/sagas", R"({"definition": "order", "input": {"order": 1}})");
    engine.settle();
    EXPECT_EQ(report()["status"], "warning");
    EXPECT_EQ(check("stuck"), "warning: 1 stuck saga");
    EXPECT_THAT(check("counts"), HasSubstr("1 stuck"));
    engine.stop_being_ready("stopping");
    EXPECT_EQ(check("ready"), "warning: stopping");
}

TEST_F(Doctor, TellsWhichSecretsDefinitionsMiss) {
    EXPECT_EQ(check("secrets"), "no such check");
    Json pay = definition("pay", {step("charge")});
    pay["steps"][0]["action"]["http"]["body"] = {{"key", "$secrets.CARD"}};
    engine.put_definition(pay);
    EXPECT_EQ(check("secrets"), "ok: all there that are needed: 1");
    pay["name"] = "mail";
    pay["steps"][0]["action"]["http"]["headers"] = {{"X", "Bearer {$secrets.MAIL}"}};
    pay["steps"][0]["compensation"]["http"]["query"] = {{"k", "$secrets.UNDO"}};
    engine.put_definition(pay);
    pay["name"] = "more";
    engine.put_definition(pay);
    EXPECT_EQ(check("secrets"), "warning: no MAIL for mail, more; no UNDO for mail, more");
}

TEST_F(Doctor, TellsWhatIsBrokenOrScarce) {
    engine.examination.free_bytes = 100u << 20;
    engine.examination.wal_bytes = 200u << 20;
    engine.wall_clock_ahead = sagas::Milliseconds{-60'000};
    EXPECT_EQ(check("disk"), "warning: 100 MiB free");
    EXPECT_EQ(check("wal"), "warning: 200 MiB");
    EXPECT_THAT(check("clock"), HasSubstr("warning: the engine's time is 60000 ms ahead"));
    engine.examination.faults = {"row 3 missing from index"};
    engine.examination.orphans = 2;
    EXPECT_EQ(check("store", "?deep=true"), "failed: row 3 missing from index");
    EXPECT_EQ(check("orphans", "?deep=true"), "failed: 2 rows without their saga");
    EXPECT_EQ(report("?deep=true")["status"], "failed");
    EXPECT_EQ(engine.call("GET", "/v1/doctor?deep=1").status, 400);
}

TEST_F(Doctor, BacksUpToTheServersFolder) {
    const Reply made = engine.call("POST", "/v1/backup", R"({"file": "a.db"})");
    EXPECT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(body_of(made), Document::parse(R"({"file": "/backups/a.db", "bytes": 8192,
        "took_ms": 0, "sagas": 3})"));
    EXPECT_THAT(engine.backups, ElementsAre("a.db"));
}

TEST_F(Doctor, TellsWhyNoBackupWasMade) {
    for (const char* bad : {R"({})", R"({"file": ""})", R"({"file": "../a"})", R"({"file": "a/b"})",
                            R"({"file": ".a"})", R"({"file": 1})", R"({"file": "a", "to": "b"})"}) {
        EXPECT_EQ(engine.call("POST", "/v1/backup", bad).status, 400) << bad;
    }
    EXPECT_TRUE(engine.backups.empty());
    const auto status = [this](sagas::ErrorCode code) {
        engine.backup_result = sagas::fail(code, "so it is");
        const Reply reply = engine.call("POST", "/v1/backup", R"({"file": "a.db"})");
        EXPECT_THAT(reply.body, HasSubstr("so it is"));
        return reply.status;
    };
    EXPECT_EQ(status(sagas::ErrorCode::AlreadyExists), 409);
    EXPECT_EQ(status(sagas::ErrorCode::Conflict), 409);
    EXPECT_EQ(status(sagas::ErrorCode::Unavailable), 503);
    EXPECT_EQ(status(sagas::ErrorCode::Corruption), 500);
}

}  // namespace
}  // namespace skald::api
