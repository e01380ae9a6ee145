#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/api/running_skald.h"

namespace skald::end_to_end {

/// A server that participants can call back, and that is killed.
class EndToEndWaits : public testing::Test {
 protected:
    void SetUp() override { start_skald(); }

    void start_skald() {
        skald_.reset();
        skald_ = std::make_unique<RunningSkald>(
            folder_ / "skald.db",
            std::vector<std::string>{"--public-url", "https://skald.example/api/", "--log-level",
                                     "debug"});
    }
    void kill_and_restart() {
        skald_->process().kill();
        start_skald();
    }
    void put(const Json& document) {
        const auto put = skald_->send(
            "PUT", "/v1/definitions/" + document["name"].get<std::string>(), document.dump());
        ASSERT_EQ(put.status, 201) << put.text;
    }
    RunningSkald::Answer post(const std::string& target, const Json& body) {
        return skald_->send("POST", target, body.dump());
    }
    void start(const std::string& name, const std::string& id, const Json& input = Json::object()) {
        const auto started =
            post("/v1/sagas", {{"definition", name}, {"id", id}, {"input", input}});
        ASSERT_EQ(started.status, 201) << started.text;
    }
    Json saga(const std::string& id) { return skald_->get("/v1/sagas/" + id).body; }
    Json ended(const std::string& id) { return skald_->get("/v1/sagas/" + id + "?wait=30s").body; }
    /// The saga, once `is_so` of it; as it is, after 30 s.
    template <typename IsSo>
    Json saga_once(const std::string& id, const IsSo& is_so) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        Json found = saga(id);
        while (!is_so(found) && std::chrono::steady_clock::now() < until) found = saga(id);
        return found;
    }
    Json saga_with_step(const std::string& id, std::size_t step, const std::string& status) {
        return saga_once(id,
                         [&](const Json& saga) { return saga["steps"][step]["status"] == status; });
    }
    /// Where the participant of the newest call to `call` calls back.
    std::string callback_target(const std::string& call) {
        const auto urls = participants_.headers(call, "Skald-Callback");
        if (urls.empty()) return "";
        const std::string base = "https://skald.example/api";
        EXPECT_TRUE(urls.back().starts_with(base + "/v1/callbacks/")) << urls.back();
        return urls.back().substr(base.size());
    }
    std::string log() {
        std::ifstream file(folder_ / "skald.db.log");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string server() const {
        return " --server http://127.0.0.1:" + std::to_string(skald_->port());
    }

    Folder folder_;
    Participants participants_;
    std::unique_ptr<RunningSkald> skald_;
};

}  // namespace skald::end_to_end
