#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "engine/subscriptions.h"
#include "tests/api/engine_in_memory.h"

/// What a definition's triggers come to: subscriptions of its own, and sagas.
namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Json trigger(const std::string& topic, const std::string& type, const Json& input) {
    return {{"topic", topic}, {"type", type}, {"input", input}};
}

const Json kPlaced = trigger("orders", "order.placed", {{"order", "$event.data.id"}});
const char* const kPlacedName = "trigger:order:orders:order.placed";

class DefinitionTriggers : public testing::Test {
 protected:
    Reply put(const std::vector<Json>& triggers, const std::string& name = "order") {
        Json document = definition(name, {step("reserve")});
        if (!triggers.empty()) document["triggers"] = triggers;
        Reply reply = engine.call("PUT", "/v1/definitions/" + name, document.dump());
        engine.settle();
        return reply;
    }
    void remove() {
        EXPECT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
        engine.settle();
    }

    /// The id of the event counts up, unless it is said.
    void publish(const std::string& type, const Json& data, const std::string& id = "",
                 const std::string& topic = "orders") {
        const std::string own = id.empty() ? std::to_string(++published) : id;
        const Json event{{"specversion", "1.0"}, {"id", own},      {"source", "/shop"},
                         {"type", type},         {"subject", own}, {"data", data}};
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        ASSERT_EQ(reply.status, 202) << reply.body;
        engine.settle();
    }

    /// Of the subscriptions, by name.
    std::vector<std::string> names() {
        std::vector<std::string> names;
        const auto rows = engine.reader().subscriptions("", 1'000).value();
        for (const store::SubscriptionRow& row : rows) names.push_back(row.name);
        return names;
    }
    store::SubscriptionRow row(const std::string& name) {
        return engine.reader().subscription(name).value();
    }
    /// The inputs of all sagas.
    std::vector<std::string> inputs() {
        std::vector<std::string> inputs;
        const Document list = body_of(engine.call("GET", "/v1/sagas?limit=100"));
        for (const Document& item : list["items"]) {
            const Document saga =
                body_of(engine.call("GET", "/v1/sagas/" + item["id"].get<std::string>()));
            inputs.push_back(saga["definition"].get<std::string>() + " v" +
                             std::to_string(saga["version"].get<int>()) + " " +
                             Json(saga["input"]).dump());
        }
        return inputs;
    }

    EngineInMemory engine;
    int published = 0;
};

// ---- Subscriptions -----------------------------------------------------------------------------

TEST_F(DefinitionTriggers, AreSubscriptionsThatBeginAtTheEndOfTheirTopics) {
    publish("order.placed", {{"id", 1}});
    publish("order.placed", {{"id", 2}});
    ASSERT_EQ(put({kPlaced, trigger("parcels", "parcel.asked", "$event.data")}).status, 201);
    EXPECT_THAT(names(), ElementsAre(kPlacedName, "trigger:order:parcels:parcel.asked"));
    const store::SubscriptionRow orders = row(kPlacedName);
    EXPECT_EQ(orders.owner, "definition/order");
    EXPECT_EQ(orders.topic, "orders");
    EXPECT_EQ(orders.cursor, store::Offset{2});
    EXPECT_EQ(row("trigger:order:parcels:parcel.asked").cursor, store::Offset{0})
        << "there is no such topic yet";
}

TEST_F(DefinitionTriggers, GoOnWhereTheyAreInALaterVersion) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    const store::SubscriptionRow before = row(kPlacedName);
    publish("order.changed", 1);
    const Json other = trigger("orders", "order.repeated", {{"order", "$event.subject"}});
    const Json changed = trigger("orders", "order.placed", {{"order", "$event.subject"}});
    ASSERT_EQ(put({other, changed}).status, 201);
    EXPECT_THAT(names(), ElementsAre(kPlacedName, "trigger:order:orders:order.repeated"));
    EXPECT_EQ(row(kPlacedName).key, before.key);
    EXPECT_LE(row(kPlacedName).cursor, store::Offset{1});
    EXPECT_EQ(row("trigger:order:orders:order.repeated").cursor, store::Offset{1});
}

TEST_F(DefinitionTriggers, StayWhereNothingChanges) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    const store::SubscriptionRow before = row(kPlacedName);
    EXPECT_EQ(put({kPlaced}).status, 200);
    EXPECT_EQ(row(kPlacedName).key, before.key);
    EXPECT_EQ(row(kPlacedName).version, before.version);
    // A change that is refused changes nothing.
    const Json bad = definition("order", {step("reserve")});
    EXPECT_EQ(
        engine.call("PUT", "/v1/definitions/order", bad.dump(), {{"if-match", "\"v9\""}}).status,
        412);
    engine.settle();
    EXPECT_THAT(names(), ElementsAre(kPlacedName));
}

TEST_F(DefinitionTriggers, GoWithTheVersionThatHasThemNoLonger) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    ASSERT_EQ(put({kPlaced}, "parcel").status, 201);
    ASSERT_EQ(put({}).status, 201);
    EXPECT_THAT(names(), ElementsAre("trigger:parcel:orders:order.placed"));
    publish("order.placed", {{"id", 1}});
    EXPECT_THAT(inputs(), ElementsAre(R"(parcel v1 {"order":1})"));
}

TEST_F(DefinitionTriggers, GoWithTheDefinitionAndBeginAnewWithIt) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    const store::SubscriptionRow before = row(kPlacedName);
    remove();
    EXPECT_THAT(names(), IsEmpty());
    publish("order.placed", {{"id", 1}});
    EXPECT_EQ(put({kPlaced}).status, 200) << "the same document: brought back";
    EXPECT_NE(row(kPlacedName).key, before.key);
    EXPECT_EQ(row(kPlacedName).cursor, store::Offset{1});
    publish("order.placed", {{"id", 2}});
    EXPECT_THAT(inputs(), ElementsAre(R"(order v1 {"order":2})"));
}

TEST_F(DefinitionTriggers, AreNoMoreThanThereMayBeSubscriptions) {
    constexpr std::size_t kMax = engine::Subscriptions::kSubscriptionsMax;
    constexpr std::size_t kOfOne = 16;
    const auto many = [](std::size_t count) {
        std::vector<Json> triggers;
        for (std::size_t i = 0; i < count; ++i) {
            triggers.push_back(trigger("orders", "type-" + std::to_string(i), "$event.data"));
        }
        return triggers;
    };
    for (std::size_t i = 0; i < kMax / kOfOne; ++i) {
        ASSERT_EQ(put(many(kOfOne), "order-" + std::to_string(i)).status, 201);
    }
    constexpr std::size_t kLeft = kMax % kOfOne;
    const Reply refused = put(many(kLeft + 1), "last");
    EXPECT_EQ(refused.status, 503) << refused.body;
    EXPECT_THAT(refused.body, HasSubstr("more than 1000 subscriptions"));
    EXPECT_EQ(put(many(kLeft), "last").status, 201);
    // Its own are not counted twice.
    EXPECT_EQ(put(many(kOfOne - 1), "order-0").status, 201);
    EXPECT_EQ(put(many(kOfOne), "order-0").status, 201);
}

// ---- Sagas -------------------------------------------------------------------------------------

TEST_F(DefinitionTriggers, StartOneSagaForEachEventOfTheirType) {
    publish("order.placed", {{"id", "before"}});
    ASSERT_EQ(put({trigger("orders", "order.placed",
                           {{"order", "$event.data.id"}, {"from", "{$event.source} {$event.id}"}}),
                   trigger("parcels", "order.placed", "$event.data")})
                  .status,
              201);
    publish("order.placed", {{"id", "o-1"}}, "a");
    publish("order.paid", {{"id", "o-1"}});
    publish("order.placed", {{"id", "o-2"}}, "b");
    publish("order.placed", {{"order", "p-1"}}, "c", "parcels");
    EXPECT_THAT(inputs(), UnorderedElementsAre(R"(order v1 {"from":"/shop a","order":"o-1"})",
                                               R"(order v1 {"from":"/shop b","order":"o-2"})",
                                               R"(order v1 {"order":"p-1"})"));
    publish("order.placed", {{"id", "o-1"}}, "a");
    engine.advance(std::chrono::hours{1});
    EXPECT_EQ(inputs().size(), 3u) << "the same event once more";
    // They run as any others do.
    EXPECT_EQ(engine.requests.size(), 3u);
    EXPECT_THAT(body_of(engine.call("GET", "/v1/sagas?status=completed"))["items"].size(), 3u);
}

/// The block of JSON in docs/definitions.md that is named so.
Json documented(const std::string& name) {
    std::ifstream file(SKALD_DOCS "/definitions.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string open = "```json\n";
    const std::size_t at = page.rfind(open, page.find("\"name\": \"" + name + "\"")) + open.size();
    return Json::parse(page.substr(at, page.find("```", at) - at));
}

TEST_F(DefinitionTriggers, StartSagasAsTheReferenceSays) {
    engine.put_definition(documented("order-by-event"));
    publish("order.placed", {{"order_id", "o-1"}, {"items", {"pen"}}});
    EXPECT_THAT(
        inputs(),
        ElementsAre(
            R"(order-by-event v1 {"items":["pen"],"order_id":"o-1","placed_at":"2026-11-21T22:32:28.000Z"})"));
    ASSERT_EQ(engine.requests.size(), 1u);
    const Document found = body_of(engine.call("GET", "/v1/sagas?label=order:o-1"));
    EXPECT_EQ(found["items"].size(), 1u);
}

TEST_F(DefinitionTriggers, StartSagasOfTheLatestVersion) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    publish("order.placed", {{"id", 1}});
    ASSERT_EQ(put({trigger("orders", "order.placed", {{"order", "{$event.data.id}!"}})}).status,
              201);
    publish("order.placed", {{"id", 2}});
    EXPECT_THAT(inputs(),
                UnorderedElementsAre(R"(order v1 {"order":1})", R"(order v2 {"order":"2!"})"));
}

TEST_F(DefinitionTriggers, KeepAnEventThatCanStartNothingUntilTheyAreMended) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    publish("order.placed", {{"number", 1}});
    publish("order.placed", {{"id", 2}});
    EXPECT_THAT(inputs(), ElementsAre(R"(order v1 {"order":2})")) << "others are not held up";
    EXPECT_EQ(row(kPlacedName).failing, 1u);
    ASSERT_EQ(put({trigger("orders", "order.placed",
                           {{"order", "$event.data.id?"}, {"number", "$event.data.number?"}})})
                  .status,
              201);
    engine.advance(std::chrono::hours{1});
    EXPECT_THAT(inputs(), UnorderedElementsAre(R"(order v1 {"order":2})",
                                               R"(order v2 {"number":1,"order":null})"));
    EXPECT_EQ(row(kPlacedName).failing, 0u);
}

TEST_F(DefinitionTriggers, GiveAnEventUpWithTheReason) {
    Json document = definition("order", {step("reserve")});
    document["triggers"] = {kPlaced};
    document["input_schema"] = {{"properties", {{"order", {{"type", "string"}}}}}};
    engine.put_definition(document);
    publish("order.placed", {{"id", 5}});
    for (int i = 0; i < 100 && row(kPlacedName).dead_letters == 0; ++i) {
        engine.advance(std::chrono::minutes{10});
    }
    ASSERT_EQ(row(kPlacedName).dead_letters, 1u);
    const auto letters =
        engine.reader().dead_letters(row(kPlacedName).key, store::Offset{0}, 10).value();
    ASSERT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].attempts, 16u);
    EXPECT_THAT(letters[0].error, HasSubstr("/order"));
    EXPECT_THAT(inputs(), IsEmpty());
}

// ---- What else is done with definitions --------------------------------------------------------

TEST_F(DefinitionTriggers, AreNothingToARehearsal) {
    Json document = definition("order", {step("reserve")});
    const Json plain = {{"definition", document}, {"depth", "singles"}};
    document["triggers"] = {kPlaced};
    const Json triggered = {{"definition", document}, {"depth", "singles"}};
    const Reply reply = engine.call("POST", "/v1/simulate", triggered.dump());
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(body_of(reply)["schedules"],
              body_of(engine.call("POST", "/v1/simulate", plain.dump()))["schedules"]);
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DefinitionTriggers, AreNothingToAReplay) {
    ASSERT_EQ(put({kPlaced}).status, 201);
    publish("order.placed", {{"id", "o-1"}});
    const Document list = body_of(engine.call("GET", "/v1/sagas"));
    ASSERT_EQ(list["items"].size(), 1u);
    const std::string saga = list["items"][0]["id"].get<std::string>();
    const Reply reply =
        engine.call("POST", "/v1/sagas/" + saga + "/replay", R"({"accept_repeats": true})");
    EXPECT_EQ(reply.status, 201) << reply.body;
    engine.settle();
    EXPECT_THAT(inputs(),
                ElementsAre(R"(order v1 {"order":"o-1"})", R"(order v1 {"order":"o-1"})"));
}

TEST_F(DefinitionTriggers, AreTakenByALintWithoutATrace) {
    Json document = definition("order", {step("reserve")});
    document["triggers"] = {kPlaced};
    const Document answer = body_of(engine.call("POST", "/v1/lint", document.dump()));
    EXPECT_EQ(answer["valid"], true);
    EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace skald::api
