#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/waiting_sagas.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

// ---- Timers ------------------------------------------------------------------------------------

TEST_F(SagaWaits, ShowUntilWhenATimerRuns) {
    engine.put_definition(definition("order", {pause("pause", {{"for", "10m"}}), step("ship")}));
    expect_started("order", "a");
    const Document waiting = saga("a");
    EXPECT_EQ(waiting["status"], "running");
    EXPECT_EQ(waiting["steps"][0]["status"], "waiting");
    EXPECT_EQ(waiting["steps"][0]["until"], "2026-11-21T22:42:28.000Z");
    EXPECT_EQ(waiting["waiting_for"],
              Document::parse(R"(["timer of step pause until 2026-11-21T22:42:28.000Z"])"));
    EXPECT_EQ(get("/v1/sagas/a/history")["items"][0]["changes"],
              Document::parse(R"([{"step": "pause", "status": "waiting",
                                   "until": "2026-11-21T22:42:28.000Z"}])"));
    engine.advance(sagas::Milliseconds{600'000});
    EXPECT_EQ(saga("a")["status"], "completed");
    EXPECT_EQ(saga("a")["steps"][0]["status"], "succeeded");
}

// ---- Locks -------------------------------------------------------------------------------------

TEST_F(SagaWaits, ShowWhoHoldsTheLock) {
    Json order = definition("order", {step("charge")});
    order["lock"] = "order-{$input.order}";
    engine.put_definition(order);
    hold({"/charge"});
    for (const char* id : {"first", "second", "third"}) expect_started("order", id);
    EXPECT_EQ(saga("first")["lock"], Document::parse(R"({"value": "order-7", "held": true})"));
    EXPECT_FALSE(saga("first").contains("waiting_for"));
    EXPECT_EQ(saga("third")["lock"], Document::parse(R"({"value": "order-7", "held": false,
                                                         "behind": "first", "before": 2})"));
    EXPECT_EQ(saga("second")["waiting_for"], Document::parse(R"(["lock order-7, held by first"])"));
    EXPECT_EQ(saga("third")["waiting_for"],
              Document::array({"lock order-7, held by first (2 sagas come before)"}));
    EXPECT_EQ(get("/v1/sagas/third/history")["items"][0]["lock"], "order-7");
    hold({});
    engine.settle();
    for (const char* id : {"first", "second", "third"}) {
        EXPECT_EQ(saga(id)["status"], "completed") << id;
        EXPECT_EQ(saga(id)["lock"]["held"], false);
    }
    EXPECT_EQ(get("/v1/sagas/second/history")["items"][1]["type"], "lock_granted");
}

TEST_F(SagaWaits, AreRefusedWithALockThatCannotBeMade) {
    Json order = definition("order", {step("charge")});
    order["lock"] = "$input.account";
    engine.put_definition(order);
    for (const Json& input : {Json{{"order", 1}}, Json{{"account", nullptr}}, Json{{"account", ""}},
                              Json{{"account", std::string(257, 'x')}}}) {
        const Reply refused = start("order", "a", input);
        EXPECT_EQ(refused.status, 422) << refused.body;
        EXPECT_EQ(body_of(refused)["type"], "urn:skald:problem:invalid-input");
        EXPECT_THAT(refused.body, HasSubstr("lock"));
        const Json batch = {{"items", {{{"definition", "order"}, {"input", input}}}}};
        const Document answer =
            body_of(engine.call("POST", "/v1/sagas/batch", batch.dump()))["items"][0];
        EXPECT_EQ(answer["status"], 422);
    }
}

}  // namespace
}  // namespace skald::api
