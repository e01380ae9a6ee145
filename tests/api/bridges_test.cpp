#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;

Json nats() { return {{"url", "nats://broker.example"}}; }
Json out(const char* topic, const char* subject) {
    return {{"topic", topic}, {"subject", subject}};
}
Json in(const char* stream, const char* subject, const char* topic) {
    return {{"stream", stream}, {"subject", subject}, {"topic", topic}};
}

class BridgeDocuments : public testing::Test {
 protected:
    Reply put(const Json& document, EngineInMemory::Headers headers = {}) {
        Reply reply = engine.call("PUT", "/v1/bridges/shop", document.dump(), std::move(headers));
        engine.settle();
        return reply;
    }
    Document get(const std::string& target) { return body_of(engine.call("GET", target)); }
    std::vector<std::string> subscriptions() {
        std::vector<std::string> names;
        const Document page = get("/v1/subscriptions");
        for (const Document& item : page["items"]) {
            names.push_back(item["name"].get<std::string>() + " of " +
                            item.value("owner", "nobody"));
        }
        return names;
    }
    void publish(const std::string& topic, const std::string& id) {
        const Json event = {{"specversion", "1.0"}, {"id", id}, {"source", "/s"}, {"type", "t"}};
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        EXPECT_EQ(reply.status, 202) << reply.body;
        engine.settle();
    }
    /// "CODE POINTER" of each fault that the document has.
    std::vector<std::string> faults(const Json& document) {
        const Reply reply = put(document);
        EXPECT_EQ(reply.status, 422) << reply.body;
        std::vector<std::string> faults;
        const Document body = body_of(reply);
        EXPECT_EQ(body.value("type", ""), "urn:skald:problem:invalid-bridge");
        for (const Document& each : body["errors"]) {
            faults.push_back(each["code"].get<std::string>() + ' ' +
                             each["pointer"].get<std::string>());
        }
        return faults;
    }

    EngineInMemory engine;
};

TEST_F(BridgeDocuments, HaveVersions) {
    const Json first = {{"nats", nats()}, {"out", {out("orders", "shop.orders")}}};
    const Reply made = put(first);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(header_of(made, "ETag"), "\"v1\"");
    EXPECT_EQ(header_of(made, "Location"), "/v1/bridges/shop");
    const Document shown = body_of(made);
    EXPECT_EQ(shown["name"], "shop");
    EXPECT_EQ(shown["connected"], false);
    EXPECT_EQ(Json(shown["document"]), first);
    EXPECT_EQ(Json(shown["out"]), Json({{{"topic", "orders"},
                                         {"subject", "shop.orders"},
                                         {"subscription", "bridge:shop:orders:shop.orders"},
                                         {"lag", 0}}}));
    EXPECT_EQ(put(first).status, 200);
    Json second = first;
    second["in"] = {in("PARCELS", "parcels.>", "parcels")};
    EXPECT_EQ(put(second).status, 201);
    EXPECT_EQ(put(first, {{"if-match", "\"v1\""}}).status, 412);
    EXPECT_EQ(put(first, {{"if-none-match", "*"}}).status, 412);
    EXPECT_EQ(put(first, {{"if-match", "\"v2\""}}).status, 201);
    EXPECT_EQ(get("/v1/bridges/shop")["version"], 3);
    EXPECT_EQ(get("/v1/bridges")["items"].size(), 1u);
}

TEST_F(BridgeDocuments, OwnTheSubscriptionsOfWhatGoesOut) {
    publish("orders", "1");
    publish("orders", "2");
    Json from_start = out("orders", "a");
    from_start["from"] = "start";
    Json from_one = out("orders", "b");
    from_one["from"] = 1;
    put({{"nats", nats()}, {"out", {from_start, from_one, out("orders", "c")}}});
    EXPECT_THAT(subscriptions(), ElementsAre("bridge:shop:orders:a of bridge/shop",
                                             "bridge:shop:orders:b of bridge/shop",
                                             "bridge:shop:orders:c of bridge/shop"));
    const Document shown = get("/v1/bridges/shop");
    EXPECT_EQ(shown["out"][0]["lag"], 2);
    EXPECT_EQ(shown["out"][1]["lag"], 1);
    EXPECT_EQ(shown["out"][2]["lag"], 0);
    // One that stays keeps its place, whatever "from" says.
    publish("orders", "3");
    Json from_end = out("orders", "a");
    from_end["from"] = "end";
    put({{"nats", nats()}, {"out", {from_end}}});
    EXPECT_THAT(subscriptions(), ElementsAre("bridge:shop:orders:a of bridge/shop"));
    EXPECT_EQ(get("/v1/bridges/shop")["out"][0]["lag"], 3);
    EXPECT_EQ(engine.call("DELETE", "/v1/subscriptions/bridge:shop:orders:a").status, 409);
}

TEST_F(BridgeDocuments, AreDeletedWithWhatTheyOwn) {
    put({{"nats", nats()}, {"out", {out("orders", "a")}}});
    EXPECT_EQ(engine.call("DELETE", "/v1/bridges/shop", "", {{"if-match", "\"v7\""}}).status, 412);
    EXPECT_EQ(engine.call("DELETE", "/v1/bridges/shop").status, 204);
    engine.settle();
    EXPECT_THAT(subscriptions(), ElementsAre());
    EXPECT_EQ(engine.call("GET", "/v1/bridges/shop").status, 404);
    EXPECT_EQ(engine.call("DELETE", "/v1/bridges/shop").status, 404);
    EXPECT_EQ(engine
                  .call("PUT", "/v1/bridges/shop",
                        Json{{"nats", nats()}, {"in", Json::array()}}.dump(), {{"if-match", "*"}})
                  .status,
              412);
}

TEST_F(BridgeDocuments, SayWhatIsWrongWithTheBroker) {
    const auto with = [](Json broker) {
        return Json{{"nats", std::move(broker)}, {"out", {out("orders", "a")}}};
    };
    EXPECT_THAT(faults({{"out", {out("orders", "a")}}}), ElementsAre("missing-field "));
    EXPECT_THAT(faults(with(Json::object())), ElementsAre("missing-field /nats"));
    EXPECT_THAT(faults(with({{"url", "http://a"}})), ElementsAre("bad-url /nats/url"));
    EXPECT_THAT(faults(with({{"url", {"nats://a", 7, "nats://me:secret@b"}}})),
                ElementsAre("wrong-type /nats/url/1", "bad-url /nats/url/2"));
    EXPECT_THAT(faults(with({{"url", Json::array()}})), ElementsAre("out-of-range /nats/url"));
    EXPECT_THAT(faults(with({{"url", "nats://a"}, {"token", "s3cret"}})),
                ElementsAre("literal-secret /nats/token"));
    EXPECT_THAT(faults(with({{"url", "nats://a"}, {"token", "$secrets.../../etc/passwd"}})),
                ElementsAre("literal-secret /nats/token"));
    EXPECT_THAT(faults(with({{"url", "nats://a"}, {"token", "$secrets.NOWHERE"}})),
                ElementsAre("no-secret /nats/token"));
    EXPECT_THAT(faults(with({{"url", "nats://a"}, {"user", "me"}})),
                ElementsAre("missing-field /nats"));
    EXPECT_THAT(
        faults(with(
            {{"url", "nats://a"}, {"token", "$secrets.CARD"}, {"credentials", "$secrets.CARD"}})),
        ElementsAre("one-login /nats"));
    EXPECT_THAT(faults(with({{"url", "nats://a"}, {"tls", {{"ca", "ca.pem"}, {"key", "/k"}}}})),
                ElementsAre("missing-field /nats/tls", "wrong-value /nats/tls/ca"));
    EXPECT_THAT(faults(with({{"url", "nats://a"}, {"domain", "a b"}, {"port", 4222}})),
                ElementsAre("wrong-value /nats/domain", "unknown-field /nats/port"));
}

TEST_F(BridgeDocuments, SayWhatIsWrongWithTheirBindings) {
    EXPECT_THAT(faults({{"nats", nats()}}), ElementsAre("missing-field "));
    EXPECT_THAT(faults({{"nats", nats()}, {"out", {out("orders", "a"), out("orders", "a")}}}),
                ElementsAre("repeated /out/1"));
    EXPECT_THAT(faults({{"nats", nats()},
                        {"out",
                         {out("Orders", "a"),
                          out("skald.other", "a"),
                          out("orders", "a.>"),
                          {{"topic", "orders"}, {"subject", "b"}, {"from", "soon"}}}}}),
                ElementsAre("bad-name /out/0/topic", "bad-name /out/1/topic",
                            "wrong-value /out/2/subject", "wrong-value /out/3/from"));
    EXPECT_THAT(
        faults({{"nats", nats()},
                {"in",
                 {in("A B", "a", "a"),
                  in("A", "$JS.x", "a"),
                  in("A", "a", "skald.sagas"),
                  {{"stream", "A"}, {"subject", "b"}, {"topic", "b"}, {"from", 7}},
                  {{"stream", "A"}}}}}),
        ElementsAre("wrong-value /in/0/stream", "wrong-value /in/1/subject", "bad-name /in/2/topic",
                    "wrong-value /in/3/from", "missing-field /in/4", "missing-field /in/4"));
    const Json many(65, out("orders", "a"));
    EXPECT_THAT(faults({{"nats", nats()}, {"out", many}}), ElementsAre("too-many /out"));
}

TEST_F(BridgeDocuments, TakeWhatIsRight) {
    EXPECT_EQ(put({{"nats",
                    {{"url", {"nats://a:1", "tls://[::1]"}},
                     {"user", "$secrets.CARD"},
                     {"password", "$secrets.CARD"},
                     {"tls", Json::object()},
                     {"domain", "hub"}}},
                   {"out", {out("skald.sagas", "sagas")}},
                   {"in",
                    {in("A", ">", "a"),
                     {{"stream", "A"},
                      {"subject", "*.b"},
                      {"topic", "b"},
                      {"from", "2026-11-21T22:32:28Z"}}}}})
                  .status,
              201);
}

TEST_F(BridgeDocuments, AreLookedThroughForSecrets) {
    put({{"nats", {{"url", "nats://a"}, {"token", "$secrets.CARD"}}},
         {"out", {out("orders", "a")}}});
    const Reply report = engine.call("GET", "/v1/doctor");
    EXPECT_THAT(report.body, HasSubstr("all there that are needed: 1"));
}

TEST_F(BridgeDocuments, AreAsManyAsThereMayBe) {
    const Json document = {{"nats", nats()}, {"out", {out("orders", "a")}}};
    for (int i = 0; i < 64; ++i) {
        const std::string target = "/v1/bridges/b" + std::to_string(i);
        ASSERT_EQ(engine.call("PUT", target, document.dump()).status, 201);
        engine.settle();
    }
    EXPECT_EQ(put(document).status, 409);
    EXPECT_EQ(engine.call("PUT", "/v1/bridges/b7", document.dump()).status, 200);
}

TEST_F(BridgeDocuments, TellWhatCantBeDone) {
    EXPECT_EQ(engine.call("PUT", "/v1/bridges/A", "{}").status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/bridges/A").status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/bridges/a").status, 404);
    EXPECT_EQ(engine.call("PUT", "/v1/bridges/a", "{").status, 400);
    engine.refuse_commands();
    EXPECT_EQ(put({{"nats", nats()}, {"out", {out("orders", "a")}}}).status, 503);
}

}  // namespace
}  // namespace skald::api
