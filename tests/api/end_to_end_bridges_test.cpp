#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "tests/api/running_skald.h"
#include "tests/engine/nats_peer.h"
#include "tests/engine/nats_server.h"

/// Real skalds, and a real broker between them.
namespace skald::end_to_end {
namespace {

using testing::HasSubstr;
using testing_nats::NatsPeer;
using testing_nats::RunningNats;
using testing_nats::StoredMessage;

constexpr std::chrono::seconds kPatienceOfBridges{60};

Json event_of(const std::string& subject, int number) {
    return {{"specversion", "1.0"}, {"id", subject + "/" + std::to_string(number)},
            {"source", "/shop"},    {"type", "order.placed"},
            {"subject", subject},   {"data", {{"number", number}}}};
}

class EndToEndBridges : public testing::Test {
 protected:
    std::unique_ptr<RunningSkald> start(const std::string& name,
                                        std::vector<std::string> arguments = {}) {
        return std::make_unique<RunningSkald>(folder / (name + ".db"), std::move(arguments));
    }
    void put_bridge(RunningSkald& skald, const Json& out, const Json& in) {
        const Json document = {{"nats", {{"url", nats.url()}}}, {"out", out}, {"in", in}};
        const auto put = skald.send("PUT", "/v1/bridges/nats", document.dump());
        ASSERT_EQ(put.status, 201) << put.text;
    }
    static void publish(RunningSkald& skald, const std::string& topic,
                        const std::vector<Json>& events) {
        const auto sent = skald.send("POST", "/v1/topics/" + topic + "/events", Json(events).dump(),
                                     "Content-Type: application/cloudevents-batch+json\r\n");
        ASSERT_EQ(sent.status, 202) << sent.text;
    }
    /// The first `count` events of a topic.
    static std::vector<Json> await_events(RunningSkald& skald, const std::string& topic,
                                          std::size_t count) {
        std::vector<Json> events;
        const auto until = std::chrono::steady_clock::now() + kPatienceOfBridges;
        while (events.size() < count && std::chrono::steady_clock::now() < until) {
            const auto page =
                skald.get("/v1/topics/" + topic +
                          "/events?limit=1000&wait=5s&after=" + std::to_string(events.size()));
            if (page.status != 200) continue;  // It is not there yet.
            for (const Json& row : page.body["events"]) events.push_back(row["event"]);
        }
        EXPECT_EQ(events.size(), count);
        return events;
    }
    /// The bridge as soon as it is so.
    static Json await_bridge(RunningSkald& skald, const std::function<bool(const Json&)>& is_so) {
        const auto until = std::chrono::steady_clock::now() + kPatienceOfBridges;
        while (true) {
            Json bridge = skald.get("/v1/bridges/nats").body;
            if (is_so(bridge)) return bridge;
            if (std::chrono::steady_clock::now() > until) {
                ADD_FAILURE() << "it did not come to that: " << bridge.dump();
                return bridge;
            }
        }
    }
    static void await_metric(RunningSkald& skald, const std::string& line) {
        const auto until = std::chrono::steady_clock::now() + kPatienceOfBridges;
        while (skald.get("/metrics").text.find(line) == std::string::npos) {
            ASSERT_LT(std::chrono::steady_clock::now(), until) << line;
        }
    }
    static bool is_connected(const Json& bridge) { return bridge.value("connected", false); }

    Folder folder;
    RunningNats nats;
};

TEST_F(EndToEndBridges, CarryEventsFromOneSkaldToAnotherWhoeverIsKilled) {
    NatsPeer(nats.port()).make_stream("ORDERS", "shop.orders");
    auto from = start("from");
    auto to = start("to");
    put_bridge(*from, {{{"topic", "orders"}, {"subject", "shop.orders"}}}, Json::array());
    put_bridge(*to, Json::array(),
               {{{"stream", "ORDERS"}, {"subject", "shop.>"}, {"topic", "copies"}}});
    constexpr int kRounds = 8;
    constexpr int kSubjects = 20;
    constexpr int kEach = 5;
    int number = 0;
    for (int round = 0; round < kRounds; ++round) {
        for (int i = 0; i < kEach; ++i) {
            std::vector<Json> batch;
            for (int each = 0; each < kSubjects; ++each) {
                batch.push_back(event_of("o-" + std::to_string(each), number));
            }
            ++number;
            publish(*from, "orders", batch);
        }
        switch (round) {
            case 1:
                nats.kill();
                nats.start();
                break;
            case 3:
                from->process().kill();
                from = start("from");
                break;
            case 5:
                to->process().kill();
                to = start("to");
                break;
            default:
                break;
        }
    }
    const std::size_t all = std::size_t{kRounds} * kEach * kSubjects;
    std::map<std::string, int> next;
    for (const Json& event : await_events(*to, "copies", all)) {
        EXPECT_EQ(event["skaldbridge"], "nats");
        // In order of each subject, and none is missing or there twice.
        EXPECT_EQ(event["data"]["number"], next[event["subject"].get<std::string>()]++);
    }
    EXPECT_EQ(next.size(), std::size_t{kSubjects});
    EXPECT_EQ(NatsPeer(nats.port()).consumers("ORDERS").size(), 1u);  // The same, each time.
    const Json bridge =
        await_bridge(*from, [](const Json& now) { return now["out"][0].value("lag", 1) == 0; });
    EXPECT_EQ(bridge["out"][0]["topic"], "orders");
    std::set<std::string> ids;
    for (const StoredMessage& each : NatsPeer(nats.port()).messages("ORDERS")) {
        EXPECT_TRUE(ids.insert(each.headers.at("Nats-Msg-Id")).second);
    }
    EXPECT_EQ(ids.size(), all);
}

TEST_F(EndToEndBridges, LetServicesAtTheBrokerTakePartInASaga) {
    NatsPeer service(nats.port());
    service.make_stream("COMMANDS", "commands.>");
    service.make_stream("REPLIES", "replies.>");
    auto skald = start("skald");
    put_bridge(*skald, {{{"topic", "commands"}, {"subject", "commands.stock"}}},
               {{{"stream", "REPLIES"}, {"subject", "replies.*"}, {"topic", "replies"}}});
    const auto put = skald->send("PUT", "/v1/definitions/purchase", R"({"name": "purchase",
        "steps": [{"name": "reserve", "compensation": "none", "output": "$response.body.place",
                   "action": {"event": {
                       "topic": "commands", "type": "stock.reserve", "subject": "$input.order_id",
                       "reply": {"topic": "replies", "success": {"type": "stock.reserved"},
                                 "timeout": "1m"}}}}],
        "output": {"place": "$steps.reserve.output"}})");
    ASSERT_EQ(put.status, 201) << put.text;
    const auto started =
        skald->send("POST", "/v1/sagas",
                    R"({"definition": "purchase", "id": "p-1", "input": {"order_id": "o-1"}})");
    ASSERT_EQ(started.status, 201) << started.text;
    std::vector<StoredMessage> commands;
    const auto until = std::chrono::steady_clock::now() + kPatienceOfBridges;
    while (commands.empty() && std::chrono::steady_clock::now() < until) {
        commands = service.messages("COMMANDS");
    }
    ASSERT_EQ(commands.size(), 1u);
    const Json command = Json::parse(commands[0].data);
    EXPECT_EQ(command["sagaid"], "p-1");
    service.publish("replies.stock",
                    Json{{"specversion", "1.0"},
                         {"id", "r-1"},
                         {"source", "/stock"},
                         {"type", "stock.reserved"},
                         {"sagaid", command["sagaid"]},
                         {"sagastep", command["sagastep"]},
                         {"data", {{"place", "A7"}}}}
                        .dump(),
                    {{"Content-Type", "application/cloudevents+json"}});
    const Json saga = skald->get("/v1/sagas/p-1?wait=30s").body;
    EXPECT_EQ(saga["status"], "completed") << saga.dump();
    EXPECT_EQ(saga["output"], Json({{"place", "A7"}}));
}

TEST_F(EndToEndBridges, SendNothingBackToWhereItCameFrom) {
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    auto skald = start("skald");
    put_bridge(*skald, {{{"topic", "orders"}, {"subject", "orders"}}},
               {{{"stream", "ORDERS"}, {"subject", "orders"}, {"topic", "orders"}}});
    // Ours goes out, and comes in as what is known; the peer's comes in, and does not go out.
    publish(*skald, "orders", {event_of("ours", 1)});
    await_bridge(*skald, [](const Json& now) { return now["in"][0].value("repeated", 0) == 1; });
    peer.publish("orders", event_of("theirs", 1).dump());
    await_bridge(*skald, [](const Json& now) {
        return now["in"][0].value("received", 0) == 1 && now["out"][0].value("lag", 1) == 0;
    });
    // Behind it, so that it would be in the stream by now.
    publish(*skald, "orders", {event_of("ours", 2)});
    await_bridge(*skald, [](const Json& now) { return now["in"][0].value("repeated", 0) == 2; });
    EXPECT_EQ(peer.messages("ORDERS").size(), 3u);
    EXPECT_EQ(await_events(*skald, "orders", 3)[1]["skaldbridge"], "nats");
}

TEST_F(EndToEndBridges, OfTwoServersDoTheSameUnderTheSameNames) {
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.make_stream("NEWS", "news");
    auto one = start("one");
    auto other = start("other");
    for (RunningSkald* const each : {one.get(), other.get()}) {
        put_bridge(*each, {{{"topic", "orders"}, {"subject", "orders"}}},
                   {{{"stream", "NEWS"}, {"subject", "news"}, {"topic", "news"}}});
    }
    // Both at offset 1.
    publish(*one, "orders", {event_of("of-one", 1)});
    publish(*other, "orders", {event_of("of-other", 1)});
    constexpr int kNews = 20;
    for (int i = 0; i < kNews; ++i) peer.publish("news", event_of("news", i).dump());
    for (RunningSkald* const each : {one.get(), other.get()}) {
        await_bridge(*each, [](const Json& now) { return now["out"][0].value("lag", 1) == 0; });
        await_events(*each, "news", kNews);
    }
    EXPECT_EQ(peer.messages("ORDERS").size(), 2u);
}

TEST_F(EndToEndBridges, CarryWhatSagasPublish) {
    NatsPeer(nats.port()).make_stream("COMMANDS", "commands");
    auto from = start("from");
    auto to = start("to");
    put_bridge(*from, {{{"topic", "commands"}, {"subject", "commands"}}}, Json::array());
    put_bridge(*to, Json::array(),
               {{{"stream", "COMMANDS"}, {"subject", "commands"}, {"topic", "commands"}}});
    const auto put = from->send("PUT", "/v1/definitions/purchase", R"({"name": "purchase",
        "steps": [{"name": "reserve", "compensation": "none", "action": {"event": {
            "topic": "commands", "type": "stock.reserve"}}}]})");
    ASSERT_EQ(put.status, 201) << put.text;
    const auto started =
        from->send("POST", "/v1/sagas", R"({"definition": "purchase", "id": "p-1", "input": {}})");
    ASSERT_EQ(started.status, 201) << started.text;
    const std::vector<Json> events = await_events(*to, "commands", 1);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0]["source"], "/v1/bridges/nats/v1/sagas/p-1");
    EXPECT_EQ(events[0]["sagaid"], "p-1");
    EXPECT_EQ(to->get("/v1/bridges/nats").body["in"][0]["refused"], 0);
}

TEST_F(EndToEndBridges, CarryWhatSomebodyPublishesThatCameInOverThem) {
    NatsPeer peer(nats.port());
    peer.make_stream("COPIES", "copies");
    auto skald = start("skald");
    put_bridge(*skald, {{{"topic", "copies"}, {"subject", "copies"}}}, Json::array());
    Json event = event_of("o-1", 1);
    event["skaldbridge"] = "nats";
    publish(*skald, "copies", {event});
    await_bridge(*skald, [](const Json& now) { return now["out"][0].value("lag", 1) == 0; });
    EXPECT_EQ(peer.messages("COPIES").size(), 1u);
}

TEST_F(EndToEndBridges, BeginAnewWhenTheyAreMadeAgain) {
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    auto skald = start("skald");
    const Json in = {
        {{"stream", "ORDERS"}, {"subject", "orders"}, {"topic", "in"}, {"from", "end"}}};
    const auto make = [&] {
        put_bridge(*skald, Json::array(), in);
        return skald->get("/v1/bridges/nats").body["in"][0]["consumer"].get<std::string>();
    };
    const std::string first = make();
    await_bridge(*skald, is_connected);
    nats.kill();  // So that the consumer stays, if it was made by then.
    await_bridge(*skald, [](const Json& now) { return !is_connected(now); });
    EXPECT_EQ(skald->send("DELETE", "/v1/bridges/nats").status, 204);
    EXPECT_NE(make(), first);
    nats.start();
    // Before the bridge is there, and behind the stream's end when it was made.
    NatsPeer(nats.port()).publish("orders", event_of("o-1", 1).dump());
    await_events(*skald, "in", 1);
}

TEST_F(EndToEndBridges, KeepTheirPlacesWhenABindingIsTakenAwayAndPutBack) {
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.subscribe("silent");
    auto skald = start("skald");
    const Json out = {{{"topic", "a"}, {"subject", "silent"}}};
    const Json in = {
        {{"stream", "ORDERS"}, {"subject", "orders"}, {"topic", "in"}, {"from", "end"}}};
    put_bridge(*skald, out, in);
    await_bridge(*skald, is_connected);
    publish(*skald, "a", {event_of("o-1", 1)});
    peer.await_message();
    // The first one waits for an answer; it must not take the consumer along when it ends.
    put_bridge(*skald, out, Json::array());
    put_bridge(*skald, out, in);
    peer.publish("orders", event_of("o-1", 2).dump());
    await_events(*skald, "in", 1);
    await_metric(*skald,
                 "skald_bridge_events_total{bridge=\"nats\",direction=\"out\","
                 "outcome=\"failed\"} 1\n");
    peer.publish("orders", event_of("o-1", 3).dump());
    await_events(*skald, "in", 2);
    const Json bridge = skald->get("/v1/bridges/nats").body;
    EXPECT_EQ(bridge["in"][0]["repeated"], 0) << bridge.dump();
}

TEST_F(EndToEndBridges, ShowHowTheyStand) {
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    auto skald = start("skald");
    EXPECT_EQ(skald->get("/readyz").text, R"({"status":"ready"})");
    put_bridge(*skald, Json::array(),
               {{{"stream", "ORDERS"}, {"subject", "orders"}, {"topic", "orders"}}});
    peer.publish("orders", "hello");
    peer.publish("orders", event_of("o-1", 1).dump());
    const Json bridge = await_bridge(
        *skald, [](const Json& now) { return now["in"][0].value("received", 0) == 1; });
    EXPECT_EQ(bridge["server"], nats.url());
    EXPECT_EQ(bridge["in"][0]["refused"], 1);
    EXPECT_EQ(bridge["in"][0]["refusals"][0]["sequence"], 1);
    EXPECT_EQ(skald->get("/readyz").body["bridges"], Json({{"nats", "connected"}}));
    const std::string metrics = skald->get("/metrics").text;
    EXPECT_THAT(metrics, HasSubstr("skald_bridge_connected{bridge=\"nats\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("skald_bridge_events_total{bridge=\"nats\",direction=\"in\","
                                   "outcome=\"refused\"} 1\n"));
    nats.kill();
    await_bridge(*skald, [](const Json& now) { return !is_connected(now); });
    const auto ready = skald->get("/readyz");
    EXPECT_EQ(ready.status, 200);
    EXPECT_EQ(ready.body["bridges"], Json({{"nats", "not_connected"}}));
    nats.start();
    await_bridge(*skald, is_connected);
    EXPECT_EQ(skald->send("DELETE", "/v1/bridges/nats").status, 204);
    EXPECT_EQ(skald->get("/readyz").text, R"({"status":"ready"})");
    NatsPeer again(nats.port());
    const auto until = std::chrono::steady_clock::now() + kPatienceOfBridges;
    while (!again.consumers("ORDERS").empty() && std::chrono::steady_clock::now() < until) {
    }
    EXPECT_TRUE(again.consumers("ORDERS").empty());
}

TEST_F(EndToEndBridges, ChangeWhileTheyRun) {
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders.>");
    peer.make_stream("OUT", "out.>");
    auto skald = start("skald");
    put_bridge(*skald, {{{"topic", "a"}, {"subject", "out.a"}}},
               {{{"stream", "ORDERS"}, {"subject", "orders.a"}, {"topic", "in-a"}}});
    peer.publish("orders.a", event_of("a", 1).dump());
    await_events(*skald, "in-a", 1);
    put_bridge(*skald,
               {{{"topic", "a"}, {"subject", "out.a"}}, {{"topic", "b"}, {"subject", "out.b"}}},
               {{{"stream", "ORDERS"}, {"subject", "orders.b"}, {"topic", "in-b"}},
                {{"stream", "ORDERS"}, {"subject", "orders.a"}, {"topic", "in-a"}}});
    peer.publish("orders.a", event_of("a", 2).dump());
    peer.publish("orders.b", event_of("b", 1).dump());
    await_events(*skald, "in-a", 2);
    await_events(*skald, "in-b", 1);
    publish(*skald, "b", {event_of("b", 2)});
    await_bridge(*skald, [](const Json& now) {
        return now["out"].size() == 2 && now["out"][1].value("lag", 1) == 0;
    });
    EXPECT_EQ(peer.messages("OUT").size(), 1u);
    EXPECT_EQ(skald->process().stop(std::chrono::seconds(20)), 0);
}

TEST_F(EndToEndBridges, LogInWithASecretOfTheFolder) {
    const RunningNats guarded("authorization { user: skald, password: \"s3cret\" }");
    std::filesystem::create_directory(folder / "secrets");
    std::ofstream(folder / "secrets/NATS_PASSWORD") << "wrong\n";
    auto skald = start("skald", {"--secrets-dir", (folder / "secrets").string()});
    const Json document = {
        {"nats",
         {{"url", guarded.url()}, {"user", "skald"}, {"password", "$secrets.NATS_PASSWORD"}}},
        {"out", {{{"topic", "orders"}, {"subject", "orders"}}}}};
    ASSERT_EQ(skald->send("PUT", "/v1/bridges/nats", document.dump()).status, 201);
    const Json refused =
        await_bridge(*skald, [](const Json& now) { return now.contains("last_error"); });
    EXPECT_THAT(refused["last_error"].get<std::string>(), HasSubstr("Authorization Violation"));
    std::ofstream(folder / "secrets/NATS_PASSWORD") << "s3cret\n";
    await_bridge(*skald, is_connected);
    const std::string shown =
        run_skald("--server http://127.0.0.1:" + std::to_string(skald->port()) +
                  " bridges nats -o table")
            .output;
    EXPECT_THAT(shown, HasSubstr("nats v1, connected to nats://127.0.0.1:"));
    EXPECT_EQ(shown.find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace skald::end_to_end
