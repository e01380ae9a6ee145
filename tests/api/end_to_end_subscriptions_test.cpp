#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using testing::HasSubstr;

class EndToEndSubscriptions : public testing::Test {
 protected:
    void SetUp() override {
        std::filesystem::create_directory(folder_ / "secrets");
        std::ofstream(folder_ / "secrets" / "HOOK") << "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        start_skald();
    }
    void start_skald() {
        skald_.emplace(folder_ / "skald.db",
                       std::vector<std::string>{"--secrets-dir", (folder_ / "secrets").string()});
    }
    void restart() {
        skald_->process().kill();
        skald_.reset();
        start_skald();
    }
    void publish(const std::string& id, const std::string& subject = "o-1") {
        const Json event = {{"specversion", "1.0"}, {"id", id},           {"source", "/s"},
                            {"type", "placed"},     {"subject", subject}, {"data", id}};
        const auto published = skald_->send("POST", "/v1/topics/orders/events", event.dump(),
                                            "Content-Type: application/cloudevents+json\r\n");
        ASSERT_EQ(published.status, 202) << published.text;
    }
    void subscribe(const std::string& name, const Json& document) {
        const auto put = skald_->send("PUT", "/v1/subscriptions/" + name, document.dump());
        ASSERT_EQ(put.status, 201) << put.text;
    }
    RunningSkald::Answer post(const std::string& part, const Json& body) {
        return skald_->send("POST", "/v1/subscriptions/" + part, body.dump());
    }
    Json fetch(const std::string& name, const Json& body = {{"wait", "30s"}}) {
        const auto fetched = post(name + "/fetch", body);
        EXPECT_EQ(fetched.status, 200) << fetched.text;
        return fetched.body["events"];
    }
    Json shown(const std::string& name) { return skald_->get("/v1/subscriptions/" + name).body; }
    std::string server() const {
        return " --server http://127.0.0.1:" + std::to_string(skald_->port());
    }

    Folder folder_;
    Participants participants_;
    std::optional<RunningSkald> skald_;
};

const Json kPulled = {{"topic", "orders"}, {"from", "start"}, {"pull", Json::object()}};

TEST_F(EndToEndSubscriptions, DeliverOverAKillWhatWasNotAcknowledged) {
    subscribe("mail", kPulled);
    for (const char* id : {"a", "b", "c"}) publish(id, id);
    const Json first = fetch("mail", {{"limit", 2}, {"wait", "30s"}});
    ASSERT_EQ(first.size(), 2u);
    const Json lease = {{"leases", {first[0]["lease"]}}};
    EXPECT_EQ(post("mail/ack", lease).body, (Json{{"done", 1}, {"stale", Json::array()}}));
    restart();
    EXPECT_EQ(post("mail/ack", {{"leases", {first[1]["lease"]}}}).body["done"], 0);
    const Json again = fetch("mail");
    ASSERT_EQ(again.size(), 2u) << again;
    EXPECT_EQ(again[0]["offset"], 2);
    EXPECT_EQ(again[1]["offset"], 3);
}

TEST_F(EndToEndSubscriptions, AnswerAWaitWithTheNextEvent) {
    subscribe("mail", kPulled);
    Json fetched;
    std::jthread waiting([&] { fetched = fetch("mail", {{"wait", "60s"}}); });
    // It comes with this event, whether it waits already or not.
    publish("a");
    waiting.join();
    ASSERT_EQ(fetched.size(), 1u);
    EXPECT_EQ(fetched[0]["event"]["data"], "a");
}

TEST_F(EndToEndSubscriptions, PushUntilItIsTaken) {
    participants_.answer("POST /hook", 503, Json::object());
    subscribe("hook",
              {{"topic", "orders"},
               {"push",
                {{"url", "http://127.0.0.1:" + std::to_string(participants_.port()) + "/hook"},
                 {"secret", "$secrets.HOOK"}}},
               {"retry", {{"initial_interval", "1ms"}}}});
    publish("a");
    ASSERT_TRUE(participants_.await_calls("POST /hook", 2));
    restart();
    participants_.answer("POST /hook", 204, Json::object());
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (shown("hook")["lag"] != 0 && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    EXPECT_EQ(shown("hook")["lag"], 0);
    EXPECT_EQ(shown("hook")["dead_letters"], 0);
    for (const std::string& id : participants_.headers("POST /hook", "webhook-id")) {
        EXPECT_EQ(id, "hook/1");
    }
    EXPECT_THAT(participants_.headers("POST /hook", "webhook-signature").back(), HasSubstr("v1,"));
}

TEST_F(EndToEndSubscriptions, StartSagasByEventsOverAKill) {
    Json order = definition("parcel", {"send"}, participants_.port());
    order["triggers"] = {
        {{"topic", "orders"}, {"type", "placed"}, {"input", {{"order", "$event.data"}}}}};
    ASSERT_EQ(skald_->send("PUT", "/v1/definitions/parcel", order.dump()).status, 201);
    publish("a");
    restart();
    publish("b");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto listed = [this] { return skald_->get("/v1/sagas").body["items"]; };
    while (listed().size() < 2 && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    restart();
    EXPECT_EQ(listed().size(), 2u) << listed();
    EXPECT_THAT(skald_->get("/metrics").text,
                HasSubstr("skald_subscription_lag{subscription=\"trigger:parcel:orders:placed\"}"));
}

TEST_F(EndToEndSubscriptions, AreWorkedWithByTheCommandLine) {
    const std::string document = (folder_ / "mail.json").string();
    std::ofstream(document) << kPulled;
    EXPECT_EQ(run_skald("subscriptions put mail " + document + server()).exit, 0);
    for (const char* id : {"a", "b"}) publish(id);
    const Ran fetched =
        run_skald("subscriptions fetch mail --wait 30s --limit 1 --ack -o table" + server());
    EXPECT_EQ(fetched.exit, 0) << fetched.output;
    EXPECT_THAT(fetched.output, HasSubstr("placed  o-1  \"a\"\nacknowledged 1\n"));
    EXPECT_THAT(run_skald("subscriptions -o table" + server()).output,
                HasSubstr("mail          orders  1"));
    EXPECT_THAT(run_skald("subscriptions replay mail --from 1 -o table" + server()).output,
                HasSubstr("mail goes on behind offset 0"));
    EXPECT_EQ(fetch("mail")[0]["offset"], 1);
    EXPECT_THAT(run_skald("subscriptions dead-letters mail -o table" + server()).output,
                HasSubstr("no dead letters"));
    EXPECT_EQ(run_skald("subscriptions delete mail" + server()).exit, 0);
    EXPECT_EQ(run_skald("subscriptions mail" + server()).exit, 1);
}

}  // namespace
}  // namespace skald::end_to_end
