#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/waiting_sagas.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(SagaWaits, HavePlansOfWhatIsToComeAndWhatWouldBeUndone) {
    engine.put_definition(definition("payment", {step("charge")}));
    Json ask = step("ask");
    ask["action"]["http"]["reply"] = "callback";
    ask["action"]["http"]["headers"] = {{"X-Key", "$secrets.CARD"}};
    Json send = step("send");
    send["for_each"] = "$input.items";
    Json tell = step("tell");
    tell["action"]["http"]["body"] = {{"id", "$steps.ask.output.id"}};
    engine.put_definition(definition("order", {step("reserve"), child_step("pay", "payment"), ask,
                                               pause("pause", {{"for", "10m"}}), send, tell}));
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        return request.target == "/ask" ? reply(202) : reply(200, Json::object());
    };
    expect_started("order", "a", {{"order", 7}, {"items", {1, 2, 3}}});
    const Document plan = this->plan("a");
    EXPECT_THAT(steps_of(plan["forward"]), ElementsAre("ask", "pause", "send", "tell"));
    const Document& asked = plan["forward"][0];
    EXPECT_EQ(asked["url"], "http://127.0.0.1:9000/ask");
    EXPECT_EQ(asked["key"], "a/ask/action");
    EXPECT_EQ(asked["headers"]["Skald-Callback"], "***");
    EXPECT_EQ(asked["headers"]["X-Key"], "***");
    EXPECT_EQ(asked["body"], Document::parse(R"({"order": 7})"));
    EXPECT_EQ(plan["forward"][1]["for"], "10m");
    EXPECT_EQ(plan["forward"][2]["for_each"], "$input.items");
    EXPECT_EQ(plan["forward"][2]["elements"], 3);
    EXPECT_THAT(plan["forward"][3]["unknown_yet"].get<std::string>(), HasSubstr("$steps.ask"));

    EXPECT_THAT(steps_of(plan["undo"]), ElementsAre("ask", "pay", "reserve"));
    EXPECT_EQ(plan["undo"][0]["key"], "a/ask/compensation");
    EXPECT_EQ(plan["undo"][1]["child"]["id"], "a.pay");
    EXPECT_EQ(plan["undo"][1]["child"]["status"], "completed");
    EXPECT_EQ(plan["undo"][2]["url"], "http://127.0.0.1:9000/undo-reserve");
    // It is true.
    const std::size_t before = engine.requests.size();
    EXPECT_LT(engine.call("POST", "/v1/sagas/a/cancel", "{}").status, 300);
    engine.settle();
    std::vector<std::string> targets;
    for (std::size_t i = before; i < engine.requests.size(); ++i) {
        targets.push_back(engine.requests[i].target);
    }
    EXPECT_THAT(targets, ElementsAre("/undo-ask", "/undo-charge", "/undo-reserve"));
    const Document ended = this->plan("a");
    EXPECT_TRUE(ended["forward"].empty());
    EXPECT_TRUE(ended["undo"].empty());
}

TEST_F(SagaWaits, PlanNoUndoPastThePivot) {
    Json ship = step("ship");
    ship["pivot"] = true;
    Json tell = step("tell");
    tell.erase("compensation");
    engine.put_definition(definition("order", {step("reserve"), ship, tell}));
    hold({"/tell"});
    expect_started("order", "a");
    const Document plan = this->plan("a");
    EXPECT_THAT(steps_of(plan["forward"]), ElementsAre("tell"));
    EXPECT_TRUE(plan["undo"].empty());
    EXPECT_THAT(plan["no_undo"].get<std::string>(), HasSubstr("pivot"));
}

TEST_F(SagaElements, ArePlannedInReverse) {
    hold({});
    expect_started_with(3);
    engine.put_definition(definition("none", {step("reserve")}));
    EXPECT_TRUE(plan("a")["undo"].empty());
    lose_one();
    const Json body = {{"definition", "order"},
                       {"id", "b"},
                       {"input", {{"order", 7}, {"items", {"i0", "i1", "i2"}}}}};
    ASSERT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
    engine.settle();
    const Document stuck = plan("b");
    EXPECT_THAT(steps_of(stuck["forward"]), testing::Contains("send/1"));
    const auto undone = steps_of(stuck["undo"]);
    ASSERT_GE(undone.size(), 3u) << stuck;
    EXPECT_THAT(undone, ElementsAre("send/2", "send/1", "send/0", "reserve")) << stuck;
}

TEST_F(SagaWaits, PlanOnTheirWayBack) {
    engine.put_definition(definition("order", {step("reserve"), step("charge"), step("ship")}));
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/ship" || request.target == "/undo-charge") return reply(409);
        return reply(200, Json::object());
    };
    expect_started("order", "a");
    EXPECT_EQ(saga("a")["status"], "stuck");
    const Document plan = this->plan("a");
    EXPECT_TRUE(plan["forward"].empty());
    EXPECT_THAT(steps_of(plan["undo"]), ElementsAre("charge", "reserve"));
    EXPECT_EQ(plan["undo"][0]["status"], "stuck");
}

TEST_F(SagaWaits, PlanWithoutWhatIsSensitive) {
    Json order = definition("pay", {step("charge"), step("ship")});
    order["sensitive"] = {"/input/card"};
    order["steps"][0]["compensation"]["http"]["body"] = {{"card", "$input.card"}, {"n", 1}};
    order["steps"][0]["compensation"]["http"]["headers"] = {{"X-Card", "$input.card"}};
    order["steps"][0]["compensation"]["http"]["query"] = {{"card", "$input.card"}};
    engine.put_definition(order);
    hold({"/ship"});
    expect_started("pay", "a", {{"order", 1}, {"card", "4111"}});
    const Reply reply = engine.call("GET", "/v1/sagas/a/plan");
    EXPECT_THAT(reply.body, Not(HasSubstr("4111")));
    const Document undo = body_of(reply)["undo"];
    const Document& charge = undo[undo.size() - 1];
    EXPECT_EQ(charge["body"], Document::parse(R"({"card": "***", "n": 1})"));
    EXPECT_EQ(charge["headers"]["X-Card"], "***");
    EXPECT_EQ(charge["url"], "http://127.0.0.1:9000/undo-charge?***");
}

TEST_F(SagaWaits, HaveNoPlanWhereThereIsNoSaga) {
    EXPECT_EQ(engine.call("GET", "/v1/sagas/nobody/plan").status, 404);
    EXPECT_EQ(engine.call("GET", "/v1/sagas/a%2Fb/plan").status, 400);
}

}  // namespace
}  // namespace skald::api
