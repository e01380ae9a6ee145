#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class Definitions : public testing::Test {
 protected:
    Reply put(const Json& document, EngineInMemory::Headers headers = {}) {
        return engine.call("PUT", "/v1/definitions/" + document["name"].get<std::string>(),
                           document.dump(), std::move(headers));
    }

    const Json order = definition("order", {step("reserve")});
    const Json longer = definition("order", {step("reserve"), step("charge")});
    EngineInMemory engine;
};

TEST_F(Definitions, MakesVersionsOfWhatChanged) {
    const Reply first = put(order);
    ASSERT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(header_of(first, "ETag"), "\"v1\"");
    EXPECT_EQ(header_of(first, "Location"), "/v1/definitions/order/versions/1");
    const Document answer = body_of(first);
    EXPECT_EQ(answer["name"], "order");
    EXPECT_EQ(answer["version"], 1);
    EXPECT_EQ(answer["created_at"], "2026-11-21T22:32:28.000Z");
    EXPECT_EQ(Json(answer["definition"]), order);
    EXPECT_TRUE(answer["warnings"].is_array());

    EXPECT_EQ(put(order).status, 200);
    const Reply second = put(longer);
    EXPECT_EQ(second.status, 201);
    EXPECT_EQ(header_of(second, "ETag"), "\"v2\"");

    const Reply latest = engine.call("GET", "/v1/definitions/order");
    EXPECT_EQ(latest.status, 200);
    EXPECT_EQ(header_of(latest, "ETag"), "\"v2\"");
    EXPECT_EQ(Json(body_of(latest)["definition"]), longer);
    const Reply old = engine.call("GET", "/v1/definitions/order/versions/1");
    EXPECT_EQ(Json(body_of(old)["definition"]), order);
}

TEST_F(Definitions, GuardsAgainstLostUpdates) {
    ASSERT_EQ(put(order).status, 201);
    EXPECT_EQ(put(order, {{"if-none-match", "*"}}).status, 412);
    EXPECT_EQ(put(longer, {{"if-match", "\"v7\""}}).status, 412);
    EXPECT_EQ(put(longer, {{"if-match", "W/\"v1\""}}).status, 412);
    EXPECT_EQ(put(longer, {{"if-match", "v1"}}).status, 400);
    EXPECT_EQ(put(longer, {{"if-match", "\"v1\""}, {"if-none-match", "*"}}).status, 400);
    EXPECT_EQ(put(definition("parcel", {step("send")}), {{"if-match", "*"}}).status, 412);
    EXPECT_EQ(header_of(engine.call("GET", "/v1/definitions/order"), "ETag"), "\"v1\"");

    EXPECT_EQ(put(longer, {{"if-match", "\"v1\""}}).status, 201);
    const Reply stale = put(order, {{"if-match", "\"v1\""}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_THAT(body_of(stale)["detail"], HasSubstr("\"v2\""));
    EXPECT_EQ(put(order, {{"if-match", "*"}}).status, 201);
}

TEST_F(Definitions, AnswersNotModified) {
    ASSERT_EQ(put(order).status, 201);
    const Reply reply =
        engine.call("GET", "/v1/definitions/order", "", {{"if-none-match", "\"v1\""}});
    EXPECT_EQ(reply.status, 304);
    EXPECT_EQ(reply.body, "");
}

TEST_F(Definitions, NamesAllFaultsAtOnce) {
    Json broken = order;
    broken["nam"] = 1;
    broken["steps"][0]["after"] = {"nowhere"};
    const Reply reply = put(broken);
    EXPECT_EQ(reply.status, 422);
    EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:invalid-definition");
    EXPECT_GE(body_of(reply)["errors"].size(), 2u);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/order").status, 404);
}

TEST_F(Definitions, LintsWithoutStoring) {
    const Reply fine = engine.call("POST", "/v1/lint", order.dump());
    EXPECT_EQ(fine.status, 200);
    EXPECT_EQ(body_of(fine)["valid"], true);
    const Reply broken = engine.call("POST", "/v1/lint", R"({"name": "order"})");
    EXPECT_EQ(broken.status, 200);
    EXPECT_EQ(body_of(broken)["valid"], false);
    EXPECT_FALSE(body_of(broken)["errors"].empty());
    EXPECT_EQ(engine.call("POST", "/v1/lint", "{").status, 400);
    EXPECT_EQ(body_of(engine.call("GET", "/v1/definitions"))["items"].size(), 0u);
}

TEST_F(Definitions, KeepsVersionsOfWhatWasDeleted) {
    ASSERT_EQ(put(order).status, 201);
    EXPECT_EQ(engine.call("DELETE", "/v1/definitions/order", "", {{"if-match", "\"v9\""}}).status,
              412);
    EXPECT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/order").status, 404);
    const Reply old = engine.call("GET", "/v1/definitions/order/versions/1");
    EXPECT_EQ(old.status, 200);
    EXPECT_EQ(body_of(old)["deleted"], true);
    EXPECT_EQ(engine.call("POST", "/v1/sagas", R"({"definition": "order", "input": {}})").status,
              404);
    EXPECT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 404);

    EXPECT_EQ(put(order).status, 200);
    EXPECT_EQ(engine.call("POST", "/v1/sagas", R"({"definition": "order", "input": {"order": 1}})")
                  .status,
              201);
}

TEST_F(Definitions, RefusesBadNamesAndVersions) {
    EXPECT_EQ(engine.call("PUT", "/v1/definitions/Order", order.dump()).status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/order").status, 404);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/order/versions/0").status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/order/versions/x").status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/order/versions/2").status, 404);
}

TEST_F(Definitions, AreComparedByVersion) {
    ASSERT_EQ(put(order).status, 201);
    Json filled_in = order;
    filled_in["steps"][0]["timeout"] = "10s";
    ASSERT_EQ(put(filled_in).status, 201);
    ASSERT_EQ(put(longer).status, 201);
    const Document same = body_of(engine.call("GET", "/v1/definitions/order/versions/1/diff/2"));
    EXPECT_EQ(same["changes"], Document::array());
    EXPECT_EQ(same["only_text_differs"], true);
    EXPECT_EQ(same["verdict"], "compatible");
    ASSERT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
    const Document back = body_of(engine.call("GET", "/v1/definitions/order/versions/3/diff/1"));
    EXPECT_EQ(back["from"], 3);
    EXPECT_EQ(back["to"], 1);
    ASSERT_EQ(back["changes"].size(), 1u) << back;
    EXPECT_EQ(back["changes"][0]["step"], "charge");
    EXPECT_EQ(back["changes"][0]["pointer"], "/steps/1");
    EXPECT_FALSE(back["changes"][0].contains("new"));
    EXPECT_EQ(back["verdict"], "incompatible");
    EXPECT_EQ(back["reasons"][0]["code"], "step-removed");
    EXPECT_FALSE(back.contains("only_text_differs"));
}

TEST_F(Definitions, AreComparedOnlyWhereBothAreThere) {
    ASSERT_EQ(put(order).status, 201);
    for (const char* versions : {"1/diff/2", "2/diff/1"}) {
        const Reply reply =
            engine.call("GET", std::string("/v1/definitions/order/versions/") + versions);
        EXPECT_EQ(reply.status, 404) << versions;
        EXPECT_EQ(body_of(reply)["type"], "urn:skald:problem:definition-not-found");
    }
    for (const char* versions : {"0/diff/1", "1/diff/x"}) {
        EXPECT_EQ(
            engine.call("GET", std::string("/v1/definitions/order/versions/") + versions).status,
            400)
            << versions;
    }
    EXPECT_EQ(engine.call("GET", "/v1/definitions/parcel/versions/1/diff/1").status, 404);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/Parcel/versions/1/diff/1").status, 400);
}

TEST_F(Definitions, AreListedByNameInPages) {
    for (const char* name : {"charlie", "alpha", "bravo"}) {
        ASSERT_EQ(put(definition(name, {step("only")})).status, 201);
    }
    const Reply first = engine.call("GET", "/v1/definitions?limit=2");
    const Document page = body_of(first);
    ASSERT_EQ(page["items"].size(), 2u);
    EXPECT_EQ(page["items"][0]["name"], "alpha");
    EXPECT_FALSE(page["items"][0].contains("definition"));
    const std::string cursor = page["next_cursor"];
    EXPECT_EQ(header_of(first, "Link"),
              "</v1/definitions?limit=2&cursor=" + cursor + ">; rel=\"next\"");
    const Document rest = body_of(engine.call("GET", "/v1/definitions?limit=2&cursor=" + cursor));
    ASSERT_EQ(rest["items"].size(), 1u);
    EXPECT_EQ(rest["items"][0]["name"], "charlie");
    EXPECT_FALSE(rest.contains("next_cursor"));
    EXPECT_EQ(engine.call("GET", "/v1/definitions?cursor=x" + cursor).status, 400);
}

}  // namespace
}  // namespace skald::api
