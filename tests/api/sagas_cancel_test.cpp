#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class SagasCancel : public testing::Test {
 protected:
    /// Starts "a"; steps whose path is in `silent` never answer.
    void start(const Json& document) {
        engine.put_definition(document);
        engine.participants =
            [this](const sagas::Request& request) -> std::optional<sagas::Answer> {
            if (silent == request.target) return std::nullopt;
            return reply(200, Json::object());
        };
        const Json body = {
            {"definition", document["name"]}, {"id", "a"}, {"input", {{"order", 1}}}};
        ASSERT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
        engine.settle();
    }
    Reply cancel(const std::string& body = "", EngineInMemory::Headers headers = {}) {
        return engine.call("POST", "/v1/sagas/a/cancel", body, std::move(headers));
    }

    std::string silent;
    EngineInMemory engine;
};

TEST_F(SagasCancel, UndoesWhatWasDone) {
    silent = "/charge";
    start(definition("order", {step("reserve"), step("charge")}));
    const Reply accepted = cancel(R"({"reason": "customer called"})");
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    EXPECT_EQ(body_of(accepted)["status"], "compensating");
    EXPECT_EQ(cancel().status, 202);

    silent = "";
    engine.settle();
    const Reply after = cancel();
    EXPECT_EQ(after.status, 200) << after.body;
    EXPECT_EQ(body_of(after)["status"], "compensated");
    EXPECT_EQ(body_of(after)["failure"]["reason"], "cancelled");
    const Document history = body_of(engine.call("GET", "/v1/sagas/a/history"));
    const Document& row = history["items"][2];
    EXPECT_EQ(row["type"], "cancelled");
    EXPECT_EQ(row["by"], "local");
    EXPECT_EQ(row["reason"], "customer called");
}

TEST_F(SagasCancel, RefusesWhatHasEnded) {
    start(definition("order", {step("reserve")}));
    const Reply reply = cancel();
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:conflict");
    EXPECT_THAT(body_of(reply)["detail"], HasSubstr("completed"));
}

TEST_F(SagasCancel, RefusesPastThePivot) {
    Json pivot = step("charge");
    pivot["pivot"] = true;
    Json last = step("ship");
    last.erase("compensation");
    silent = "/ship";
    start(definition("order", {step("reserve"), pivot, last}));
    const Reply reply = cancel();
    EXPECT_EQ(reply.status, 409);
    EXPECT_THAT(body_of(reply)["detail"], HasSubstr("pivot"));
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas/a"))["status"], "running");
}

TEST_F(SagasCancel, WaitsForThePivot) {
    Json pivot = step("charge");
    pivot["pivot"] = true;
    silent = "/charge";
    start(definition("order", {step("reserve"), pivot}));
    const Reply reply = cancel();
    EXPECT_EQ(reply.status, 202) << reply.body;
    EXPECT_EQ(body_of(reply)["turn_wanted"]["reason"], "cancelled");
}

TEST_F(SagasCancel, IsDoneOnceForAKey) {
    silent = "/charge";
    start(definition("order", {step("reserve"), step("charge")}));
    const EngineInMemory::Headers key = {{"idempotency-key", "k"}};
    EXPECT_EQ(cancel(R"({"reason": "x"})", key).status, 202);
    EXPECT_EQ(cancel(R"({"reason": "x"})", key).status, 202);
    const Reply other = cancel(R"({"reason": "y"})", key);
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(body_of(other)["type"], "urn:skald:problem:idempotency-key-reused");
    silent = "";
    engine.settle();
    // It has left memory; the journal still knows the key.
    EXPECT_EQ(cancel(R"({"reason": "x"})", key).status, 200);
    EXPECT_EQ(cancel(R"({"reason": "y"})", key).status, 422);
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas/a/history"))["items"].size(), 6u);
}

TEST_F(SagasCancel, RefusesBadRequests) {
    EXPECT_EQ(cancel().status, 404);
    EXPECT_EQ(engine.call("POST", "/v1/sagas/a%2Fb/cancel").status, 400);
    EXPECT_EQ(cancel(R"({"reasons": "x"})").status, 400);
    EXPECT_EQ(cancel(R"({"reason": 1})").status, 400);
    EXPECT_EQ(cancel("[]").status, 400);
    EXPECT_EQ(cancel("{}", {{"idempotency-key", "\""}}).status, 400);
}

}  // namespace
}  // namespace skald::api
