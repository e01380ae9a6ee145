#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/api/event_client.h"
#include "tests/api/raw_client.h"
#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using api::Event;
using api::EventClient;
using testing::ElementsAre;
using testing::HasSubstr;

Json cloud_event(const std::string& id, const Json& data = nullptr) {
    return {{"specversion", "1.0"}, {"id", id}, {"source", "/s"}, {"type", "t"}, {"data", data}};
}

/// A saga that asks by an event and waits for its answer.
const char* const kAsking = R"({
  "name": "asking",
  "steps": [
    {"name": "ask",
     "action": {"event": {"topic": "questions", "type": "asked", "data": "$input",
                          "reply": {"topic": "answers", "success": {"type": "answered"},
                                    "timeout": "1h"}}},
     "compensation": "none"}],
  "output": "$steps.ask.output"
})";

class EndToEndTopics : public testing::Test {
 protected:
    api::RawReply post(const std::string& headers, const std::string& body) {
        api::RawClient client(skald->port());
        client.send("POST /v1/topics/orders/events HTTP/1.1\r\nHost: localhost\r\n" + headers +
                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        return client.read_reply().value_or(api::RawReply{});
    }
    RunningSkald::Answer read(const std::string& query = "") {
        return skald->get("/v1/topics/orders/events" + query);
    }
    std::string publish(const std::string& topic, const std::string& arguments) {
        return run_skald("publish " + topic + " --server http://127.0.0.1:" +
                         std::to_string(skald->port()) + " -o json " + arguments)
            .output;
    }
    EventClient open(const std::string& topic, const std::string& last_event_id) {
        return EventClient(skald->port(), "/v1/topics/" + topic + "/events", last_event_id, 0,
                           "Accept: text/event-stream\r\n");
    }
    void restart() {
        skald->process().kill();
        skald.reset();
        skald.emplace(database);
    }

    Folder folder;
    const std::filesystem::path database = folder / "skald.db";
    std::optional<RunningSkald> skald{database};
};

TEST_F(EndToEndTopics, TakeEventsInThreeWays) {
    EXPECT_EQ(post("Content-Type: application/cloudevents+json\r\n", cloud_event("1").dump()).body,
              R"({"offsets":[1]})");
    EXPECT_EQ(post("Content-Type: application/cloudevents-batch+json; charset=utf-8\r\n",
                   Json({cloud_event("2"), cloud_event("3")}).dump())
                  .body,
              R"({"offsets":[2,3]})");
    const std::string binary = "CE-SpecVersion: 1.0\r\nce-id: 4\r\nce-source: /s\r\nce-type: t\r\n";
    EXPECT_EQ(post(binary + "Content-Type: text/plain\r\n", "hello").body, R"({"offsets":[4]})");
    const auto page = read();
    ASSERT_EQ(page.body["events"].size(), 4u) << page.text;
    EXPECT_EQ(page.body["events"][3]["event"]["data"], "hello");

    // A page of another origin could send this without asking.
    EXPECT_EQ(post("Content-Type: text/plain\r\n", cloud_event("5").dump()).status, 415);
    EXPECT_EQ(post("", cloud_event("5").dump()).status, 415);
    EXPECT_EQ(post("Content-Type: application/cloudevents+xml\r\n", "<x/>").status, 415);
    EXPECT_EQ(read().body["last"], 4);
}

TEST_F(EndToEndTopics, KeepWhatTheyAnsweredOverAKill) {
    std::string batch = Json({cloud_event("a"), cloud_event("b")}).dump();
    const std::string type = "Content-Type: application/cloudevents-batch+json\r\n";
    ASSERT_EQ(post(type, batch).status, 202);
    const std::string before = read().body["events"].dump();
    restart();
    EXPECT_EQ(read().body["events"].dump(), before);
    EXPECT_EQ(post(type, batch).body, R"({"offsets":[1,2]})");
    EXPECT_EQ(post(type, Json({cloud_event("c")}).dump()).body, R"({"offsets":[3]})");
}

TEST_F(EndToEndTopics, AnswerAWaitWithTheNextEvent) {
    ASSERT_THAT(publish("orders", "--type t --source /s"), HasSubstr("1"));
    RunningSkald::Answer waited;
    std::jthread waiting([&] { waited = read("?after=1&wait=60s"); });
    // It ends with this event, whether it waits already or not.
    EXPECT_THAT(publish("orders", "--type t --source /s --data 7"), HasSubstr("2"));
    waiting.join();
    ASSERT_EQ(waited.status, 200) << waited.text;
    EXPECT_EQ(waited.body["events"][0]["event"]["data"], 7);
    EXPECT_EQ(waited.body["next"], 2);
}

TEST_F(EndToEndTopics, StreamEachEventOnceOverAKill) {
    for (int i = 0; i < 3; ++i) publish("orders", "--type t --source /s");
    std::vector<std::string> ids;
    {
        EventClient client = open("orders", "0");
        ASSERT_EQ(client.status(), 200);
        for (int i = 0; i < 2; ++i) ids.push_back(client.next()->id);
    }
    restart();
    EventClient again = open("orders", ids.back());
    publish("orders", "--type t --source /s");
    for (int i = 0; i < 2; ++i) ids.push_back(again.next()->id);
    EXPECT_THAT(ids, ElementsAre("1", "2", "3", "4"));
}

TEST_F(EndToEndTopics, DriveASagaOverAKill) {
    ASSERT_EQ(skald->send("PUT", "/v1/definitions/asking", kAsking).status, 201);
    ASSERT_EQ(
        skald
            ->send("POST", "/v1/sagas", R"({"definition": "asking", "id": "a", "input": {"q": 1}})")
            .status,
        201);
    restart();
    const Json asked = skald->get("/v1/topics/questions/events").body["events"];
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0]["event"]["sagakey"], "a/ask/action");
    EXPECT_THAT(publish("answers",
                        "--type answered --source /t --extension sagaid=a --extension "
                        "sagastep=ask --data '{\"a\": 42}'"),
                HasSubstr("1"));
    const Json saga = skald->get("/v1/sagas/a?wait=30s").body;
    EXPECT_EQ(saga["status"], "completed") << saga;
    EXPECT_EQ(saga["output"], (Json{{"a", 42}}));
    const Json journal = skald->get("/v1/topics/skald.sagas/events").body["events"];
    EXPECT_EQ(journal.back()["event"]["type"], "dev.skald.saga.completed");
    EXPECT_EQ(journal.back()["event"]["data"]["event"],
              (Json{{"topic", "answers"}, {"offset", 1}}));
}

TEST_F(EndToEndTopics, AreFollowedByTheCommandLine) {
    for (const char* type : {"a", "b", "a"}) {
        publish("orders", std::string("--type ") + type + " --source /s --subject x");
    }
    const auto tailed = run_skald(
        "tail orders --from start --type a --limit 2 -o json --server "
        "http://127.0.0.1:" +
        std::to_string(skald->port()));
    EXPECT_EQ(tailed.exit, 0);
    EXPECT_THAT(tailed.output, HasSubstr(R"({"offset":1,)"));
    EXPECT_THAT(tailed.output, HasSubstr(R"({"offset":3,)"));
    EXPECT_THAT(tailed.output, testing::Not(HasSubstr(R"({"offset":2,)")));
}

}  // namespace
}  // namespace skald::end_to_end
