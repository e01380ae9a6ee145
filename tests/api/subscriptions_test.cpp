#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/api/subscribing.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class SubscriptionRoutes : public Subscribing {};

// ---- Documents ---------------------------------------------------------------------------------

TEST_F(SubscriptionRoutes, AreMadeAndChanged) {
    const Reply made = put("mail", kPull);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(header_of(made, "ETag"), "\"v1\"");
    EXPECT_EQ(header_of(made, "Location"), "/v1/subscriptions/mail");
    const Document document = body_of(made);
    EXPECT_EQ(document["name"], "mail");
    EXPECT_EQ(document["topic"], "orders");
    EXPECT_EQ(document["version"], 1);
    EXPECT_EQ(document["created_at"], "2026-11-21T22:32:28.000Z");
    EXPECT_EQ(document["cursor"], 0);
    EXPECT_EQ(document["lag"], 0);
    EXPECT_EQ(document["failing"], 0);
    EXPECT_EQ(document["dead_letters"], 0);
    EXPECT_EQ(Json(document["document"]), kPull);
    EXPECT_FALSE(document.contains("owner"));

    EXPECT_EQ(put("mail", kPull).status, 200);
    Json other = kPull;
    other["pull"]["visibility"] = "1m";
    const Reply changed = put("mail", other);
    EXPECT_EQ(changed.status, 201) << changed.body;
    EXPECT_EQ(header_of(changed, "ETag"), "\"v2\"");
    EXPECT_EQ(header_of(engine.call("GET", target("mail")), "ETag"), "\"v2\"");
    EXPECT_EQ(Json(shown("mail")["document"]), other);
}

TEST_F(SubscriptionRoutes, AreGuardedAgainstLostUpdates) {
    EXPECT_EQ(put("mail", kPull, {{"if-match", "*"}}).status, 412);
    EXPECT_EQ(put("mail", kPull, {{"if-none-match", "*"}}).status, 201);
    EXPECT_EQ(put("mail", kPull, {{"if-none-match", "*"}}).status, 412);
    Json other = kPull;
    other["maximum_attempts"] = 3;
    EXPECT_EQ(put("mail", other, {{"if-match", "\"v2\""}}).status, 412);
    EXPECT_EQ(put("mail", other, {{"if-match", "\"v1\""}}).status, 201);
    const Reply stale = put("mail", kPull, {{"if-match", "\"v1\""}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_THAT(stale.body, HasSubstr("version of subscription mail is 2"));
    EXPECT_EQ(engine.call("DELETE", target("mail"), "", {{"if-match", "\"v1\""}}).status, 412);
    EXPECT_EQ(engine.call("DELETE", target("mail"), "", {{"if-match", "\"v2\""}}).status, 204);
}

TEST_F(SubscriptionRoutes, AreDeleted) {
    EXPECT_EQ(type_of(engine.call("DELETE", target("mail"))), "subscription-not-found");
    subscribe("mail");
    EXPECT_EQ(engine.call("DELETE", target("mail")).status, 204);
    EXPECT_EQ(type_of(engine.call("GET", target("mail"))), "subscription-not-found");
    EXPECT_EQ(type_of(post("mail", "/fetch", Json::object())), "subscription-not-found");
    for (const char* part : {"/dead-letters/replay", "/dead-letters/discard"}) {
        EXPECT_EQ(type_of(post("mail", part, {{"all", true}})), "subscription-not-found");
    }
    EXPECT_EQ(type_of(post("mail", "/replay", {{"from", "end"}})), "subscription-not-found");
    EXPECT_EQ(type_of(engine.call("GET", target("mail", "/dead-letters"))),
              "subscription-not-found");
}

TEST_F(SubscriptionRoutes, AreNamedByARule) {
    for (const char* name : {"Mail", "1mail", "ma%20il", "-x"}) {
        const Reply refused = put(name, kPull);
        EXPECT_EQ(refused.status, 400) << name;
        EXPECT_THAT(refused.body, HasSubstr("subscription name: must be 1 to 127")) << name;
    }
    EXPECT_EQ(put("trigger:a:b:c", kPull).status, 400);
    EXPECT_EQ(put("s" + std::string(126, 'x'), kPull).status, 201);
    EXPECT_EQ(put("s" + std::string(127, 'x'), kPull).status, 400);
}

TEST_F(SubscriptionRoutes, RefuseWhatIsWrongWithTheirDocuments) {
    const auto faults = [this](const Json& document) {
        const Reply reply = put("mail", document);
        EXPECT_EQ(reply.status, 422) << reply.body;
        EXPECT_EQ(type_of(reply), "invalid-subscription");
        std::string text;
        const Document problem = body_of(reply);
        for (const Document& error : problem["errors"]) {
            text +=
                error["pointer"].get<std::string>() + " " + error["code"].get<std::string>() + ";";
        }
        return text;
    };
    EXPECT_EQ(faults(Json::array()), " wrong-type;");
    EXPECT_THAT(faults({{"pull", Json::object()}}), HasSubstr("missing-field;"));
    EXPECT_THAT(faults({{"topic", "orders"}}), HasSubstr("missing-field;"));
    EXPECT_EQ(faults({{"topic", "Orders"}, {"pull", Json::object()}}), "/topic bad-name;");
    EXPECT_EQ(faults({{"topic", "skald.other"}, {"pull", Json::object()}}), "/topic bad-name;");
    EXPECT_THAT(faults({{"topic", "orders"}, {"pull", Json::object()}, {"from", "later"}}),
                HasSubstr("/from "));
    EXPECT_THAT(faults({{"topic", "orders"}, {"pul", Json::object()}}),
                HasSubstr("/pul unknown-field;"));
    EXPECT_THAT(faults({{"topic", "orders"}, {"start", {{"definition", "order"}}}}),
                HasSubstr("unknown-field;"));
    Json push = push_to("https://shop.example/events");
    push["push"]["secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    EXPECT_EQ(faults(push), "/push/secret literal-secret;");
    push["push"]["secret"] = "$secrets.NONE";
    EXPECT_EQ(faults(push), "/push/secret no-secret;");
    EXPECT_THAT(put("mail", push).body, HasSubstr("SKALD_SECRET_NONE"));
    push["push"]["secret"] = "$secrets.LONG";  // It is there, but no key of a web hook.
    EXPECT_EQ(faults(push), "/push/secret bad-secret;");
    EXPECT_THAT(put("mail", push).body, testing::Not(HasSubstr("s3cret")));
    EXPECT_EQ(engine.call("PUT", target("mail"), "{").status, 400);
    EXPECT_EQ(engine.call("GET", target("mail")).status, 404);
}

TEST_F(SubscriptionRoutes, KeepTheirTopic) {
    subscribe("mail");
    Json other = kPull;
    other["topic"] = "bills";
    const Reply refused = put("mail", other);
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(refused.body, HasSubstr("Subscription mail is one of topic orders"));
    EXPECT_EQ(shown("mail")["topic"], "orders");
}

TEST_F(SubscriptionRoutes, BeginWhereTheySay) {
    publish("1");
    publish("2");
    engine.advance(std::chrono::seconds{1});
    publish("3");
    const auto begin = [this](const std::string& name, const Json& from) {
        Json document = kPull;
        document["from"] = from;
        subscribe(name, document);
        return shown(name)["cursor"].get<std::int64_t>();
    };
    EXPECT_EQ(begin("a", "start"), 0);
    EXPECT_EQ(begin("b", "end"), 3);
    EXPECT_EQ(begin("c", 2), 2);
    EXPECT_EQ(begin("d", 1'000), 3);  // What comes is not passed over.
    EXPECT_EQ(begin("e", "2026-11-21T22:32:28.500Z"), 2);
    EXPECT_EQ(begin("f", "2026-11-21T22:00:00Z"), 0);
    Json silent = kPull;
    silent.erase("from");
    subscribe("g", silent);
    EXPECT_EQ(shown("g")["cursor"], 3);
    // It counts once: one that is there goes on where it is.
    silent["from"] = "start";
    EXPECT_EQ(put("g", silent).status, 201);
    EXPECT_EQ(shown("g")["cursor"], 3);
    EXPECT_EQ(shown("a")["lag"], 3);
    EXPECT_EQ(shown("c")["lag"], 1);
}

TEST_F(SubscriptionRoutes, AreListedByName) {
    for (const char* name : {"c", "a", "b"}) subscribe(name);
    publish("1");
    const Document all = body_of(engine.call("GET", "/v1/subscriptions"));
    ASSERT_EQ(all["items"].size(), 3u);
    EXPECT_EQ(all["items"][0]["name"], "a");
    EXPECT_EQ(all["items"][2]["lag"], 1);
    EXPECT_EQ(all["items"][2]["document"]["topic"], "orders");
    const Document page = body_of(engine.call("GET", "/v1/subscriptions?limit=2"));
    ASSERT_EQ(page["items"].size(), 2u);
    const Document rest = body_of(engine.call(
        "GET", "/v1/subscriptions?limit=2&cursor=" + page["next_cursor"].get<std::string>()));
    ASSERT_EQ(rest["items"].size(), 1u);
    EXPECT_EQ(rest["items"][0]["name"], "c");
    EXPECT_FALSE(rest.contains("next_cursor"));
}

// ---- What tells of them ------------------------------------------------------------------------

TEST_F(SubscriptionRoutes, AreMeasured) {
    Json document = kPull;
    document["maximum_attempts"] = 1;
    subscribe("mail", document);
    for (const char* id : {"1", "2", "3"}) publish(id);
    bury_next("mail");
    acknowledge("mail", fetch("mail", {{"limit", 1}}));
    const std::string metrics = engine.call("GET", "/metrics").body;
    EXPECT_THAT(metrics, HasSubstr("skald_subscription_lag{subscription=\"mail\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("skald_subscription_dead_letters{subscription=\"mail\"} 1\n"));
    EXPECT_THAT(
        metrics,
        HasSubstr("skald_event_deliveries_total{outcome=\"dead\",subscription=\"mail\"} 1"));
    EXPECT_THAT(
        metrics,
        HasSubstr("skald_event_deliveries_total{outcome=\"delivered\",subscription=\"mail\"} 1"));
    ASSERT_EQ(engine.call("DELETE", target("mail")).status, 204);
    EXPECT_THAT(engine.call("GET", "/metrics").body,
                testing::Not(HasSubstr("skald_subscription_lag{")));
}

TEST_F(SubscriptionRoutes, AreTheDoctorsConcern) {
    const auto check = [this](const char* name) {
        const Document report = body_of(engine.call("GET", "/v1/doctor"));
        for (const Document& each : report["checks"]) {
            if (each["name"] == name) {
                return each["status"].get<std::string>() + ": " + each["detail"].get<std::string>();
            }
        }
        return std::string();
    };
    EXPECT_EQ(check("dead_letters"), "");
    Json document = kPull;
    document["maximum_attempts"] = 1;
    subscribe("mail", document);
    subscribe("other");
    EXPECT_EQ(check("dead_letters"), "ok: 0 dead letters of 2 subscriptions");
    publish("1");
    bury_next("mail");
    EXPECT_EQ(check("dead_letters"), "warning: 1 dead letter of 2 subscriptions: mail");
    subscribe("hook", push_to("http://127.0.0.1:9000/events"));
    EXPECT_EQ(check("secrets"), "ok: all there that are needed: 1");
}

TEST_F(SubscriptionRoutes, TellWhereTheyAreBusy) {
    subscribe("mail");
    engine.refuse_commands(engine::Busy::Why::Draining);
    EXPECT_EQ(type_of(put("other", kPull)), "draining");
    EXPECT_EQ(type_of(post("mail", "/fetch", Json::object())), "draining");
    EXPECT_EQ(type_of(post("mail", "/fetch", {{"wait", "1s"}})), "draining");
    EXPECT_EQ(type_of(post("mail", "/ack", {{"leases", {"1-1"}}})), "draining");
    EXPECT_EQ(type_of(post("mail", "/replay", {{"from", "end"}})), "draining");
    EXPECT_EQ(type_of(engine.call("DELETE", target("mail"))), "draining");
}

}  // namespace
}  // namespace skald::api
