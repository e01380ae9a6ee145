#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class EndToEndSagas : public testing::Test {
 protected:
    void put(const Json& document) {
        const auto put = skald->send(
            "PUT", "/v1/definitions/" + document["name"].get<std::string>(), document.dump());
        ASSERT_EQ(put.status, 201) << put.text;
    }
    void restart() {
        skald.reset();
        skald.emplace(database);
    }

    Folder folder;
    const std::filesystem::path database = folder / "skald.db";
    Participants participants;
    std::optional<RunningSkald> skald{database};
};

TEST_F(EndToEndSagas, RunsToTheEnd) {
    put(definition("order", {"reserve", "charge", "ship"}, participants.port()));
    const auto answer = skald->send("POST", "/v1/sagas?wait=30s",
                                    R"({"definition": "order", "id": "a", "input": {"x": 1}})");
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(answer.body["status"], "completed");
    EXPECT_THAT(participants.calls(), ElementsAre("POST /reserve", "POST /charge", "POST /ship"));
    EXPECT_THAT(participants.headers("POST /charge", "Idempotency-Key"),
                ElementsAre("\"a/charge/action\""));
    EXPECT_EQ(skald->get("/v1/sagas/a").body, answer.body);
    const auto metrics = skald->get("/metrics");
    EXPECT_THAT(metrics.text, HasSubstr("skald_sagas_finished_total{definition=\"order\","
                                        "status=\"completed\"} 1"));
    EXPECT_THAT(metrics.text, HasSubstr("skald_http_requests_total{code=\"200\",method=\"POST\","
                                        "route=\"startSaga\"} 1"));
}

TEST_F(EndToEndSagas, UndoesInReverseWhatWasDone) {
    participants.answer("POST /ship", 409, {{"reason", "no such address"}});
    put(definition("order", {"reserve", "charge", "ship"}, participants.port()));
    const auto answer =
        skald->send("POST", "/v1/sagas?wait=30s", R"({"definition": "order", "input": {}})");
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(answer.body["status"], "compensated");
    EXPECT_EQ(answer.body["failure"]["step"], "ship");
    EXPECT_THAT(participants.calls(), ElementsAre("POST /reserve", "POST /charge", "POST /ship",
                                                  "POST /undo-charge", "POST /undo-reserve"));
}

TEST_F(EndToEndSagas, GoOnAfterAKill) {
    participants.be_silent("POST /charge");
    put(definition("order", {"reserve", "charge"}, participants.port()));
    const std::string body = R"({"definition": "order", "input": {}})";
    const std::string key = "Idempotency-Key: k-1\r\n";
    const auto started = skald->send("POST", "/v1/sagas", body, key);
    ASSERT_EQ(started.status, 201) << started.text;
    ASSERT_TRUE(participants.await_calls("POST /charge", 1));
    skald->process().kill();

    participants.answer("POST /charge", 200, Json::object());
    restart();
    const std::string id = started.body["id"];
    const auto ended = skald->get("/v1/sagas/" + id + "?wait=30s");
    EXPECT_EQ(ended.body["status"], "completed") << ended.text;
    EXPECT_THAT(participants.calls(), ElementsAre("POST /reserve", "POST /charge", "POST /charge"));
    const auto keys = participants.headers("POST /charge", "Idempotency-Key");
    EXPECT_EQ(keys[0], keys[1]);
    const auto again = skald->send("POST", "/v1/sagas", body, key);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body["id"], id);
    EXPECT_EQ(skald->get("/v1/definitions/order").status, 200);
}

TEST_F(EndToEndSagas, AreCancelled) {
    participants.be_silent("POST /charge");
    Json document = definition("order", {"reserve", "charge"}, participants.port());
    document["steps"][1]["timeout"] = "100ms";
    put(document);
    skald->send("POST", "/v1/sagas", R"({"definition": "order", "id": "a", "input": {}})");
    ASSERT_TRUE(participants.await_calls("POST /charge", 1));
    const auto accepted =
        skald->send("POST", "/v1/sagas/a/cancel", R"({"reason": "customer called"})");
    EXPECT_EQ(accepted.status, 202) << accepted.text;
    const auto ended = skald->get("/v1/sagas/a?wait=30s");
    EXPECT_EQ(ended.body["status"], "compensated") << ended.text;
    EXPECT_EQ(skald->send("POST", "/v1/sagas/a/cancel", "{}").status, 200);
    EXPECT_THAT(skald->get("/v1/sagas/a/history").text, HasSubstr("customer called"));
}

TEST_F(EndToEndSagas, AreDrivenFromTheCommandLine) {
    const std::string server = " --server http://127.0.0.1:" + std::to_string(skald->port());
    const std::filesystem::path file = folder / "order.json";
    std::ofstream(file) << definition("order", {"reserve", "charge"}, participants.port());
    EXPECT_EQ(run_skald("lint " + file.string()).exit, 0);
    const Ran applied = run_skald("apply " + file.string() + server);
    EXPECT_EQ(applied.exit, 0) << applied.output;

    std::ofstream(folder / "input.json") << "{}";
    const std::string start =
        "start order --wait 30s --input " + (folder / "input.json").string() + server;
    const Ran completed = run_skald(start + " --id a");
    EXPECT_EQ(completed.exit, 0) << completed.output;
    EXPECT_EQ(Json::parse(completed.output)["status"], "completed");
    participants.answer("POST /charge", 402, {{"reason", "refused"}});
    const Ran undone = run_skald(start + " -o table");
    EXPECT_EQ(undone.exit, 3);
    EXPECT_THAT(undone.output, HasSubstr("turned back: charge"));

    EXPECT_THAT(run_skald("show a -o table" + server).output, HasSubstr("completed"));
    EXPECT_THAT(run_skald("history a -o table" + server).output, HasSubstr("reserve action 1"));
    EXPECT_EQ(Json::parse(run_skald("ls" + server).output)["items"].size(), 2u);
    const Ran conflict = run_skald("cancel a" + server);
    EXPECT_EQ(conflict.exit, 1);
    EXPECT_THAT(conflict.output, HasSubstr("completed"));
    EXPECT_EQ(run_skald("show nobody" + server).exit, 1);
}

}  // namespace
}  // namespace skald::end_to_end
