#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class SagasStart : public testing::Test {
 protected:
    void SetUp() override {
        Json order = definition("order", {step("reserve"), step("charge")});
        order["input_schema"] = {{"type", "object"}, {"required", {"order"}}};
        order["labels"] = {{"order", "$input.order"}};
        engine.put_definition(order);
    }

    Reply start(const Json& sent, const std::string& query = "",
                EngineInMemory::Headers headers = {}) {
        return engine.call("POST", "/v1/sagas" + query, sent.dump(), std::move(headers));
    }
    std::size_t saga_count() { return body_of(engine.call("GET", "/v1/sagas"))["items"].size(); }
    void expect_refused(const Reply& reply, int status, const std::string& type) {
        EXPECT_EQ(reply.status, status) << reply.body;
        EXPECT_EQ(reply.content_type, "application/problem+json");
        EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:" + type);
        EXPECT_EQ(saga_count(), 0u);
    }

    const Json body = {{"definition", "order"}, {"input", {{"order", "o-1"}}}};
    EngineInMemory engine;
};

TEST_F(SagasStart, AnswersWithItsPlaceWhenDurable) {
    engine.participants = [](const sagas::Request&) { return std::nullopt; };
    const Reply reply = start(body);
    ASSERT_EQ(reply.status, 201) << reply.body;
    const Document saga = body_of(reply);
    const std::string id = saga["id"];
    EXPECT_EQ(id.size(), 36u);
    EXPECT_EQ(header_of(reply, "Location"), "/v1/sagas/" + id);
    EXPECT_EQ(saga, Document::parse(R"({"id": ")" + id + R"(", "definition": "order", "version": 1,
        "status": "running", "started_at": "2026-11-21T22:32:28.000Z",
        "labels": {"order": "o-1"}})"));
}

TEST_F(SagasStart, WaitsForTheEndAndShowsTheWholeSaga) {
    const Reply reply = start(body, "?wait=10s");
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Document saga = body_of(reply);
    EXPECT_EQ(saga["status"], "completed");
    EXPECT_EQ(saga["steps"][1]["status"], "succeeded");
    EXPECT_EQ(header_of(reply, "Location"), "/v1/sagas/" + saga["id"].get<std::string>());
    // Seen from memory or from the journal, it is the same.
    EXPECT_EQ(saga, body_of(engine.call("GET", "/v1/sagas/" + saga["id"].get<std::string>())));
}

TEST_F(SagasStart, AnswersAcceptedWhenTheWaitRunsOut) {
    engine.participants = [](const sagas::Request&) { return std::nullopt; };
    const Reply reply = start(body, "?wait=2s");
    EXPECT_EQ(reply.status, 202) << reply.body;
    EXPECT_EQ(body_of(reply)["status"], "running");
    EXPECT_EQ(body_of(reply)["steps"][0]["status"], "calling");
    EXPECT_EQ(engine.requests.size(), 1u);
}

TEST_F(SagasStart, GivesTheSameSagaForARepeatedKey) {
    const EngineInMemory::Headers bare = {{"idempotency-key", "k-1"}};
    const EngineInMemory::Headers quoted = {{"idempotency-key", "\"k-1\""}};
    const Reply first = start(body, "", bare);
    ASSERT_EQ(first.status, 201) << first.body;
    const Reply again = start({{"input", {{"order", "o-1"}}}, {"definition", "order"}}, "", quoted);
    EXPECT_EQ(again.status, 201) << again.body;
    EXPECT_EQ(body_of(again)["id"], body_of(first)["id"]);
    EXPECT_EQ(header_of(again, "Location"), header_of(first, "Location"));
    const Reply waited = start(body, "?wait=1s", bare);
    EXPECT_EQ(waited.status, 200) << waited.body;
    EXPECT_EQ(body_of(waited)["id"], body_of(first)["id"]);
    EXPECT_EQ(body_of(waited)["status"], "completed");
    EXPECT_EQ(saga_count(), 1u);
}

TEST_F(SagasStart, RefusesAKeyWithAnotherBody) {
    ASSERT_EQ(start(body, "", {{"idempotency-key", "k-1"}}).status, 201);
    const Reply other = start({{"definition", "order"}, {"input", {{"order", "o-2"}}}}, "",
                              {{"idempotency-key", "k-1"}});
    EXPECT_EQ(other.status, 422) << other.body;
    EXPECT_EQ(body_of(other)["type"], "urn:skald:problem:idempotency-key-reused");
    EXPECT_EQ(saga_count(), 1u);
}

TEST_F(SagasStart, TakesAnIdOnce) {
    Json with_id = body;
    with_id["id"] = "order-1";
    EXPECT_EQ(start(with_id).status, 201);
    const Reply again = start(with_id);
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(body_of(again)["id"], "order-1");
    with_id["input"]["order"] = "another";
    const Reply other = start(with_id);
    EXPECT_EQ(other.status, 409) << other.body;
    EXPECT_EQ(body_of(other)["type"], "urn:skald:problem:id-taken");
    EXPECT_EQ(saga_count(), 1u);
}

TEST_F(SagasStart, PutsTheRequestsLabelsOverTheDefinitions) {
    Json labelled = body;
    labelled["labels"] = {{"order", "mine"}, {"tenant", "acme"}};
    const Document saga = body_of(start(labelled));
    EXPECT_EQ(saga["labels"], Document::parse(R"({"order": "mine", "tenant": "acme"})"));
}

TEST_F(SagasStart, NamesEverythingThatIsWrongWithTheBody) {
    const Reply reply = start({{"definiton", "order"},
                               {"version", 0},
                               {"id", "a/b"},
                               {"labels", {{"bad key", "x"}, {"size", 3}}}});
    expect_refused(reply, 400, "invalid-request");
    std::vector<std::string> found;
    const Document problem = body_of(reply);
    for (const Document& error : problem["errors"]) {
        found.push_back(error["code"].get<std::string>() + " " +
                        error["pointer"].get<std::string>());
    }
    EXPECT_THAT(found, testing::UnorderedElementsAre(
                           "unknown-field /definiton", "missing-field /definition",
                           "wrong-type /version", "bad-id /id", "missing-field /input",
                           "bad-name /labels/bad key", "wrong-type /labels/size"));
    EXPECT_THAT(problem["errors"][0]["hint"], HasSubstr("definition"));
}

TEST_F(SagasStart, RefusesWhatIsNoJsonObject) {
    const std::string deep(65, '[');
    const std::pair<std::string, std::string> cases[] = {
        {"", "malformed-json"},
        {"{", "malformed-json"},
        {"{\"definition\": \"order\", \"definition\": \"order\"}", "malformed-json"},
        {"{\"definition\": \"\xff\"}", "malformed-json"},
        {"{\"input\": 1e400}", "malformed-json"},
        {deep + std::string(65, ']'), "malformed-json"},
        {"[]", "invalid-request"},
        {"null", "invalid-request"},
    };
    for (const auto& [text, type] : cases) {
        SCOPED_TRACE(text);
        expect_refused(engine.call("POST", "/v1/sagas", text), 400, type);
    }
}

TEST_F(SagasStart, RefusesInputThatBreaksTheSchema) {
    const Reply reply = start({{"definition", "order"}, {"input", Json::object()}});
    expect_refused(reply, 422, "invalid-input");
    EXPECT_EQ(body_of(reply)["errors"][0]["pointer"], "/input");
}

TEST_F(SagasStart, RefusesIntegersThatOthersWouldRound) {
    const Reply reply = start({{"definition", "order"}, {"input", {{"order", 9007199254740993}}}});
    expect_refused(reply, 422, "invalid-input");
    EXPECT_EQ(body_of(reply)["errors"][0]["pointer"], "/input/order");
}

TEST_F(SagasStart, RefusesUnknownDefinitionsAndVersions) {
    Json unknown = body;
    unknown["definition"] = "parcel";
    expect_refused(start(unknown), 404, "definition-not-found");
    Json version = body;
    version["version"] = 7;
    expect_refused(start(version), 404, "definition-not-found");
}

TEST_F(SagasStart, RefusesBadKeysAndWaits) {
    for (const char* key : {"", "\"open", "\"a\"b", "caf\xc3\xa9"}) {
        SCOPED_TRACE(key);
        expect_refused(start(body, "", {{"idempotency-key", key}}), 400, "invalid-request");
    }
    expect_refused(start(body, "", {{"idempotency-key", std::string(256, 'k')}}), 400,
                   "invalid-request");
    for (const char* wait : {"?wait=61s", "?wait=soon", "?wait=", "?wait=1s&wait=2s"}) {
        SCOPED_TRACE(wait);
        expect_refused(start(body, wait), 400, "invalid-request");
    }
}

TEST_F(SagasStart, TellsBusyAsUnavailable) {
    engine.refuse_commands();
    const Reply reply = start(body, "?wait=5s");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:busy");
    EXPECT_EQ(saga_count(), 0u);
}

TEST_F(SagasStart, TellsAFullDiskAndAStopAsWhatTheyAre) {
    engine.refuse_commands(engine::Busy::Why::DiskFull);
    EXPECT_EQ(body_of(start(body))["type"], "urn:skald:problem:store-unavailable");
    engine.refuse_commands(engine::Busy::Why::Draining);
    EXPECT_EQ(body_of(start(body))["type"], "urn:skald:problem:draining");
}

TEST_F(SagasStart, GivesTheSameSagaWhenItsDefinitionHasGoneOrChanged) {
    const EngineInMemory::Headers key = {{"idempotency-key", "k"}};
    Json named = body;
    named["id"] = "order-1";
    const auto by_key = body_of(start(body, "", key))["id"];
    ASSERT_EQ(start(named).status, 201);
    const auto expect_same = [&] {
        const Reply again = start(body, "", key);
        EXPECT_EQ(again.status, 201) << again.body;
        EXPECT_EQ(body_of(again)["id"], by_key);
        EXPECT_EQ(body_of(start(body, "?wait=1s", key))["status"], "completed");
        EXPECT_EQ(body_of(start(named))["id"], "order-1");
        Json other = body;
        other["labels"] = {{"a", "b"}};
        EXPECT_EQ(body_of(start(other, "", key))["type"],
                  "urn:skald:problem:idempotency-key-reused");
        other["id"] = "order-1";
        EXPECT_EQ(body_of(start(other))["type"], "urn:skald:problem:id-taken");
    };
    Json stricter = definition("order", {step("reserve")});
    stricter["input_schema"] = {{"required", {"order", "customer"}}};
    engine.put_definition(stricter);
    EXPECT_EQ(start(body).status, 422);
    expect_same();
    ASSERT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
    EXPECT_EQ(start(body).status, 404);
    expect_same();
}

TEST_F(SagasStart, WaitsForARunningSagaThatIsAskedForAgain) {
    bool is_open = false;
    engine.participants = [&](const sagas::Request&) -> std::optional<sagas::Answer> {
        if (!is_open) return std::nullopt;
        return reply(200, Json::object());
    };
    Json with_id = body;
    with_id["id"] = "order-1";
    ASSERT_EQ(start(with_id).status, 201);
    const Reply reply =
        engine.call_while("POST", "/v1/sagas?wait=30s", with_id.dump(), [&] { is_open = true; });
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(body_of(reply)["status"], "completed");
    EXPECT_EQ(engine.clock().now(), *sagas::parse_rfc3339("2026-11-21T22:32:28.000Z"));
}

}  // namespace
}  // namespace skald::api
