#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

/// What is shown of steps that publish events and wait for them.
namespace skald::api {
namespace {

using sagas::Json;
using sagas::Milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// As docs/events.md has it.
const char* const kPurchase = R"({
  "name": "purchase",
  "steps": [
    {"name": "reserve",
     "action": {"event": {
       "topic": "stock.commands", "type": "reserve", "subject": "$input.order_id",
       "data": {"items": "$input.items"},
       "reply": {"topic": "stock.events", "success": {"type": "reserved"},
                 "failure": {"type": ["rejected", "unknown"]}, "timeout": "1h"}}},
     "compensation": {"event": {"topic": "stock.commands", "type": "release",
                                "data": {"key": "$action_key"}}}},
    {"name": "charge",
     "action": {"event": {
       "topic": "bank.commands", "type": "charge",
       "data": {"order_id": "$input.order_id", "reservation": "$steps.reserve.output.id"},
       "reply": {"topic": "bank.events", "success": {"type": "charged"},
                 "match": {"event": "$event.data.order_id", "saga": "$input.order_id"}}}},
     "compensation": {"event": {
       "topic": "bank.commands", "type": "refund",
       "reply": {"topic": "bank.events", "success": {"type": "refunded"}, "timeout": "1h"}}}},
    {"name": "fetch",
     "action": {"wait": {"event": {"topic": "counter", "success": {"type": "fetched"},
                                   "timeout": "14d"}}}}
  ]
})";

class EventSteps : public testing::Test {
 protected:
    EventSteps() { engine.put_definition(Json::parse(kPurchase)); }

    void start(const std::string& id) {
        const Json body = {{"definition", "purchase"},
                           {"id", id},
                           {"input", {{"order_id", "o-" + id}, {"items", {"pen"}}}}};
        const Reply reply = engine.call("POST", "/v1/sagas", body.dump());
        ASSERT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    void publish(const std::string& topic, Json event) {
        event["specversion"] = "1.0";
        event["source"] = "/test";
        event["id"] = std::to_string(++published);
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        ASSERT_EQ(reply.status, 202) << reply.body;
        engine.settle();
    }
    void reserve(const std::string& id) {
        publish("stock.events", {{"type", "reserved"},
                                 {"sagaid", id},
                                 {"sagastep", "reserve"},
                                 {"data", {{"id", "r-1"}}}});
    }
    void charge(const std::string& id) {
        publish("bank.events", {{"type", "charged"}, {"data", {{"order_id", "o-" + id}}}});
    }
    Document saga(const std::string& id) { return body_of(engine.call("GET", "/v1/sagas/" + id)); }
    Document plan(const std::string& id) {
        return body_of(engine.call("GET", "/v1/sagas/" + id + "/plan"));
    }
    Document history(const std::string& id) {
        return body_of(engine.call("GET", "/v1/sagas/" + id + "/history"))["items"];
    }
    Document events(const std::string& topic) {
        return body_of(engine.call("GET", "/v1/topics/" + topic + "/events"))["events"];
    }

    EngineInMemory engine;
    int published = 0;
};

TEST_F(EventSteps, ShowWhatTheyPublishedAndWaitFor) {
    start("a");
    const Document shown = saga("a");
    EXPECT_EQ(shown["waiting_for"],
              Document({"reply on stock.events to step reserve until 2026-11-21T23:32:28.000Z"}));
    const Document& step = shown["steps"][0];
    EXPECT_EQ(step["status"], "waiting");
    EXPECT_EQ(step["event_until"], "2026-11-21T23:32:28.000Z");
    EXPECT_FALSE(step.contains("callback_until"));
    EXPECT_EQ(step["input"], Document({{"items", {"pen"}}}));
    const Document row = history("a")[0];
    EXPECT_EQ(row["changes"][0]["event_until"], "2026-11-21T23:32:28.000Z");

    const Document command = events("stock.commands")[0]["event"];
    EXPECT_EQ(command["type"], "reserve");
    EXPECT_EQ(command["sagaid"], "a");
    EXPECT_EQ(command["sagakey"], "a/reserve/action");
    EXPECT_EQ(command["data"], Document({{"items", {"pen"}}}));
}

TEST_F(EventSteps, ShowByWhichEventTheyWereSettled) {
    start("a");
    reserve("a");
    charge("a");
    EXPECT_EQ(saga("a")["waiting_for"],
              Document({"event on counter for step fetch until 2026-12-05T22:32:28.000Z"}));
    publish("counter", {{"type", "fetched"}, {"sagaid", "a"}, {"sagastep", "fetch"}});
    EXPECT_EQ(saga("a")["status"], "completed");
    std::vector<std::string> settled;
    for (const Document& row : history("a")) {
        if (!row.contains("event")) continue;
        EXPECT_EQ(row["type"], "called_back");
        settled.push_back(row["step"].get<std::string>() + " " + row["event"].dump());
    }
    EXPECT_THAT(settled, ElementsAre(R"(reserve {"topic":"stock.events","offset":1})",
                                     R"(charge {"topic":"bank.events","offset":1})",
                                     R"(fetch {"topic":"counter","offset":1})"));
    EXPECT_EQ(saga("a")["steps"][0]["output"], Document({{"id", "r-1"}}));
}

TEST_F(EventSteps, ShowWhatComesTooLate) {
    start("a");
    reserve("a");
    charge("a");
    charge("a");
    const Document late = history("a").back();
    EXPECT_EQ(late["type"], "late");
    EXPECT_EQ(late["step"], "charge");
    EXPECT_EQ(late["event"], Document({{"topic", "bank.events"}, {"offset", 2}}));
    EXPECT_THAT(engine.call("GET", "/metrics").body, HasSubstr("skald_event_hits_total 3\n"));
}

TEST_F(EventSteps, ArePlanned) {
    start("a");
    const Document first = plan("a");
    ASSERT_EQ(first["forward"].size(), 3u);
    EXPECT_EQ(first["forward"][0]["event"], Document({{"topic", "stock.commands"},
                                                      {"type", "reserve"},
                                                      {"subject", "o-a"},
                                                      {"data", {{"items", {"pen"}}}}}));
    EXPECT_EQ(first["forward"][0]["awaits"], Document({{"topic", "stock.events"},
                                                       {"success", {"reserved"}},
                                                       {"failure", {"rejected", "unknown"}}}));
    EXPECT_EQ(first["forward"][0]["key"], "a/reserve/action");
    const Document& charge_entry = first["forward"][1];
    EXPECT_EQ(charge_entry["event"], Document({{"topic", "bank.commands"}, {"type", "charge"}}));
    EXPECT_THAT(charge_entry["unknown_yet"].get<std::string>(), HasSubstr("reserve"));
    EXPECT_EQ(charge_entry["awaits"]["match"], "$event.data.order_id");
    EXPECT_EQ(first["forward"][2]["awaits"],
              Document({{"topic", "counter"}, {"success", {"fetched"}}}));
    EXPECT_EQ(first["forward"][2]["for"], "14d");
    EXPECT_FALSE(first["forward"][2].contains("key"));
    // What is in flight counts as done.
    ASSERT_EQ(first["undo"].size(), 1u);
    EXPECT_EQ(first["undo"][0]["event"], Document({{"topic", "stock.commands"},
                                                   {"type", "release"},
                                                   {"data", {{"key", "a/reserve/action"}}}}));

    reserve("a");
    charge("a");
    const Document second = plan("a");
    ASSERT_EQ(second["forward"].size(), 1u);
    EXPECT_EQ(second["forward"][0]["event_until"], "2026-12-05T22:32:28.000Z");
    std::vector<std::string> undo;
    for (const Document& entry : second["undo"]) undo.push_back(entry["key"]);
    EXPECT_THAT(undo, ElementsAre("a/charge/compensation", "a/reserve/compensation"));
    EXPECT_FALSE(second.contains("no_undo"));
}

TEST_F(EventSteps, ArePlannedOnTheirWayBack) {
    start("a");
    reserve("a");
    charge("a");
    EXPECT_EQ(engine.call("POST", "/v1/sagas/a/cancel", "{}").status, 202);
    engine.settle();
    const Document shown = plan("a");
    EXPECT_EQ(shown["waiting_for"][0].get<std::string>().substr(0, 54),
              "reply on bank.events to the compensation of step charg");
    ASSERT_EQ(shown["undo"].size(), 2u) << shown.dump(1);
    EXPECT_EQ(shown["undo"][0]["step"], "charge");
    EXPECT_EQ(shown["undo"][0]["event_until"], "2026-11-21T23:32:28.000Z");
    EXPECT_EQ(shown["undo"][1]["step"], "reserve");
    publish("bank.events", {{"type", "refunded"},
                            {"sagaid", "a"},
                            {"sagastep", "charge"},
                            {"sagaphase", "compensation"}});
    EXPECT_EQ(saga("a")["status"], "compensated");
    EXPECT_THAT(events("stock.commands"), testing::SizeIs(2));
}

TEST_F(EventSteps, AreReplayed) {
    start("a");
    publish("stock.events", {{"type", "rejected"},
                             {"sagaid", "a"},
                             {"sagastep", "reserve"},
                             {"data", {{"reason", "no pens"}}}});
    const Document shown = saga("a");
    EXPECT_EQ(shown["status"], "compensated");
    EXPECT_THAT(shown["steps"][0]["error"].get<std::string>(), HasSubstr("no pens"));
    const Document dry = body_of(engine.call("POST", "/v1/sagas/a/replay", R"({"dry_run": true})"));
    ASSERT_TRUE(dry.contains("calls")) << dry.dump(1);
    EXPECT_EQ(dry["calls"][0]["event"],
              Document({{"topic", "stock.commands"}, {"type", "reserve"}}));
    EXPECT_EQ(dry["calls"][0]["ran_before"], true);
    EXPECT_TRUE(dry["calls"][2].contains("wait"));
}

/// Events are looked for by the paths that definitions have, from their registration on.
TEST_F(EventSteps, FindEventsThatCameBefore) {
    charge("a");
    start("a");
    reserve("a");
    EXPECT_EQ(saga("a")["steps"][1]["status"], "succeeded");
    EXPECT_EQ(history("a").back()["event"], Document({{"topic", "bank.events"}, {"offset", 1}}));
}

}  // namespace
}  // namespace skald::api
