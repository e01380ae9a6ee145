#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "tests/api/running_skald.h"

/// The operator's commands, a backup and its restore, with the real binary and kill -9.
namespace skald::end_to_end {
namespace {

class EndToEndOperate : public testing::Test {
 protected:
    void SetUp() override {
        start_skald();
        // reserve, then charge (the pivot), then ship, which is not undone.
        Json order = definition("order", {"reserve", "charge", "ship"}, participants_.port());
        order["steps"][1]["pivot"] = true;
        order["steps"][2].erase("compensation");
        for (Json& step : order["steps"]) step["retry"]["maximum_attempts"] = 2;
        ASSERT_EQ(skald_->send("PUT", "/v1/definitions/order", order.dump()).status, 201);
    }

    void start_skald(const std::string& database = "skald.db") {
        skald_.reset();
        skald_ = std::make_unique<RunningSkald>(folder_ / database);
    }
    void kill_and_restart() {
        skald_->process().kill();
        start_skald();
    }
    Json start(const std::string& id) {
        const Json body = {{"definition", "order"}, {"id", id}, {"input", {{"order", id}}}};
        const auto answer = skald_->send("POST", "/v1/sagas?wait=30s", body.dump());
        EXPECT_EQ(answer.status, 200) << answer.text;
        return answer.body["status"];
    }
    RunningSkald::Answer post(const std::string& target, const Json& body) {
        return skald_->send("POST", target, body.dump());
    }
    Json saga(const std::string& id) { return skald_->get("/v1/sagas/" + id + "?wait=30s").body; }

    Folder folder_;
    Participants participants_;
    std::unique_ptr<RunningSkald> skald_;
};

TEST_F(EndToEndOperate, WhatAnOperatorWasToldSurvivesAKill) {
    participants_.answer("POST /ship", 409, {{"error", "no such address"}});
    for (const char* id : {"retried", "resolved", "abandoned", "suspended"}) {
        ASSERT_EQ(start(id), "stuck");
    }
    // Each answer is followed by a kill.
    participants_.answer("POST /ship", 200, Json::object());
    EXPECT_EQ(post("/v1/sagas/retried/retry", {{"reason", "address mended"}}).status, 200);
    kill_and_restart();
    EXPECT_EQ(saga("retried")["status"], "completed");

    const Json resolve = {{"step", "ship"}, {"as", "skipped"}, {"reason", "sent by hand"}};
    EXPECT_EQ(post("/v1/sagas/resolved/resolve", resolve).body["status"], "completed");
    kill_and_restart();
    EXPECT_EQ(saga("resolved")["status"], "completed");

    EXPECT_EQ(post("/v1/sagas/abandoned/abandon", {{"reason", "test data"}}).status, 200);
    kill_and_restart();
    EXPECT_EQ(saga("abandoned")["status"], "abandoned");
    EXPECT_EQ(post("/v1/sagas/abandoned/retry", Json::object()).status, 409);

    EXPECT_EQ(post("/v1/sagas/suspended/suspend", Json::object()).body["suspended"], true);
    EXPECT_EQ(post("/v1/sagas/suspended/retry", Json::object()).status, 200);
    kill_and_restart();
    EXPECT_EQ(skald_->get("/v1/sagas/suspended").body["suspended"], true);
    EXPECT_EQ(post("/v1/sagas/suspended/resume", Json::object()).status, 200);
    kill_and_restart();
    EXPECT_EQ(saga("suspended")["status"], "completed");
}

TEST_F(EndToEndOperate, AReplaySurvivesAKillAndHasOneWinner) {
    participants_.answer("POST /charge", 402, {{"error", "card refused"}});
    ASSERT_EQ(start("a"), "compensated");
    participants_.answer("POST /charge", 200, Json::object());
    const auto first = post("/v1/sagas/a/replay", {{"reason", "new card"}});
    ASSERT_EQ(first.status, 201) << first.text;
    const std::string id = first.body["id"];
    kill_and_restart();
    EXPECT_EQ(saga(id)["status"], "completed");
    EXPECT_EQ(saga("a")["replayed_as"], id);
    EXPECT_EQ(post("/v1/sagas/a/replay", {{"reason", "new card"}}).body["id"], id);
    EXPECT_EQ(post("/v1/sagas/a/replay", Json::object()).status, 409);
}

TEST_F(EndToEndOperate, ABatchIsThereWholeAfterAKill) {
    Json items = Json::array();
    for (int i = 0; i < 500; ++i) {
        items.push_back({{"definition", "order"},
                         {"id", "batch-" + std::to_string(i)},
                         {"input", {{"order", i}}}});
    }
    const auto answer = post("/v1/sagas/batch", {{"items", items}});
    ASSERT_EQ(answer.status, 200) << answer.text;
    for (const Json& item : answer.body["items"]) EXPECT_EQ(item["status"], 201);
    kill_and_restart();
    for (const int i : {0, 250, 499}) {
        EXPECT_EQ(saga("batch-" + std::to_string(i))["status"], "completed");
    }
    const auto counts = skald_->get("/v1/sagas?count=true&limit=1").body["counts"];
    std::uint64_t all = 0;
    for (const auto& count : counts) all += count.get<std::uint64_t>();
    EXPECT_EQ(all, 500u);
}

TEST_F(EndToEndOperate, ABackupIsRestoredAndItsSagasGoOn) {
    ASSERT_EQ(start("done"), "completed");
    participants_.answer("POST /ship", 409, Json::object());
    ASSERT_EQ(start("stuck"), "stuck");
    participants_.be_silent("POST /reserve");
    ASSERT_EQ(post("/v1/sagas", {{"definition", "order"}, {"id", "live"}, {"input", 1}}).status,
              201);
    ASSERT_TRUE(participants_.await_calls("POST /reserve", 3));

    const auto made = post("/v1/backup", {{"file", "monday.db"}});
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body["sagas"], 3);
    EXPECT_EQ(made.body["file"], (folder_ / "monday.db").string());
    EXPECT_EQ(post("/v1/backup", {{"file", "monday.db"}}).status, 409);
    EXPECT_EQ(post("/v1/backup", {{"file", "../monday.db"}}).status, 400);
    // What came after it is lost with the disk.
    ASSERT_EQ(post("/v1/sagas/stuck/abandon", {{"reason", "x"}}).status, 200);
    skald_->process().kill();

    participants_.answer("POST /reserve", 200, Json::object());
    participants_.answer("POST /ship", 200, Json::object());
    start_skald("monday.db");
    EXPECT_EQ(saga("done")["status"], "completed");
    EXPECT_EQ(saga("stuck")["status"], "stuck");
    EXPECT_EQ(saga("live")["status"], "completed");
    // The call that was out is made again with its key.
    const auto keys = participants_.headers("POST /reserve", "Idempotency-Key");
    ASSERT_EQ(keys.size(), 4u);
    EXPECT_EQ(keys[2], "\"live/reserve/action\"");
    EXPECT_EQ(keys[3], keys[2]);
    EXPECT_EQ(post("/v1/sagas/stuck/retry", Json::object()).status, 200);
    EXPECT_EQ(saga("stuck")["status"], "completed");
    const auto doctor = skald_->get("/v1/doctor?deep=true").body;
    EXPECT_EQ(doctor["checks"][0]["status"], "ok") << doctor;
}

TEST_F(EndToEndOperate, ABackupIsMadeUnderLoad) {
    std::atomic<bool> is_done = false;
    std::atomic<int> started = 0;
    std::thread load([&] {
        while (!is_done) {
            const std::string id = "load-" + std::to_string(started);
            const Json body = {{"definition", "order"}, {"id", id}, {"input", 1}};
            if (post("/v1/sagas", body).status == 201) ++started;
        }
    });
    EXPECT_TRUE(participants_.await_calls("POST /ship", 50));
    const int before = started;
    const auto made = post("/v1/backup", {{"file", "busy.db"}});
    EXPECT_EQ(made.status, 200) << made.text;
    is_done = true;
    load.join();
    EXPECT_GE(made.body["sagas"], before);
    skald_->process().kill();
    start_skald("busy.db");
    for (int i = 0; i < before; ++i) {
        ASSERT_EQ(saga("load-" + std::to_string(i))["status"], "completed") << i;
    }
}

TEST_F(EndToEndOperate, TheStuckOneOfManyIsFoundSeenAndMended) {
    for (int i = 0; i < 10; ++i) {
        Json items = Json::array();
        for (int j = 0; j < 1'000; ++j) {
            items.push_back({{"definition", "order"}, {"input", {{"order", i * 1'000 + j}}}});
        }
        ASSERT_EQ(post("/v1/sagas/batch", {{"items", items}}).status, 200);
    }
    // One more, whose carrier is another.
    Json parcel = definition("parcel", {"reserve", "charge", "deliver"}, participants_.port());
    parcel["steps"][1]["pivot"] = true;
    ASSERT_EQ(skald_->send("PUT", "/v1/definitions/parcel", parcel.dump()).status, 201);
    participants_.answer("POST /deliver", 409, {{"error", "no such address"}});
    const auto stuck = post("/v1/sagas?wait=30s",
                            {{"definition", "parcel"}, {"id", "lost"}, {"input", Json::object()}});
    ASSERT_EQ(stuck.body["status"], "stuck") << stuck.text;
    participants_.answer("POST /deliver", 200, Json::object());

    const auto found = skald_->get("/v1/sagas?status=stuck&error=no%20such%20address&step=deliver");
    ASSERT_EQ(found.body["items"].size(), 1u) << found.text;
    const std::string id = found.body["items"][0]["id"];
    const Json seen = saga(id);
    EXPECT_EQ(seen["steps"][2]["stuck_reason"], "refused");
    EXPECT_EQ(seen["steps"][1]["status"], "succeeded");
    EXPECT_EQ(post("/v1/sagas/" + id + "/retry", {{"reason", "mended"}}).status, 200);
    EXPECT_EQ(saga(id)["status"], "completed");
}

}  // namespace
}  // namespace skald::end_to_end
