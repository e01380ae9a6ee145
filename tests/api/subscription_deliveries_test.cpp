#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/api/subscribing.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class DeliveryRoutes : public Subscribing {};

// ---- Pull --------------------------------------------------------------------------------------

TEST_F(DeliveryRoutes, LeaseEventsUntilTheyAreAcknowledged) {
    subscribe("mail");
    for (const char* id : {"1", "2", "3"}) publish(id);
    const std::vector<Document> two = fetch("mail", {{"limit", 2}});
    ASSERT_THAT(offsets(two), ElementsAre(1, 2));
    EXPECT_EQ(two[0]["attempt"], 1);
    EXPECT_EQ(two[0]["until"], "2026-11-21T22:32:58.000Z");
    EXPECT_EQ(two[0]["event"]["id"], "1");
    EXPECT_THAT(offsets(fetch("mail")), ElementsAre(3));
    EXPECT_THAT(fetch("mail"), IsEmpty());
    EXPECT_EQ(shown("mail")["lag"], 3);
    const Document done = acknowledge("mail", two);
    EXPECT_EQ(done["done"], 2);
    EXPECT_THAT(done["stale"], IsEmpty());
    EXPECT_EQ(shown("mail")["cursor"], 2);
    EXPECT_EQ(shown("mail")["lag"], 1);
    const Document again = acknowledge("mail", two);
    EXPECT_EQ(again["done"], 0);
    EXPECT_EQ(Json(again["stale"]), leases(two));
    // The third one's lease ends by itself.
    engine.advance(std::chrono::seconds{31});
    engine.advance(std::chrono::seconds{10});
    const std::vector<Document> third = fetch("mail");
    ASSERT_THAT(offsets(third), ElementsAre(3));
    EXPECT_EQ(third[0]["attempt"], 2);
}

TEST_F(DeliveryRoutes, CountWhatIsSettledBeyondTheCursor) {
    subscribe("mail");
    for (const char* id : {"1", "2", "3", "4"}) publish(id);
    const std::vector<Document> all = fetch("mail");
    ASSERT_EQ(all.size(), 4u);
    acknowledge("mail", {all[1], all[2]});
    EXPECT_EQ(shown("mail")["cursor"], 0);
    EXPECT_EQ(shown("mail")["lag"], 2);
}

TEST_F(DeliveryRoutes, WaitForEvents) {
    subscribe("mail");
    const Reply waited = engine.call_while("POST", target("mail", "/fetch"), R"({"wait": "20s"})",
                                           [this] { publish("1"); });
    EXPECT_EQ(body_of(waited)["events"][0]["offset"], 1);
    const Reply nothing = engine.call("POST", target("mail", "/fetch"), R"({"wait": "20s"})");
    EXPECT_EQ(nothing.status, 200);
    EXPECT_EQ(nothing.body, R"({"events":[]})");
}

TEST_F(DeliveryRoutes, LeaseNothingToWhoHasGone) {
    subscribe("mail");
    engine.call_and_leave("POST", target("mail", "/fetch"), R"({"wait": "20s"})");
    publish("1");
    EXPECT_THAT(offsets(fetch("mail")), ElementsAre(1));
}

TEST_F(DeliveryRoutes, KeepTheOrderOfASubject) {
    subscribe("mail");
    publish("1", "a");
    publish("2", "a");
    publish("3", "b");
    const std::vector<Document> first = fetch("mail");
    EXPECT_THAT(offsets(first), ElementsAre(1, 3));
    acknowledge("mail", {first[0]});
    EXPECT_THAT(offsets(fetch("mail")), ElementsAre(2));
}

TEST_F(DeliveryRoutes, PassOverWhatTheyDoNotWant) {
    Json document = kPull;
    document["filter"] = {{"type", {{"prefix", "order."}}}};
    subscribe("mail", document);
    publish("1", "", "order.placed");
    publish("2", "", "bill.paid");
    publish("3", "", "order.paid");
    EXPECT_THAT(offsets(fetch("mail")), ElementsAre(1, 3));
}

TEST_F(DeliveryRoutes, ExtendLeases) {
    subscribe("mail");
    publish("1");
    const std::vector<Document> events = fetch("mail");
    EXPECT_EQ(answer("mail", "/extend", {{"leases", leases(events)}, {"by", "5m"}})["done"], 1);
    engine.advance(std::chrono::seconds{60});
    EXPECT_EQ(acknowledge("mail", events)["done"], 1);
    EXPECT_EQ(answer("mail", "/extend", {{"leases", leases(events)}, {"by", "5m"}})["done"], 0);
}

TEST_F(DeliveryRoutes, TakeOnlyWhatIsALease) {
    subscribe("mail");
    const auto pointer = [this](const Json& body, const std::string& part = "/ack") {
        const Reply reply = post("mail", part, body);
        EXPECT_EQ(reply.status, 400) << reply.body;
        const Document problem = body_of(reply);
        return problem.contains("errors") ? problem["errors"][0]["pointer"].get<std::string>()
                                          : problem["detail"].get<std::string>();
    };
    EXPECT_EQ(pointer(Json::object()), "/leases");
    EXPECT_EQ(pointer({{"leases", "1-1"}}), "/leases");
    EXPECT_EQ(pointer({{"leases", Json::array()}}), "/leases");
    EXPECT_EQ(pointer({{"leases", Json(std::vector<std::string>(1'001, "1-1"))}}), "/leases");
    for (const char* lease : {"", "1", "-1", "1-", "0-1", "1-x", "01-1", "1-01", "1-F", "1-1 ",
                              "99999999999999999999-1"}) {
        EXPECT_EQ(pointer({{"leases", {"1-1", lease}}}), "/leases/1") << lease;
    }
    EXPECT_EQ(pointer({{"leases", {1}}}), "/leases/0");
    EXPECT_EQ(pointer({{"leases", {"1-1"}}, {"error", std::string(1'001, 'x')}}, "/nack"),
              "/error");
    EXPECT_EQ(pointer({{"leases", {"1-1"}}}, "/extend"), "/by");
    EXPECT_EQ(pointer({{"leases", {"1-1"}}, {"by", "13h"}}, "/extend"), "/by");
    EXPECT_EQ(pointer({{"leases", {"1-1"}}, {"by", "1ms"}}, "/extend"), "/by");
    EXPECT_EQ(pointer({{"limit", 0}}, "/fetch"), "/limit");
    EXPECT_EQ(pointer({{"limit", 1'001}}, "/fetch"), "/limit");
    EXPECT_EQ(pointer({{"wait", "61s"}}, "/fetch"), "/wait");
    EXPECT_EQ(answer("mail", "/ack", {{"leases", {"1-1"}}})["stale"], Document({"1-1"}));
}

TEST_F(DeliveryRoutes, GiveNothingToFetchWhereTheyArePushed) {
    subscribe("hook", push_to("http://127.0.0.1:9000/events"));
    for (const auto& [part, body] : std::vector<std::pair<std::string, Json>>{
             {"/fetch", Json::object()}, {"/ack", {{"leases", {"1-1"}}}}}) {
        const Reply refused = post("hook", part, body);
        EXPECT_EQ(refused.status, 409) << part;
        EXPECT_THAT(refused.body, HasSubstr("has no \\\"pull\\\"")) << part;
    }
}

// ---- Push --------------------------------------------------------------------------------------

TEST_F(DeliveryRoutes, PushEventsSigned) {
    subscribe("hook", push_to("http://127.0.0.1:9000/events?of=shop"));
    publish("1", "o-1");
    ASSERT_EQ(engine.requests.size(), 1u);
    const sagas::Request& sent = engine.requests.front();
    EXPECT_EQ(sent.method, "POST");
    EXPECT_EQ(sent.target, "/events?of=shop");
    EXPECT_EQ(header_of(sent, "Content-Type"), "application/cloudevents+json");
    EXPECT_EQ(header_of(sent, "webhook-id"), "hook/1");
    EXPECT_THAT(header_of(sent, "webhook-signature"), StartsWith("v1,"));
    EXPECT_EQ(Json::parse(sent.body)["subject"], "o-1");
    EXPECT_EQ(shown("hook")["cursor"], 1);
    EXPECT_EQ(shown("hook")["lag"], 0);
}

TEST_F(DeliveryRoutes, TellWhatFails) {
    engine.participants = [](const sagas::Request&) { return reply(500, "broken"); };
    Json document = push_to("http://127.0.0.1:9000/events");
    document["maximum_attempts"] = 2;
    document["retry"] = {{"jitter", 0}};
    subscribe("hook", document);
    publish("1");
    EXPECT_EQ(shown("hook")["failing"], 1);
    engine.advance(std::chrono::seconds{1});
    EXPECT_EQ(engine.requests.size(), 2u);
    EXPECT_EQ(shown("hook")["failing"], 0);
    EXPECT_EQ(shown("hook")["dead_letters"], 1);
    const Document letter =
        body_of(engine.call("GET", target("hook", "/dead-letters")))["dead_letters"][0];
    EXPECT_EQ(letter["offset"], 1);
    EXPECT_EQ(letter["attempts"], 2);
    EXPECT_THAT(letter["error"].get<std::string>(), HasSubstr("500"));
    EXPECT_EQ(letter["revived"], false);
    EXPECT_EQ(letter["event"]["id"], "1");
    engine.participants = nullptr;
    EXPECT_EQ(answer("hook", "/dead-letters/replay", {{"all", true}})["done"], 1);
    EXPECT_EQ(engine.requests.size(), 3u);
    EXPECT_EQ(header_of(engine.requests.back(), "webhook-id"), "hook/1");
    EXPECT_EQ(shown("hook")["dead_letters"], 0);
}

// ---- Dead letters, and replays -----------------------------------------------------------------

TEST_F(DeliveryRoutes, KeepDeadLettersUntilSomebodySettlesThem) {
    Json document = kPull;
    document["maximum_attempts"] = 1;
    subscribe("mail", document);
    for (const char* id : {"1", "2", "3", "4"}) publish(id);
    for (int i = 0; i < 4; ++i) bury_next("mail");
    EXPECT_THAT(dead("mail"), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(dead("mail", "?after=1&limit=2"), ElementsAre(2, 3));
    EXPECT_THAT(dead("mail", "?after=4"), IsEmpty());
    EXPECT_EQ(shown("mail")["dead_letters"], 4);
    const Document page = body_of(engine.call("GET", target("mail", "/dead-letters?limit=2")));
    EXPECT_EQ(page["next"], 2);
    EXPECT_EQ(page["dead_letters"][0]["error"], "no such customer");
    EXPECT_EQ(page["dead_letters"][0]["event"]["id"], "1");
    EXPECT_EQ(body_of(engine.call("GET", target("mail", "/dead-letters?after=4")))["next"], 4);

    EXPECT_EQ(answer("mail", "/dead-letters/discard", {{"offsets", {2, 2, 77}}})["done"], 1);
    EXPECT_THAT(dead("mail"), ElementsAre(1, 3, 4));
    EXPECT_EQ(answer("mail", "/dead-letters/replay", {{"offsets", {3}}})["done"], 1);
    const std::vector<Document> revived = fetch("mail");
    ASSERT_THAT(offsets(revived), ElementsAre(3));
    EXPECT_EQ(revived[0]["attempt"], 1);
    EXPECT_EQ(
        body_of(engine.call("GET", target("mail", "/dead-letters")))["dead_letters"][1]["revived"],
        true);
    acknowledge("mail", revived);
    EXPECT_THAT(dead("mail"), ElementsAre(1, 4));
    EXPECT_EQ(answer("mail", "/dead-letters/discard", {{"all", true}})["done"], 2);
    EXPECT_THAT(dead("mail"), IsEmpty());
    EXPECT_EQ(answer("mail", "/dead-letters/replay", {{"all", true}})["done"], 0);
}

TEST_F(DeliveryRoutes, SettleMoreDeadLettersThanFitIntoACommit) {
    Json document = kPull;
    document["maximum_attempts"] = 1;
    subscribe("mail", document);
    for (int id = 1; id <= 250; ++id) publish(std::to_string(id));
    while (true) {
        const std::vector<Document> some = fetch("mail", {{"limit", 1'000}});
        if (some.empty()) break;
        answer("mail", "/nack", {{"leases", leases(some)}});
    }
    EXPECT_EQ(shown("mail")["dead_letters"], 250);
    EXPECT_EQ(answer("mail", "/dead-letters/replay", {{"all", true}})["done"], 250);
    EXPECT_EQ(answer("mail", "/dead-letters/replay", {{"all", true}})["done"], 0);
    EXPECT_EQ(answer("mail", "/dead-letters/discard", {{"all", true}})["done"], 250);
    EXPECT_EQ(shown("mail")["dead_letters"], 0);
}

TEST_F(DeliveryRoutes, AreToldWhichDeadLetters) {
    subscribe("mail");
    for (const Json& body : std::vector<Json>{Json::object(),
                                              {{"all", false}},
                                              {{"all", true}, {"offsets", {1}}},
                                              {{"offsets", Json::array()}},
                                              {{"offsets", {0}}},
                                              {{"offsets", {"1"}}},
                                              {{"offset", {1}}}}) {
        EXPECT_EQ(post("mail", "/dead-letters/discard", body).status, 400) << body;
    }
    EXPECT_EQ(engine.call("GET", target("mail", "/dead-letters?after=x")).status, 400);
    EXPECT_EQ(engine.call("GET", target("mail", "/dead-letters?limit=1001")).status, 400);
}

TEST_F(DeliveryRoutes, AreReplayedFromAPlace) {
    subscribe("mail");
    for (const char* id : {"1", "2", "3"}) publish(id);
    acknowledge("mail", fetch("mail"));
    EXPECT_EQ(shown("mail")["lag"], 0);
    EXPECT_EQ(answer("mail", "/replay", {{"from", 1}})["behind"], 1);
    EXPECT_EQ(shown("mail")["lag"], 2);
    EXPECT_THAT(offsets(fetch("mail")), ElementsAre(2, 3));
    EXPECT_EQ(answer("mail", "/replay", {{"from", "start"}})["behind"], 0);
    EXPECT_THAT(offsets(fetch("mail")), ElementsAre(1, 2, 3));
    EXPECT_EQ(answer("mail", "/replay", {{"from", "end"}})["behind"], 3);
    EXPECT_THAT(fetch("mail"), IsEmpty());
    EXPECT_EQ(answer("mail", "/replay", {{"from", 99}})["behind"], 3);
    EXPECT_EQ(answer("mail", "/replay", {{"from", "2026-11-21T22:32:28Z"}})["behind"], 0);
    for (const Json& body :
         std::vector<Json>{Json::object(), {{"from", "later"}}, {{"from", -1}}, {{"to", 1}}}) {
        const Reply refused = post("mail", "/replay", body);
        EXPECT_EQ(refused.status, 400) << body;
        EXPECT_THAT(refused.body, HasSubstr("from")) << body;
    }
}

TEST_F(DeliveryRoutes, OfWhatSagasDo) {
    subscribe("stuck", {{"topic", "skald.sagas"},
                        {"filter", {{"type", "dev.skald.saga.completed"}}},
                        {"pull", Json::object()}});
    engine.put_definition(definition("order", {step("reserve")}));
    EXPECT_EQ(engine
                  .call("POST", "/v1/sagas",
                        R"({"definition": "order", "id": "o-1", "input": {"order": 1}})")
                  .status,
              201);
    engine.settle();
    const std::vector<Document> events = fetch("stuck");
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0]["event"]["subject"], "o-1");
    acknowledge("stuck", events);
    EXPECT_EQ(shown("stuck")["lag"], 0);
    EXPECT_EQ(answer("stuck", "/replay", {{"from", "start"}})["behind"], 0);
    EXPECT_EQ(offsets(fetch("stuck")), offsets(events));
}

}  // namespace
}  // namespace skald::api
