#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/waiting_sagas.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

TEST_F(SagaElements, AreShownEachAndCounted) {
    lose_one();
    expect_started_with(4);
    const Document shown = saga("a");
    EXPECT_EQ(shown["status"], "stuck");
    const Document elements = shown["steps"][1]["elements"];
    EXPECT_EQ(elements["counts"]["stuck"], 1) << elements;
    ASSERT_EQ(elements["items"].size(), 4u);
    const Document& lost = elements["items"][1];
    EXPECT_EQ(lost["item"], 1);
    EXPECT_EQ(lost["status"], "stuck");
    EXPECT_EQ(lost["stuck_reason"], "in_doubt");
    EXPECT_EQ(lost["attempts"], 1);
    EXPECT_THAT(lost["error"].get<std::string>(), HasSubstr("503"));
    EXPECT_EQ(elements["items"][0]["status"], "succeeded");
    EXPECT_TRUE(elements["items"][0]["output"].contains("sent"));
    EXPECT_FALSE(shown["steps"][1].contains("input"));
    const Document history = get("/v1/sagas/a/history");
    std::size_t begun = 0;
    for (const Document& row : history["items"]) {
        if (!row.contains("for_each")) continue;
        ++begun;
        EXPECT_EQ(row["for_each"], Document::parse(R"([{"step": "send", "elements": 4}])"));
    }
    EXPECT_EQ(begun, 1u);
}

TEST_F(SagaElements, AreResolvedAndRetriedByTheirNumber) {
    lose_one();
    expect_started_with(3);
    const auto resolve = [this](const std::string& place) {
        const Json body = {{"step", place}, {"as", "succeeded"}, {"output", 1}, {"reason", "x"}};
        return engine.call("POST", "/v1/sagas/a/resolve", body.dump());
    };
    EXPECT_EQ(resolve("send/0").status, 409);
    EXPECT_EQ(resolve("send/3").status, 409);
    EXPECT_EQ(resolve("send").status, 409);
    for (const char* place : {"send/x", "send/", "send/-1", "send/1000", "reserve/0", "sent/1"}) {
        const Reply refused = resolve(place);
        EXPECT_EQ(refused.status, 400) << place;
        EXPECT_EQ(body_of(refused)["errors"][0]["code"], "unknown-step");
    }
    const Reply retried = engine.call("POST", "/v1/sagas/a/retry", R"({"step": "send/1"})");
    EXPECT_EQ(retried.status, 200) << retried.body;
    engine.settle();
    EXPECT_EQ(saga("a")["status"], "stuck");
    const Reply resolved = resolve("send/1");
    EXPECT_EQ(resolved.status, 200) << resolved.body;
    engine.settle();
    EXPECT_EQ(saga("a")["status"], "completed");
    EXPECT_EQ(saga("a")["steps"][1]["output"][1], 1);
    const Document history = get("/v1/sagas/a/history");
    bool is_there = false;
    for (const Document& row : history["items"]) {
        if (row["type"] != "resolved") continue;
        is_there = true;
        EXPECT_EQ(row["step"], "send");
        EXPECT_EQ(row["item"], 1);
    }
    EXPECT_TRUE(is_there);
}

TEST_F(SagaElements, AreCutInWhatASagaWaitsFor) {
    Json send = step("send");
    send["for_each"] = "$input.items";
    send["max_parallel"] = 100;
    send["action"]["http"]["reply"] = "callback";
    engine.put_definition(definition("order", {send}));
    engine.participants = [](const sagas::Request&) { return reply(202); };
    expect_started_with(50);
    const Document waits = saga("a")["waiting_for"];
    ASSERT_EQ(waits.size(), 21u);
    EXPECT_THAT(waits[0].get<std::string>(), HasSubstr("callback from step send/0 until"));
    EXPECT_EQ(waits[20], "and 30 more");
}

}  // namespace
}  // namespace skald::api
