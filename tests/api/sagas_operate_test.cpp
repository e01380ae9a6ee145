#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;

/// Saga "a" of reserve, charge (the pivot) and ship, whose participants answer as they are told.
class SagasOperate : public testing::Test {
 protected:
    void SetUp() override {
        Json charge = step("charge");
        charge["pivot"] = true;
        Json ship = step("ship");
        ship["compensation"] = "none";
        ship["retry"] = {{"maximum_attempts", 1}};
        Json order = definition("order", {step("reserve"), charge, ship});
        order["output"] = {{"parcel", "$steps.ship.output.parcel"}};
        engine.put_definition(order);
        engine.participants =
            [this](const sagas::Request& request) -> std::optional<sagas::Answer> {
            calls.push_back(request.target);
            const auto found = statuses.find(request.target);
            if (found == statuses.end()) return reply(200, {{"parcel", "p-1"}});
            if (found->second == 0) return std::nullopt;
            return reply(found->second, {{"error", "no"}});
        };
    }

    void start() {
        const Json body = {{"definition", "order"}, {"id", "a"}, {"input", {{"order", 1}}}};
        ASSERT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
        engine.settle();
    }
    /// Stuck after the pivot: the carrier refuses.
    void start_stuck() {
        statuses["/ship"] = 409;
        start();
        ASSERT_EQ(saga()["status"], "stuck");
    }
    Reply post(const std::string& command, const Json& body = Json::object(),
               EngineInMemory::Headers headers = {}) {
        return engine.call("POST", "/v1/sagas/a/" + command, body.dump(), std::move(headers));
    }
    Document saga() { return body_of(engine.call("GET", "/v1/sagas/a")); }
    Document last_row() {
        return body_of(engine.call("GET", "/v1/sagas/a/history"))["items"].back();
    }
    void expect_conflict(const Reply& reply, const std::string& code, const std::string& why) {
        EXPECT_EQ(reply.status, 409) << reply.body;
        EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:conflict");
        EXPECT_EQ(body_of(reply)["reason_code"], code);
        EXPECT_THAT(body_of(reply)["detail"], HasSubstr(why));
    }

    std::map<std::string, int> statuses;  ///< By target; 0: silent.
    std::vector<std::string> calls;
    EngineInMemory engine;
};

TEST_F(SagasOperate, RetriesAStuckStep) {
    start_stuck();
    statuses.clear();
    const Reply reply = post("retry", {{"step", "ship"}, {"reason", "carrier is back"}});
    EXPECT_EQ(reply.status, 200) << reply.body;
    engine.settle();
    EXPECT_EQ(saga()["status"], "completed");
    EXPECT_EQ(saga()["output"]["parcel"], "p-1");
    EXPECT_THAT(calls, ElementsAre("/reserve", "/charge", "/ship", "/ship"));
    const Document history = body_of(engine.call("GET", "/v1/sagas/a/history"));
    const Document& row = history["items"][4];
    EXPECT_EQ(row["type"], "retried");
    EXPECT_EQ(row["step"], "ship");
    EXPECT_EQ(row["by"], "local");
    EXPECT_EQ(row["reason"], "carrier is back");
    expect_conflict(post("retry"), "already_ended", "completed");
}

TEST_F(SagasOperate, TellsWhyThereIsNothingToRetry) {
    statuses["/charge"] = 0;
    start();
    expect_conflict(post("retry"), "not_stuck", "no step is stuck");
    expect_conflict(post("retry", {{"step", "reserve"}}), "not_stuck", "not stuck");
    const Reply unknown = post("retry", {{"step", "resrve"}});
    EXPECT_EQ(unknown.status, 400);
    EXPECT_EQ(body_of(unknown)["errors"][0]["pointer"], "/step");
    EXPECT_EQ(body_of(unknown)["errors"][0]["hint"], "did you mean \"reserve\"?");
}

TEST_F(SagasOperate, ResolvesAStuckStepAsSucceeded) {
    start_stuck();
    expect_conflict(post("resolve", {{"step", "ship"}, {"as", "succeeded"}, {"reason", "sent"}}),
                    "output_required", "output of step ship");
    const Reply reply = post("resolve", {{"step", "ship"},
                                         {"as", "succeeded"},
                                         {"output", {{"parcel", "by-hand"}}},
                                         {"reason", "sent by hand"}});
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(body_of(reply)["status"], "completed");
    EXPECT_EQ(body_of(reply)["output"]["parcel"], "by-hand");
    EXPECT_EQ(last_row()["type"], "resolved");
    EXPECT_EQ(last_row()["as"], "succeeded");
    EXPECT_EQ(last_row()["reason"], "sent by hand");
}

TEST_F(SagasOperate, RefusesToUndoPastThePivot) {
    start_stuck();
    expect_conflict(
        post("resolve", {{"step", "ship"}, {"as", "compensated"}, {"reason", "undo it"}}),
        "past_pivot", "past the pivot");
    expect_conflict(post("cancel"), "past_pivot", "pivot");
}

TEST_F(SagasOperate, ResolvesAStuckCompensation) {
    statuses = {{"/charge", 409}, {"/undo-reserve", 409}};
    start();
    ASSERT_EQ(saga()["status"], "stuck");
    expect_conflict(post("resolve", {{"step", "reserve"}, {"as", "succeeded"}, {"reason", "x"}}),
                    "not_applicable", "compensated");
    const Reply reply =
        post("resolve", {{"step", "reserve"}, {"as", "compensated"}, {"reason", "freed by hand"}});
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(body_of(reply)["status"], "compensated");
    EXPECT_EQ(body_of(reply)["steps"][0]["undone_by"], "operator");
}

TEST_F(SagasOperate, AbandonsOnlyWhatIsStuckAndOnce) {
    statuses["/charge"] = 0;
    start();
    expect_conflict(post("abandon", {{"reason", "x"}}), "not_stuck", "cancel it instead");
    statuses["/ship"] = 409;
    statuses.erase("/charge");
    engine.settle();
    ASSERT_EQ(saga()["status"], "stuck");
    const Reply first = post("abandon", {{"reason", "test data"}}, {{"idempotency-key", "k"}});
    EXPECT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(body_of(first)["status"], "abandoned");
    EXPECT_EQ(post("abandon", {{"reason", "test data"}}, {{"idempotency-key", "k"}}).status, 200);
    // The loser of a race hears of it.
    expect_conflict(post("abandon", {{"reason", "test data"}}), "already_ended", "abandoned");
    EXPECT_EQ(post("abandon", {{"reason", "other"}}, {{"idempotency-key", "k"}}).status, 422);
}

TEST_F(SagasOperate, SuspendsAndResumes) {
    statuses["/reserve"] = 0;
    start();
    EXPECT_EQ(body_of(post("suspend", {{"reason", "maintenance"}}))["suspended"], true);
    EXPECT_EQ(post("suspend").status, 200);  // As it is.
    statuses.clear();
    engine.settle();
    EXPECT_EQ(saga()["steps"][0]["status"], "succeeded");
    EXPECT_EQ(saga()["steps"][1]["status"], "pending");
    EXPECT_THAT(calls, testing::Not(testing::Contains("/charge")));
    EXPECT_EQ(body_of(post("resume"))["suspended"], false);
    engine.settle();
    EXPECT_EQ(saga()["status"], "completed");
    expect_conflict(post("resume"), "already_ended", "completed");
    expect_conflict(post("suspend"), "already_ended", "completed");
}

TEST_F(SagasOperate, BindsTheKeyOfACommandThatChangedNothing) {
    statuses["/reserve"] = 0;
    start();
    post("suspend");
    const EngineInMemory::Headers key = {{"idempotency-key", "k"}};
    EXPECT_EQ(post("suspend", Json::object(), key).status, 200);
    post("resume");
    EXPECT_EQ(post("suspend", Json::object(), key).status, 200);  // The same answer; not again.
    EXPECT_EQ(saga()["suspended"], false);
}

TEST_F(SagasOperate, AsksForAReasonWhereItMustBeTold) {
    start_stuck();
    for (const char* command : {"resolve", "abandon"}) {
        for (const Json& body : {Json::object(), Json{{"reason", ""}}}) {
            const Reply reply = post(command, body);
            EXPECT_EQ(reply.status, 400) << command;
            EXPECT_THAT(reply.body, HasSubstr("/reason"));
        }
    }
    const Reply all = post("resolve", {{"as", "done"}, {"stepp", "ship"}});
    EXPECT_EQ(body_of(all)["errors"].size(), 4u) << all.body;  // reason, as, stepp, step.
    EXPECT_EQ(post("retry", {{"reason", std::string(1'001, 'x')}}).status, 400);
    EXPECT_EQ(post("resolve", {{"step", 3}, {"as", "skipped"}, {"reason", "x"}}).status, 400);
    EXPECT_EQ(saga()["status"], "stuck");
}

TEST_F(SagasOperate, FindsNoSagaToOperate) {
    for (const char* command : {"cancel", "suspend", "resume", "retry"}) {
        EXPECT_EQ(post(command).status, 404) << command;
    }
    EXPECT_EQ(post("abandon", {{"reason", "x"}}).status, 404);
    EXPECT_EQ(post("retry", {{"step", "ship"}}).status, 404);
    EXPECT_EQ(post("resolve", {{"step", "ship"}, {"as", "skipped"}, {"reason", "x"}}).status, 404);
}

}  // namespace
}  // namespace skald::api
