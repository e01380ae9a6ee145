#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/waiting_sagas.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class SagaChildren : public SagaWaits {
 protected:
    void SetUp() override {
        engine.put_definition(definition("payment", {step("charge")}));
        engine.put_definition(
            definition("order", {step("reserve"), child_step("pay", "payment"), step("ship")}));
    }
};

TEST_F(SagaChildren, AreLinkedBothWays) {
    hold({"/charge"});
    expect_started("order", "a");
    const Document parent = saga("a");
    EXPECT_EQ(parent["steps"][1]["child"],
              Document::parse(R"({"id": "a.pay", "definition": "payment", "status": "running"})"));
    EXPECT_EQ(parent["steps"][1]["input"], Document::parse(R"({"order": 7})"));
    EXPECT_EQ(parent["waiting_for"], Document::parse(R"(["child a.pay of step pay"])"));
    const Document child = saga("a.pay");
    EXPECT_EQ(child["parent"], Document::parse(R"({"id": "a", "step": "pay"})"));
    EXPECT_EQ(child["definition"], "payment");
    EXPECT_EQ(get("/v1/sagas/a.pay/history")["items"][0]["parent"], "a");
    hold({});
    engine.settle();
    EXPECT_EQ(saga("a")["status"], "completed");
    EXPECT_EQ(saga("a")["steps"][1]["child"]["status"], "completed");
}

TEST_F(SagaChildren, AreTurnedWithTheirParent) {
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        return request.target == "/ship" ? reply(409) : reply(200, Json::object());
    };
    expect_started("order", "a");
    EXPECT_EQ(saga("a")["status"], "compensated");
    EXPECT_EQ(saga("a.pay")["status"], "compensated");
    std::vector<std::string> types;
    const Document history = get("/v1/sagas/a.pay/history");
    for (const Document& item : history["items"]) types.push_back(item["type"]);
    EXPECT_THAT(types, testing::Contains("parent_turned"));
    EXPECT_EQ(engine.requests.back().target, "/undo-reserve");
}

TEST_F(SagaChildren, AreCancelledByTheirParent) {
    hold({"/charge"});
    expect_started("order", "a");
    EXPECT_EQ(engine.call("POST", "/v1/sagas/a/cancel", "{}").status, 202);
    hold({});
    engine.settle();
    EXPECT_EQ(saga("a.pay")["status"], "compensated");
    EXPECT_EQ(saga("a")["status"], "compensated");
    const Reply history = engine.call("GET", "/v1/sagas/a.pay/history");
    EXPECT_THAT(history.body, HasSubstr(R"("by":"parent")"));
}

TEST_F(SagaChildren, AreReplayedWithTheirParentOnly) {
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        return request.target == "/ship" ? reply(409) : reply(200, Json::object());
    };
    expect_started("order", "a");
    const Reply refused = engine.call("POST", "/v1/sagas/a.pay/replay", "{}");
    EXPECT_EQ(refused.status, 409);
    const Document problem = body_of(refused);
    EXPECT_EQ(problem["reason_code"], "is_child");
    EXPECT_EQ(problem["parent"], "a");
    EXPECT_THAT(problem["detail"].get<std::string>(),
                HasSubstr("it is a child of saga a: replay its parent"));
    const Document dry =
        body_of(engine.call("POST", "/v1/sagas/a.pay/replay", R"({"dry_run": true})"));
    EXPECT_EQ(dry["would_be"], "refused");
    hold({});
    const Document parent =
        body_of(engine.call("POST", "/v1/sagas/a/replay", R"({"dry_run": true})"));
    EXPECT_EQ(parent["would_be"], "started");
    EXPECT_EQ(parent["calls"][1], Document::parse(R"({"step": "pay", "child": "payment",
                                                      "ran_before": true})"));
    const Reply replayed = engine.call("POST", "/v1/sagas/a/replay", R"({"id": "b"})");
    EXPECT_EQ(replayed.status, 201) << replayed.body;
    engine.settle();
    EXPECT_EQ(saga("b.pay")["status"], "completed");
}

TEST_F(SagaChildren, AreCheckedAtRegistration) {
    const Json order = definition("other", {child_step("pay", "nothing")});
    const Reply refused = engine.call("PUT", "/v1/definitions/other", order.dump());
    EXPECT_EQ(refused.status, 422);
    const Document errors = body_of(refused)["errors"];
    ASSERT_EQ(errors.size(), 1u) << refused.body;
    EXPECT_EQ(errors[0]["code"], "unknown-definition");
    EXPECT_EQ(errors[0]["pointer"], "/steps/0/action/saga/definition");
    EXPECT_EQ(Json(body_of(engine.call("POST", "/v1/lint", order.dump()))["errors"]), Json(errors));
}

TEST_F(SagaChildren, AreCheckedOnceMoreAtEachStart) {
    Json payment = definition("payment", {step("charge")});
    payment["lock"] = "$input.order";
    engine.put_definition(payment);
    const Reply refused = start("order", "a", {{"order", "7"}});
    EXPECT_EQ(refused.status, 422);
    const Document problem = body_of(refused);
    EXPECT_EQ(problem["type"], "urn:skald:problem:invalid-definition");
    EXPECT_EQ(problem["errors"][0]["code"], "child-lock") << refused.body;
    EXPECT_EQ(engine.call("GET", "/v1/sagas/a").status, 404);
    // The child itself may be started.
    expect_started("payment", "p", {{"order", "7"}});
}

TEST_F(SagaChildren, KeepTheVersionThatTheirParentBeganWith) {
    hold({"/reserve"});
    expect_started("order", "a");
    engine.put_definition(definition("payment", {step("charge"), step("book")}));
    hold({});
    engine.settle();
    EXPECT_EQ(saga("a.pay")["version"], 1);
    expect_started("order", "b");
    EXPECT_EQ(saga("b.pay")["version"], 2);
}

}  // namespace
}  // namespace skald::api
