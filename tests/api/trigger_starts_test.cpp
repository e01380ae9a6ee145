#include "api/trigger_starts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/api/engine_in_memory.h"

/// Sagas that events start.
namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Triggers : public testing::Test {
 protected:
    static Json triggered(const Json& input) {
        Json parcel = definition("parcel", {step("send")});
        parcel["triggers"] = {{{"topic", "orders"}, {"type", "order.placed"}, {"input", input}}};
        return parcel;
    }
    void publish(const std::string& id, const Json& data, const std::string& topic = "orders",
                 const std::string& type = "order.placed") {
        const Json event = {{"specversion", "1.0"},
                            {"id", id},
                            {"source", "/shop"},
                            {"type", type},
                            {"data", data}};
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        ASSERT_EQ(reply.status, 202) << reply.body;
        engine.settle();
    }
    Document sagas() { return body_of(engine.call("GET", "/v1/sagas"))["items"]; }
    Document subscription() {
        engine.advance(sagas::Milliseconds{20});  // What came of deliveries is written so soon.
        return body_of(engine.call("GET", "/v1/subscriptions/" + kName));
    }

    const std::string kName = "trigger:parcel:orders:order.placed";
    EngineInMemory engine;
};

TEST_F(Triggers, StartASagaOfEachEvent) {
    publish("before", {{"order", 0}});  // Nobody wanted it then.
    engine.put_definition(triggered({{"order", "$event.data.order"}}));
    publish("1", {{"order", 1}});
    publish("2", {{"order", 2}});
    publish("3", {{"order", 3}}, "orders", "order.paid");
    publish("4", {{"order", 4}}, "bills");
    ASSERT_EQ(sagas().size(), 2u) << sagas();
    const std::string id = sagas()[1]["id"];
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas/" + id))["input"], (Document{{"order", 1}}));
    const Document begun = body_of(engine.call("GET", "/v1/sagas/" + id + "/history"))["items"][0];
    EXPECT_EQ(begun["trigger"], (Document{{"source", "/shop"}, {"id", "1"}}));
    EXPECT_FALSE(begun.contains("idempotency_key"));
    EXPECT_EQ(subscription()["owner"], "definition/parcel");
    EXPECT_EQ(subscription()["document"]["start"]["definition"], "parcel");
    engine.advance(std::chrono::seconds{2});  // What is passed over is written within a second.
    EXPECT_EQ(subscription()["lag"], 0);
}

TEST_F(Triggers, StartOneSagaOfAnEventHoweverOftenItComes) {
    engine.put_definition(triggered({{"order", "$event.data.order"}}));
    publish("1", {{"order", 1}});
    EXPECT_EQ(engine.call("POST", "/v1/subscriptions/" + kName + "/replay", R"({"from": "start"})")
                  .status,
              200);
    engine.settle();
    EXPECT_EQ(sagas().size(), 1u);
    EXPECT_EQ(subscription()["lag"], 0);
}

TEST_F(Triggers, MakeDeadLettersOfWhatCanStartNothing) {
    Json parcel = triggered({{"order", "$event.data.order"}});
    parcel["input_schema"] = {{"type", "object"},
                              {"properties", {{"order", {{"type", "integer"}}}}}};
    engine.put_definition(parcel);
    publish("1", {{"order", "x"}});
    publish("2", Json::object());
    EXPECT_THAT(sagas(), IsEmpty());
    EXPECT_EQ(subscription()["failing"], 2);
    for (int attempt = 0; attempt < 16; ++attempt) engine.advance(std::chrono::minutes{10});
    EXPECT_EQ(subscription()["dead_letters"], 2);
    const Document letters =
        body_of(engine.call("GET", "/v1/subscriptions/" + kName + "/dead-letters"))["dead_letters"];
    ASSERT_EQ(letters.size(), 2u);
    EXPECT_THAT(letters[0]["error"].get<std::string>(), HasSubstr("/input/order"));
    EXPECT_THAT(letters[1]["error"].get<std::string>(), HasSubstr("$event.data.order"));
    // A definition that is mended lets them through.
    Json mended = parcel;
    mended["input_schema"] = true;
    mended["triggers"][0]["input"] = {{"order", "$event.data.order?"}};
    engine.put_definition(mended);
    EXPECT_EQ(
        engine
            .call("POST", "/v1/subscriptions/" + kName + "/dead-letters/replay", R"({"all": true})")
            .status,
        200);
    engine.settle();
    EXPECT_EQ(sagas().size(), 2u);
    EXPECT_EQ(subscription()["dead_letters"], 0);
}

TEST_F(Triggers, StartTheLatestVersionWithItsLabelsAndLock) {
    Json parcel = triggered({{"order", "$event.data.order"}});
    engine.put_definition(parcel);
    parcel["labels"] = {{"order", "o-{$input.order}"}};
    parcel["lock"] = "o-{$input.order}";
    engine.put_definition(parcel);
    publish("1", {{"order", 7}});
    ASSERT_EQ(sagas().size(), 1u);
    EXPECT_EQ(sagas()[0]["version"], 2);
    EXPECT_EQ(sagas()[0]["labels"], (Document{{"order", "o-7"}}));
    const std::string id = sagas()[0]["id"];
    EXPECT_EQ(body_of(engine.call("GET", "/v1/sagas/" + id + "/history"))["items"][0]["lock"],
              "o-7");
}

TEST_F(Triggers, GoWithTheirDefinition) {
    engine.put_definition(triggered({{"order", "$event.data.order"}}));
    for (const char* method : {"PUT", "DELETE"}) {
        const Reply refused =
            engine.call(method, "/v1/subscriptions/" + kName, R"({"topic": "orders", "pull": {}})");
        EXPECT_EQ(refused.status, 409) << method;
        EXPECT_THAT(refused.body, HasSubstr("belongs to definition parcel")) << method;
    }
    EXPECT_EQ(engine.call("POST", "/v1/subscriptions/" + kName + "/fetch").status, 409);
    ASSERT_EQ(engine.call("DELETE", "/v1/definitions/parcel").status, 204);
    EXPECT_EQ(engine.call("GET", "/v1/subscriptions/" + kName).status, 404);
    publish("1", {{"order", 1}});
    EXPECT_THAT(sagas(), IsEmpty());
}

TEST(TriggerKey, IsReadBack) {
    const auto event = read_trigger_key(trigger_key("parcel", "/shop", "o-1/placed"));
    ASSERT_TRUE(event);
    EXPECT_EQ(event->source, "/shop");
    EXPECT_EQ(event->id, "o-1/placed");
    EXPECT_NE(trigger_key("a", "b", "cd"), trigger_key("a", "bc", "d"));
    for (const char* key :
         {"", "k-1", "\x1ftrigger\x1f", "\x1ftrigger\x1fparcel\x1f/shop", "\x1freplay\x1fo-1"}) {
        EXPECT_FALSE(read_trigger_key(key)) << key;
    }
}

}  // namespace
}  // namespace skald::api
