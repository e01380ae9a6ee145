#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using testing::HasSubstr;

TEST(Ops, IsAliveAndReadyUntilItStops) {
    EngineInMemory engine;
    EXPECT_EQ(engine.call("GET", "/healthz").status, 200);
    EXPECT_EQ(engine.call("GET", "/readyz").status, 200);
    engine.stop_being_ready("stopping");
    EXPECT_EQ(engine.call("GET", "/healthz").status, 200);
    const Reply reply = engine.call("GET", "/readyz");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(body_of(reply)["reason"], "stopping");
}

TEST(Ops, ShowsMetricsOfWhatHappened) {
    EngineInMemory engine;
    engine.put_definition(definition("order", {step("reserve")}));
    engine.call("POST", "/v1/sagas?wait=1s", R"({"definition": "order", "input": {"order": 1}})");
    engine.participants = [](const sagas::Request&) { return std::nullopt; };
    engine.call("POST", "/v1/sagas", R"({"definition": "order", "input": {"order": 2}})");
    engine.settle();
    const Reply reply = engine.call("GET", "/metrics");
    EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
    for (const char* line :
         {"skald_sagas_started_total{definition=\"order\"} 2\n",
          "skald_sagas_finished_total{definition=\"order\",status=\"completed\"} 1\n",
          "skald_sagas_live{status=\"running\"} 1\n", "skald_sagas_live{status=\"stuck\"} 0\n",
          "skald_step_attempts_total{definition=\"order\",outcome=\"success\",phase=\"action\","
          "step=\"reserve\"} 1\n",
          "skald_calls_in_flight 1\n",
          "skald_build_info{sqlite=\"3.40.1\",version=\"0.0.0\"} 1\n"}) {
        EXPECT_THAT(reply.body, HasSubstr(line));
    }
}

TEST(Ops, PointsToTheDocumentation) {
    EngineInMemory engine;
    EXPECT_THAT(engine.call("GET", "/").body, HasSubstr("docs/api.md"));
}

TEST(Routes, HaveDistinctOperationIds) {
    EngineInMemory engine;
    std::vector<std::string> ids;
    for (const Route& route : engine.table().routes()) ids.push_back(route.operation_id);
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
    EXPECT_EQ(ids.size(), 54u);
}

}  // namespace
}  // namespace skald::api
