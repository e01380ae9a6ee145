#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/handlers.h"
#include "api/simulation_turn.h"
#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;

class Simulate : public testing::Test {
 protected:
    static Json charge(const Json& compensation) {
        return {{"name", "charge"},
                {"steps", Json::array({{{"name", "charge"},
                                        {"action", http("POST", "http://127.0.0.1:9002/charges")},
                                        {"compensation", compensation},
                                        {"retry", {{"maximum_attempts", 2}}}}})}};
    }
    static Json http(const std::string& method, const std::string& url) {
        return {{"http", {{"method", method}, {"url", url}}}};
    }
    Reply simulate(const Json& body) { return engine.call("POST", "/v1/simulate", body.dump()); }
    Document refused(const Json& body, int status) {
        const Reply reply = simulate(body);
        EXPECT_EQ(reply.status, status) << reply.body;
        return Document::parse(reply.body);
    }

    EngineInMemory engine;
};

TEST_F(Simulate, GivesAVerdict) {
    const Reply reply = simulate({{"definition", charge("none")}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Document report = Document::parse(reply.body);
    EXPECT_EQ(report["verdict"], "unsound");
    EXPECT_GT(report["schedules"]["unsound"], 0);
    EXPECT_GT(report["schedules"]["pairs"], 0);
    EXPECT_EQ(report["schedules"]["broken_off"], false);
    EXPECT_EQ(report["outcomes"][0]["status"], "completed");
    // Its author says that it has no effect.
    const Reply reading =
        simulate({{"definition", charge("none")}, {"reads", {"charge"}}, {"depth", "singles"}});
    const Document sound = Document::parse(reading.body);
    EXPECT_EQ(sound["verdict"], "sound");
    EXPECT_EQ(sound["schedules"]["pairs"], 0);
}

/// Nothing leaves, and nothing is stored.
TEST_F(Simulate, LeavesTheServerAsItWas) {
    const Json undo = http("DELETE", "http://127.0.0.1:9002/charges/by-key/{$action_key}");
    EXPECT_EQ(simulate({{"definition", charge(undo)}}).status, 200);
    EXPECT_TRUE(engine.requests.empty());
    const Document sagas = Document::parse(engine.call("GET", "/v1/sagas").body);
    EXPECT_TRUE(sagas["items"].empty());
    EXPECT_EQ(engine.call("GET", "/v1/definitions/charge").status, 404);
}

TEST_F(Simulate, RefusesBadInput) {
    EXPECT_EQ(engine.call("POST", "/v1/simulate", "{").status, 400);
    EXPECT_EQ(refused(Json::object(), 400)["errors"][0]["pointer"], "/definition");
    EXPECT_EQ(refused({{"definition", charge("none")}, {"inptu", 1}}, 400)["errors"][0]["pointer"],
              "/inptu");
    const auto bad = Json::object({{"depth", "threes"}, {"reads", "charge"}});
    for (const auto& [member, value] : bad.items()) {
        const Document problem = refused({{"definition", charge("none")}, {member, value}}, 400);
        EXPECT_EQ(problem["errors"][0]["pointer"], "/" + member);
    }
    const Document broken = refused({{"definition", charge(nullptr)}}, 422);
    EXPECT_EQ(broken["type"], "urn:skald:problem:invalid-definition");
    EXPECT_THAT(broken["errors"][0]["pointer"].get<std::string>(), HasSubstr("/steps/0"));
    const Document input = refused({{"definition", charge("none")}, {"reads", {"nobody"}}}, 422);
    EXPECT_EQ(input["type"], "urn:skald:problem:invalid-input");
    EXPECT_EQ(input["errors"][0]["pointer"], "/reads/0");
    EXPECT_EQ(refused({{"definition", charge("none")}, {"replies", 7}}, 422)["errors"][0]["code"],
              "wrong-type");
}

// ---- Children ----------------------------------------------------------------------------------

/// A definition that calls charge.
Json order() {
    return Json::parse(R"({"name": "order", "steps": [
        {"name": "pay", "action": {"saga": {"definition": "charge", "input": {}}}}]})");
}

TEST_F(Simulate, TakesChildrenFromTheRequest) {
    const Json undo = http("DELETE", "http://127.0.0.1:9002/charges/by-key/{$action_key}");
    const Reply reply = simulate({{"definition", order()},
                                  {"definitions", Json::array({charge(undo)})},
                                  {"replies", {{"charge/charge", {{"id", 7}}}}},
                                  {"depth", "singles"}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Document report = Document::parse(reply.body);
    EXPECT_EQ(report["verdict"], "needs-operator");
    EXPECT_EQ(report["outcomes"][0]["done"], Document({"pay", "pay/charge"}));
    EXPECT_EQ(report["operator"][0]["step"], "pay/charge");
    EXPECT_EQ(report["replies"]["charge/charge"]["id"], 7);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/charge").status, 404);
}

/// What the request holds counts more than what is registered.
TEST_F(Simulate, TakesOtherChildrenFromWhatIsRegistered) {
    const Json request{{"definition", order()}, {"depth", "singles"}};
    const Document missing = refused(request, 422);
    EXPECT_EQ(missing["type"], "urn:skald:problem:invalid-definition");
    EXPECT_EQ(missing["errors"][0]["code"], "unknown-definition");
    EXPECT_EQ(missing["errors"][0]["pointer"], "/definition/steps/0/action/saga/definition");
    EXPECT_THAT(missing["errors"][0]["hint"].get<std::string>(), HasSubstr("\"definitions\""));

    ASSERT_EQ(engine.call("PUT", "/v1/definitions/charge", charge("none").dump()).status, 201);
    const Document report = Document::parse(simulate(request).body);
    EXPECT_EQ(report["verdict"], "unsound");
    EXPECT_THAT(report["notes"].dump(), HasSubstr("of charge the latest version of this server"));
    Json own = request;
    const Json undo = http("DELETE", "http://127.0.0.1:9002/charges/by-key/{$action_key}");
    own["definitions"] = Json::array({charge(undo)});
    EXPECT_EQ(Document::parse(simulate(own).body)["verdict"], "needs-operator");

    ASSERT_EQ(engine.call("DELETE", "/v1/definitions/charge").status, 204);
    EXPECT_EQ(refused(request, 422)["errors"][0]["code"], "unknown-definition");
}

TEST_F(Simulate, RefusesBadChildren) {
    const Json broken{{"definition", order()}, {"definitions", Json::array({charge(nullptr)})}};
    EXPECT_THAT(refused(broken, 422)["errors"][0]["pointer"].get<std::string>(),
                HasSubstr("/definitions/0/steps/0"));
    const Json twice{{"definition", order()},
                     {"definitions", Json::array({charge("none"), charge("none")})}};
    EXPECT_EQ(refused(twice, 422)["errors"][0]["code"], "duplicate-definition");
    const Json no_array{{"definition", order()}, {"definitions", "charge"}};
    EXPECT_EQ(refused(no_array, 400)["errors"][0]["pointer"], "/definitions");
}

TEST_F(Simulate, RefusesMoreStepsThanItTakes) {
    Json definition = charge("none");
    const Json step = definition["steps"][0];
    for (int i = 1; i <= 50; ++i) {
        definition["steps"].push_back(step);
        definition["steps"].back()["name"] = "charge-" + std::to_string(i);
    }
    EXPECT_THAT(refused({{"definition", definition}}, 422)["detail"].get<std::string>(),
                HasSubstr("at most 50 steps"));
}

TEST_F(Simulate, LetsOneRunAtATime) {
    const auto turn = std::make_shared<SimulationTurn>();
    const auto held = SimulationTurn::take(turn);
    ASSERT_NE(held, nullptr);
    EXPECT_EQ(SimulationTurn::take(turn), nullptr);
}

TEST_F(Simulate, GivesItsTurnBack) {
    const auto turn = std::make_shared<SimulationTurn>();
    EXPECT_NE(SimulationTurn::take(turn), nullptr);
    EXPECT_NE(SimulationTurn::take(turn), nullptr);
    // Over the API too, after an answer of either kind.
    EXPECT_EQ(simulate({{"definition", charge("none")}, {"depth", "singles"}}).status, 200);
    EXPECT_EQ(simulate({{"definition", charge("none")}, {"reads", {"nobody"}}}).status, 422);
    EXPECT_EQ(simulate({{"definition", charge("none")}, {"depth", "singles"}}).status, 200);
}

TEST_F(Simulate, IsBrokenOffWhenTheServerStops) {
    engine.stop_being_ready("stopping");
    const Document report = Document::parse(simulate({{"definition", charge("none")}}).body);
    EXPECT_EQ(report["schedules"]["broken_off"], true);
    EXPECT_LT(report["schedules"]["total"], 20);
    EXPECT_THAT(report["detail"].get<std::string>(), HasSubstr("it was broken off"));
}

}  // namespace
}  // namespace skald::api
