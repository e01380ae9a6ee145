#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class SagasRead : public testing::Test {
 protected:
    void SetUp() override {
        engine.put_definition(definition("order", {step("reserve"), step("charge")}));
        engine.put_definition(definition("parcel", {step("send")}));
    }

    void start(const std::string& id, const std::string& name = "order") {
        const Json body = {{"definition", name}, {"id", id}, {"input", {{"order", id}}}};
        const Reply reply = engine.call("POST", "/v1/sagas", body.dump());
        ASSERT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    std::vector<std::string> ids(const std::string& query) {
        const Reply reply = engine.call("GET", "/v1/sagas" + query);
        EXPECT_EQ(reply.status, 200) << reply.body;
        std::vector<std::string> found;
        const Document page = body_of(reply);
        for (const Document& item : page["items"]) found.push_back(item["id"]);
        return found;
    }

    EngineInMemory engine;
};

TEST_F(SagasRead, ListsNewestFirstInPages) {
    for (const char* id : {"a", "b", "c", "d"}) start(id);
    EXPECT_THAT(ids(""), testing::ElementsAre("d", "c", "b", "a"));
    const Reply first = engine.call("GET", "/v1/sagas?limit=2");
    const std::string cursor = body_of(first)["next_cursor"];
    EXPECT_THAT(header_of(first, "Link"), HasSubstr("limit=2&cursor=" + cursor));
    const Reply second = engine.call("GET", "/v1/sagas?limit=2&cursor=" + cursor);
    EXPECT_EQ(body_of(second)["items"][0]["id"], "b");
    // Exactly full, and still the last.
    EXPECT_FALSE(body_of(second).contains("next_cursor"));
    EXPECT_EQ(header_of(second, "Link"), "");
}

TEST_F(SagasRead, SelectsByStatusDefinitionAndVersion) {
    start("done");
    engine.participants = [](const sagas::Request&) { return std::nullopt; };
    start("open", "parcel");
    EXPECT_THAT(ids("?status=completed"), testing::ElementsAre("done"));
    EXPECT_THAT(ids("?status=completed,running"), testing::ElementsAre("open", "done"));
    EXPECT_THAT(ids("?status=completed&status=stuck"), testing::ElementsAre("done"));
    EXPECT_THAT(ids("?definition=parcel&version=1"), testing::ElementsAre("open"));
    EXPECT_THAT(ids("?definition=parcel&version=2"), testing::IsEmpty());
    EXPECT_THAT(ids("?definition=nowhere"), testing::IsEmpty());
}

TEST_F(SagasRead, FindsByLabelTimeStepErrorAndHowLongItFails) {
    Json labelled = definition("labelled", {step("reserve"), step("charge")});
    labelled["labels"] = {{"order", "$input.order"}};
    engine.put_definition(labelled);
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/charge") return reply(503, {{"message", "bank is away"}});
        return reply(200, Json::object());
    };
    start("a", "labelled");
    engine.advance(sagas::Milliseconds{90'000});
    start("b", "labelled");
    const auto found = [this](const std::string& query) {
        std::string ids;
        const Reply reply = engine.call("GET", "/v1/sagas?" + query);
        EXPECT_EQ(reply.status, 200) << reply.body;
        const Document body = body_of(reply);
        for (const Document& item : body["items"]) ids += item["id"];
        return ids;
    };
    EXPECT_EQ(found("label=order:a"), "a");
    EXPECT_EQ(found("label=order:a&label=tenant:x"), "");
    EXPECT_EQ(found("step=charge"), "ba");
    EXPECT_EQ(found("error=503"), "ba");
    EXPECT_EQ(found("error=away&step=reserve"), "");
    EXPECT_EQ(found("failing=1m"), "a");
    EXPECT_EQ(found("failing=0ms"), "ba");
    EXPECT_EQ(found("started_after=2026-11-21T22:33:00Z"), "b");
    EXPECT_EQ(found("started_before=2026-11-21T22:33:00Z&status=running"), "a");
    const Document counts =
        body_of(engine.call("GET", "/v1/sagas?count=true&label=order:a&limit=1"))["counts"];
    EXPECT_EQ(counts, Document::parse(R"({"running": 1, "compensating": 0, "stuck": 0,
        "completed": 0, "compensated": 0, "abandoned": 0})"));
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas?count=true"))["counts"]["running"], 2);
}

TEST_F(SagasRead, RefusesBadFilters) {
    for (const char* id : {"a", "b"}) start(id);
    const std::string cursor = body_of(engine.call("GET", "/v1/sagas?limit=1"))["next_cursor"];
    const std::string bad[] = {"?status=finished",
                               "?label=order",
                               "?label=:x",
                               "?label=a:1&label=a:2",
                               "?started_after=yesterday",
                               "?started_before=1",
                               "?failing=long",
                               "?count=yes",
                               "?error=",
                               "?limit=0",
                               "?limit=201",
                               "?limit=many",
                               "?limit=1&limit=2",
                               "?version=-1",
                               "?cursor=",
                               "?cursor=abc",
                               "?cursor=" + cursor + "A",
                               "?status=running&cursor=" + cursor};
    for (const std::string& query : bad) {
        SCOPED_TRACE(query);
        const Reply reply = engine.call("GET", "/v1/sagas" + query);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:invalid-request");
        EXPECT_THAT(body_of(reply)["detail"],
                    HasSubstr(query.substr(1, query.find('=') - 1) == "status" &&
                                      query.find("cursor") != std::string::npos
                                  ? "cursor"
                                  : query.substr(1, query.find('=') - 1)));
    }
}

TEST_F(SagasRead, ShowsOneWhole) {
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/charge") return reply(402, {{"message", "card refused"}});
        return reply(200, {{"reservation", 7}});
    };
    start("a");
    const Reply answer = engine.call("GET", "/v1/sagas/a");
    ASSERT_EQ(answer.status, 200);
    Document saga = body_of(answer);
    const std::string error = saga["steps"][1]["error"];
    EXPECT_THAT(error, HasSubstr("402"));
    EXPECT_EQ(saga, Document::parse(R"({
        "id": "a", "definition": "order", "version": 1, "status": "compensated",
        "direction": "backward", "suspended": false,
        "started_at": "2026-11-21T22:32:28.000Z", "ended_at": "2026-11-21T22:32:28.000Z",
        "labels": {}, "failure": {"step": "charge", "reason": )" +
                                    Json(error).dump() + R"(},
        "input": {"order": "a"},
        "steps": [
            {"name": "reserve", "status": "compensated", "undone_by": "call", "attempts": 1,
             "compensation_attempts": 1, "started_at": "2026-11-21T22:32:28.000Z",
             "ended_at": "2026-11-21T22:32:28.000Z", "input": {"order": "a"},
             "output": {"reservation": 7}},
            {"name": "charge", "status": "failed", "attempts": 1, "compensation_attempts": 0,
             "started_at": "2026-11-21T22:32:28.000Z", "ended_at": "2026-11-21T22:32:28.000Z",
             "error": )" + Json(error).dump() +
                                    R"(, "input": {"order": "a"}}]})"));
}

TEST_F(SagasRead, NeverShowsSecrets) {
    Json secretive = definition("pay", {step("charge")});
    secretive["steps"][0]["action"]["http"]["body"] = {{"card", "$secrets.CARD"}};
    engine.put_definition(secretive);
    start("a", "pay");
    ASSERT_EQ(engine.requests.size(), 1u);
    EXPECT_EQ(engine.requests[0].body, R"({"card":"s3cret"})");
    const Reply reply = engine.call("GET", "/v1/sagas/a");
    EXPECT_EQ(body_of(reply)["steps"][0]["input"]["card"], "***");
    EXPECT_THAT(reply.body, testing::Not(HasSubstr("s3cret")));
}

TEST_F(SagasRead, LongPollsForTheEnd) {
    bool is_open = false;
    engine.participants = [&](const sagas::Request&) -> std::optional<sagas::Answer> {
        if (!is_open) return std::nullopt;
        return reply(200, Json::object());
    };
    start("a");
    const Reply over = engine.call("GET", "/v1/sagas/a?wait=3s");
    EXPECT_EQ(over.status, 200);
    EXPECT_EQ(body_of(over)["status"], "running");
    const Reply ended =
        engine.call_while("GET", "/v1/sagas/a?wait=3s", "", [&] { is_open = true; });
    EXPECT_EQ(ended.status, 200);
    EXPECT_EQ(body_of(ended)["status"], "completed");
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas/a?wait=60s"))["status"], "completed");
}

TEST_F(SagasRead, TellsWhatIsNotThere) {
    for (const char* target :
         {"/v1/sagas/nobody", "/v1/sagas/nobody?wait=1s", "/v1/sagas/nobody/history"}) {
        SCOPED_TRACE(target);
        const Reply reply = engine.call("GET", target);
        EXPECT_EQ(reply.status, 404);
        EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:saga-not-found");
    }
    EXPECT_EQ(engine.call("GET", "/v1/sagas/a%2Fb").status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/sagas/" + std::string(129, 'a')).status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/sagas/a%2Fb/history").status, 400);
}

TEST_F(SagasRead, ShowsTheJournalInPages) {
    start("a", "parcel");
    const Document all = body_of(engine.call("GET", "/v1/sagas/a/history"));
    ASSERT_EQ(all["items"].size(), 2u);
    EXPECT_EQ(all["items"][0], Document::parse(R"({"seq": 1, "at": "2026-11-21T22:32:28.000Z",
        "type": "begun", "changes": [{"step": "send", "status": "calling"}]})"));
    EXPECT_EQ(all["items"][1], Document::parse(R"({"seq": 2, "at": "2026-11-21T22:32:28.000Z",
        "type": "answered", "step": "send", "phase": "action", "attempt": 1,
        "outcome": "success", "http_status": 200, "output": {},
        "changes": [{"step": "send", "status": "succeeded"}], "end": {"status": "completed"}})"));
    const Document first = body_of(engine.call("GET", "/v1/sagas/a/history?limit=1"));
    ASSERT_EQ(first["items"].size(), 1u);
    const std::string cursor = first["next_cursor"];
    const Document second =
        body_of(engine.call("GET", "/v1/sagas/a/history?limit=1&cursor=" + cursor));
    EXPECT_EQ(second["items"][0]["seq"], 2);
    EXPECT_FALSE(second.contains("next_cursor"));
    EXPECT_EQ(engine.call("GET", "/v1/sagas/a/history?limit=1001").status, 400);
    start("b", "parcel");
    EXPECT_EQ(engine.call("GET", "/v1/sagas/b/history?cursor=" + cursor).status, 400);
}

}  // namespace
}  // namespace skald::api
