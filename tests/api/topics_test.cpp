#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const EngineInMemory::Headers kBatch{{"content-type", "application/cloudevents-batch+json"}};

Json sent_event(const std::string& id, const std::string& type = "placed", const Json& data = 1) {
    return {{"specversion", "1.0"}, {"id", id}, {"source", "/s"}, {"type", type}, {"data", data}};
}

class Topics : public testing::Test {
 protected:
    Reply put(const std::string& name, const Json& document, EngineInMemory::Headers headers = {}) {
        return engine.call("PUT", "/v1/topics/" + name, document.dump(), std::move(headers));
    }
    Reply publish(const std::string& topic, const std::vector<Json>& batch) {
        return engine.call("POST", "/v1/topics/" + topic + "/events", Json(batch).dump(), kBatch);
    }
    static Json contract(const char* type, const Json& schema) {
        return {{"types", {{type, {{"schema", schema}}}}}};
    }
    std::vector<std::string> names(const std::string& target) {
        std::vector<std::string> found;
        const Document page = body_of(engine.call("GET", target));
        for (const Document& item : page["items"]) found.push_back(item["name"]);
        return found;
    }
    static std::string type_of(const Reply& reply) { return body_of(reply).value("type", ""); }

    EngineInMemory engine;
};

TEST_F(Topics, HaveVersionsOfTheirDocuments) {
    const Json first = contract("placed", {{"type", "object"}});
    const Reply made = put("orders", first);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(header_of(made, "ETag"), "\"v1\"");
    EXPECT_EQ(header_of(made, "Location"), "/v1/topics/orders?version=1");
    const Document shown = body_of(made);
    EXPECT_EQ(shown["name"], "orders");
    EXPECT_EQ(shown["version"], 1);
    EXPECT_EQ(shown["created_at"], "2026-11-21T22:32:28.000Z");
    EXPECT_EQ(shown["first"], 1);
    EXPECT_EQ(shown["last"], 0);
    EXPECT_EQ(Json(shown["document"]), first);

    EXPECT_EQ(put("orders", first).status, 200);
    Json second = first;
    second["closed"] = true;
    EXPECT_EQ(put("orders", second).status, 201);
    EXPECT_EQ(Json(body_of(engine.call("GET", "/v1/topics/orders"))["document"]), second);
    const Reply old = engine.call("GET", "/v1/topics/orders?version=1");
    EXPECT_EQ(Json(body_of(old)["document"]), first);
    EXPECT_EQ(header_of(old, "ETag"), "\"v1\"");
    EXPECT_EQ(engine.call("GET", "/v1/topics/orders?version=3").status, 404);
    EXPECT_EQ(engine.call("GET", "/v1/topics/orders?version=x").status, 400);
}

TEST_F(Topics, ComeToBeWithTheirFirstEvent) {
    EXPECT_EQ(engine.call("GET", "/v1/topics/orders").status, 404);
    EXPECT_EQ(body_of(publish("orders", {sent_event("1"), sent_event("2")}))["offsets"],
              Document({1, 2}));
    const Reply reply = engine.call("GET", "/v1/topics/orders");
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(header_of(reply, "ETag"), "");
    const Document shown = body_of(reply);
    EXPECT_EQ(shown["last"], 2);
    EXPECT_GT(shown["bytes"], 100);
    EXPECT_FALSE(shown.contains("version"));
    EXPECT_FALSE(shown.contains("document"));
    // It has no document yet.
    EXPECT_EQ(put("orders", Json::object(), {{"if-match", "*"}}).status, 412);
    EXPECT_EQ(put("orders", Json::object(), {{"if-none-match", "*"}}).status, 201);
}

TEST_F(Topics, AreGuardedAgainstLostUpdates) {
    const Json empty = Json::object();
    const Json closed = {{"closed", true}};
    ASSERT_EQ(put("orders", empty).status, 201);
    EXPECT_EQ(put("orders", closed, {{"if-none-match", "*"}}).status, 412);
    EXPECT_EQ(put("orders", closed, {{"if-match", "\"v2\""}}).status, 412);
    EXPECT_EQ(put("orders", closed, {{"if-match", "v1"}}).status, 400);
    EXPECT_EQ(put("other", closed, {{"if-match", "*"}}).status, 412);
    EXPECT_EQ(put("orders", closed, {{"if-match", "\"v1\""}}).status, 201);
    const Reply stale = put("orders", empty, {{"if-match", "\"v1\""}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_THAT(stale.body, HasSubstr("version 2"));
    EXPECT_EQ(put("orders", empty, {{"if-match", "*"}}).status, 201);
}

TEST_F(Topics, MustSayWhetherAChangeIsCompatible) {
    ASSERT_EQ(put("orders", contract("placed", {{"type", "object"}})).status, 201);
    const Reply unsaid = put("orders", contract("placed", {{"type", "array"}}));
    EXPECT_EQ(unsaid.status, 422);
    EXPECT_EQ(type_of(unsaid), "urn:skald:problem:invalid-contract");
    EXPECT_EQ(body_of(unsaid)["errors"][0]["pointer"], "/types/placed");
    EXPECT_EQ(body_of(unsaid)["errors"][0]["code"], "compatible-missing");
    EXPECT_EQ(body_of(engine.call("GET", "/v1/topics/orders"))["version"], 1);
    Json said = contract("placed", {{"type", "array"}});
    said["types"]["placed"]["compatible"] = false;
    EXPECT_EQ(put("orders", said).status, 201);
    EXPECT_EQ(put("orders", said).status, 200);
}

TEST_F(Topics, AreNamedByARule) {
    for (const char* name : {"Orders", "1orders", "orders%20", "or/ders", "-x"}) {
        if (std::string_view(name).find('/') != std::string_view::npos) continue;
        const Reply refused = put(name, Json::object());
        EXPECT_EQ(refused.status, 400) << name;
        EXPECT_THAT(refused.body, HasSubstr("topic name: must be 1 to 127")) << name;
    }
    const std::string longest = "t" + std::string(126, 'x');
    EXPECT_EQ(put(longest, Json::object()).status, 201);
    EXPECT_EQ(put(longest + "x", Json::object()).status, 400);
    EXPECT_EQ(put("a.b_c-9", Json::object()).status, 201);
    for (const char* name : {"skald.sagas", "skald.x"}) {
        EXPECT_EQ(type_of(put(name, Json::object())), "urn:skald:problem:reserved-topic");
        EXPECT_EQ(type_of(publish(name, {sent_event("1")})), "urn:skald:problem:reserved-topic");
    }
    EXPECT_EQ(put("skald", Json::object()).status, 201);
}

TEST_F(Topics, AreListedByName) {
    EXPECT_THAT(names("/v1/topics"), ElementsAre("skald.sagas"));
    for (const char* name : {"tea", "orders", "bills"}) {
        ASSERT_EQ(publish(name, {sent_event("1")}).status, 202);
    }
    EXPECT_THAT(names("/v1/topics"), ElementsAre("bills", "orders", "skald.sagas", "tea"));
    for (const char* limit : {"1", "2", "3", "4"}) {
        std::vector<std::string> found;
        std::string target = std::string("/v1/topics?limit=") + limit;
        for (int page = 0; page < 5 && !target.empty(); ++page) {
            for (const std::string& name : names(target)) found.push_back(name);
            const Document body = body_of(engine.call("GET", target));
            target = body.contains("next_cursor")
                         ? std::string("/v1/topics?limit=") + limit +
                               "&cursor=" + body["next_cursor"].get<std::string>()
                         : "";
        }
        EXPECT_THAT(found, ElementsAre("bills", "orders", "skald.sagas", "tea")) << limit;
    }
    const Document own = body_of(engine.call("GET", "/v1/topics/skald.sagas"));
    EXPECT_EQ(own["read_only"], true);
    EXPECT_EQ(own["last"], 0);
    EXPECT_EQ(engine.call("GET", "/v1/topics?cursor=x").status, 400);
}

// ---- Contracts ---------------------------------------------------------------------------------

TEST_F(Topics, RefuseWhatBreaksTheirContract) {
    ASSERT_EQ(put("orders", contract("placed", {{"type", "object"}})).status, 201);
    EXPECT_EQ(
        publish("orders", {sent_event("1", "placed", Json::object()), sent_event("2", "other")})
            .status,
        202);
    const Reply refused = publish("orders", {sent_event("3", "placed", Json::object()),
                                             sent_event("4", "placed", "x"), sent_event("5")});
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(type_of(refused), "urn:skald:problem:contract-broken");
    const Document problem = body_of(refused);
    EXPECT_THAT(problem["detail"].get<std::string>(),
                testing::StartsWith(
                    "2 of 3 events break the contract of topic orders (version 1): /1/data: "));
    EXPECT_EQ(problem["errors"][0]["pointer"], "/1/data");
    EXPECT_EQ(problem["errors"][1]["pointer"], "/2/data");
    EXPECT_EQ(body_of(engine.call("GET", "/v1/topics/orders"))["last"], 2);
    const Reply one = engine.call("POST", "/v1/topics/orders/events", sent_event("6").dump(),
                                  {{"content-type", "application/cloudevents+json"}});
    EXPECT_THAT(body_of(one)["detail"].get<std::string>(),
                testing::StartsWith("The event breaks the contract"));
    EXPECT_EQ(body_of(one)["errors"][0]["pointer"], "/data");
}

TEST_F(Topics, KeepToTheLatestContract) {
    ASSERT_EQ(publish("orders", {sent_event("1")}).status,
              202);  // There is none, and that is known.
    ASSERT_EQ(put("orders", contract("placed", {{"type", "object"}})).status, 201);
    EXPECT_EQ(publish("orders", {sent_event("2")}).status, 422);
    Json wider = contract("placed", true);
    wider["types"]["placed"]["compatible"] = true;
    ASSERT_EQ(put("orders", wider).status, 201);
    EXPECT_EQ(publish("orders", {sent_event("2")}).status, 202);
}

// ---- Publishing --------------------------------------------------------------------------------

TEST_F(Topics, TakeAnEventOnce) {
    EXPECT_EQ(body_of(publish("orders", {sent_event("1"), sent_event("2")}))["offsets"],
              Document({1, 2}));
    EXPECT_EQ(
        body_of(publish("orders", {sent_event("2"), sent_event("3"), sent_event("1")}))["offsets"],
        Document({2, 3, 1}));
    Json other = sent_event("1");
    other["source"] = "/t";
    EXPECT_EQ(body_of(publish("orders", {other}))["offsets"], Document({4}));
    EXPECT_EQ(body_of(publish("bills", {sent_event("1")}))["offsets"], Document({1}));
}

TEST_F(Topics, TellWhereTheyAreBusy) {
    engine.refuse_commands(engine::Busy::Why::DiskFull);
    EXPECT_EQ(type_of(publish("orders", {sent_event("1")})), "urn:skald:problem:store-unavailable");
    EXPECT_EQ(type_of(put("orders", Json::object())), "urn:skald:problem:store-unavailable");
    engine.refuse_commands(engine::Busy::Why::Draining);
    EXPECT_EQ(type_of(publish("orders", {sent_event("1")})), "urn:skald:problem:draining");
}

TEST_F(Topics, AreCounted) {
    publish("orders", {sent_event("1"), sent_event("2")});
    publish("orders", {sent_event("2"), sent_event("3")});
    publish("bills", {sent_event("1")});
    const std::string metrics = engine.call("GET", "/metrics").body;
    EXPECT_THAT(metrics, HasSubstr("skald_events_published_total{topic=\"orders\"} 3\n"));
    EXPECT_THAT(metrics, HasSubstr("skald_events_published_total{topic=\"bills\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("skald_events_duplicate_total 1\n"));
    EXPECT_THAT(metrics, HasSubstr("skald_event_hits_total 0\n"));
}

}  // namespace
}  // namespace skald::api
