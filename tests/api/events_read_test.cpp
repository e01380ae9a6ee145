#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/engine_in_memory.h"
#include "tests/api/event_text.h"

namespace skald::api {
namespace {

using sagas::Json;
using sagas::Milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const EngineInMemory::Headers kStream{{"accept", "text/event-stream"}};

class EventsRead : public testing::Test {
 protected:
    void publish(int id, const std::string& topic = "orders") {
        const Json event = {{"specversion", "1.0"},
                            {"id", std::to_string(id)},
                            {"source", "/s"},
                            {"type", "placed"},
                            {"data", id}};
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        ASSERT_EQ(reply.status, 202) << reply.body;
    }
    void publish_up_to(int last) {
        for (int id = 1; id <= last; ++id) publish(id);
    }
    /// "OFFSET…" of the events that a reading gives, and its `next` and `last`.
    static std::string shown(const Reply& reply) {
        if (reply.status != 200) return std::to_string(reply.status) + " " + reply.body;
        const Document page = body_of(reply);
        std::string text;
        for (const Document& row : page["events"]) {
            EXPECT_EQ(row["event"]["id"], std::to_string(row["offset"].get<int>()));
            text += row["offset"].dump() + " ";
        }
        return text + "next " + page["next"].dump() + " last " + page["last"].dump();
    }
    std::string read(const std::string& query) {
        return shown(engine.call("GET", kTarget + query));
    }
    std::string refused(const std::string& query, EngineInMemory::Headers headers = {}) {
        const Reply reply = engine.call("GET", kTarget + query, "", std::move(headers));
        EXPECT_EQ(reply.status, 400) << query << reply.body;
        return body_of(reply)["detail"];
    }

    const std::string kTarget = "/v1/topics/orders/events";
    EngineInMemory engine;
};

TEST_F(EventsRead, GoOnBehindAnOffset) {
    publish_up_to(5);
    EXPECT_EQ(read(""), "1 2 3 4 5 next 5 last 5");
    EXPECT_EQ(read("?after=0&limit=2"), "1 2 next 2 last 5");
    EXPECT_EQ(read("?after=2&limit=2"), "3 4 next 4 last 5");
    EXPECT_EQ(read("?after=4&limit=2"), "5 next 5 last 5");
    EXPECT_EQ(read("?after=5"), "next 5 last 5");
    const Document row = body_of(engine.call("GET", kTarget + "?limit=1"))["events"][0];
    EXPECT_EQ(row["event"]["data"], 1);
    EXPECT_EQ(row["event"]["time"], "2026-11-21T22:32:28.000Z");
}

// Its database was brought back from an older copy: else it would miss what comes.
TEST_F(EventsRead, TakeAReaderBackThatIsAhead) {
    publish_up_to(2);
    EXPECT_EQ(read("?after=7"), "next 2 last 2");
    bool has_waited = false;
    const Reply reply =
        engine.call_while("GET", kTarget + "?after=7&wait=10s", "", [&] { has_waited = true; });
    EXPECT_EQ(shown(reply), "next 2 last 2");
    EXPECT_FALSE(has_waited);
    auto stream = engine.open(kTarget + "?after=7", kStream);
    EXPECT_EQ(stream.read(), ": ping\nid: 7\n\nid: 2\nevent: resync\ndata: {\"offset\":2}\n\n");
    publish(3);
    EXPECT_THAT(stream.read(), StartsWith("id: 3\ndata: {\"offset\":3,"));
}

TEST_F(EventsRead, BeginAtATimeOrAnEnd) {
    publish_up_to(2);
    engine.advance(Milliseconds(1'000));
    publish(3);
    EXPECT_EQ(read("?from=start"), "1 2 3 next 3 last 3");
    EXPECT_EQ(read("?from=end"), "next 3 last 3");
    EXPECT_EQ(read("?from=2026-11-21T22:32:28.000Z"), "1 2 3 next 3 last 3");
    EXPECT_EQ(read("?from=2026-11-21T22:32:28.001Z"), "3 next 3 last 3");
    EXPECT_EQ(read("?from=2026-11-21T22:32:29.001Z"), "next 3 last 3");
    EXPECT_EQ(read("?from=2026-11-21T23:32:28.500%2B01:00"), "3 next 3 last 3");
}

TEST_F(EventsRead, RefuseWhatIsNoPlace) {
    publish(1);
    EXPECT_THAT(refused("?after=-1"), HasSubstr("after: must be the offset"));
    EXPECT_THAT(refused("?after="), HasSubstr("after"));
    EXPECT_THAT(refused("?after=1&after=2"), HasSubstr("after"));
    EXPECT_THAT(refused("?after=99999999999999999999"), HasSubstr("after"));
    EXPECT_THAT(refused("?from=yesterday"), HasSubstr("from: must be start, end, or a time"));
    EXPECT_THAT(refused("?after=1&from=end"), HasSubstr("exclude each other"));
    EXPECT_THAT(refused("?limit=0"), HasSubstr("limit"));
    EXPECT_THAT(refused("?limit=1001"), HasSubstr("limit"));
    EXPECT_THAT(refused("?wait=61s"), HasSubstr("wait"));
    EXPECT_THAT(refused("?wait=1s", kStream), HasSubstr("wait: a stream takes none"));
    EXPECT_THAT(refused("?limit=1", kStream), HasSubstr("limit: a stream takes none"));
    EXPECT_THAT(refused("", {{"accept", "text/event-stream"}, {"last-event-id", "x"}}),
                HasSubstr("Last-Event-ID"));
}

TEST_F(EventsRead, NeedATopic) {
    for (const char* query : {"", "?wait=1s", "?from=end", "?from=2026-11-21T22:32:28Z"}) {
        EXPECT_THAT(read(query), StartsWith("404 ")) << query;
    }
    const Reply reply = engine.call("GET", kTarget, "", kStream);
    EXPECT_EQ(reply.status, 404);
    EXPECT_THAT(reply.body, HasSubstr("urn:skald:problem:topic-not-found"));
    EXPECT_THAT(reply.body, HasSubstr("PUT /v1/topics/orders"));
    EXPECT_EQ(engine.call("GET", "/v1/topics/Orders/events").status, 400);
    // An empty document is enough.
    EXPECT_EQ(engine.call("PUT", "/v1/topics/orders", "{}").status, 201);
    EXPECT_EQ(read(""), "next 0 last 0");
}

// ---- Long poll ---------------------------------------------------------------------------------

TEST_F(EventsRead, WaitForTheNextEvent) {
    publish_up_to(2);
    const Reply reply =
        engine.call_while("GET", kTarget + "?after=2&wait=20s", "", [this] { publish(3); });
    EXPECT_EQ(shown(reply), "3 next 3 last 3");
    EXPECT_EQ(engine.clock().now(), *sagas::parse_rfc3339("2026-11-21T22:32:28.000Z"));
}

TEST_F(EventsRead, DoNotWaitForWhatIsThere) {
    publish_up_to(2);
    bool has_waited = false;
    const auto reply =
        engine.call_while("GET", kTarget + "?after=1&wait=20s", "", [&] { has_waited = true; });
    EXPECT_EQ(shown(reply), "2 next 2 last 2");
    EXPECT_FALSE(has_waited);
}

TEST_F(EventsRead, EndWithTheWait) {
    publish_up_to(2);
    const auto before = engine.clock().now();
    EXPECT_EQ(read("?after=2&wait=20s"), "next 2 last 2");
    EXPECT_EQ(engine.clock().now() - before, Milliseconds(20'000));
    EXPECT_EQ(read("?after=2&wait=0s"), "next 2 last 2");
}

// Topics share bells: a ring of another one is no reason to answer.
TEST_F(EventsRead, GoOnWaitingAfterAnotherTopicsRing) {
    publish_up_to(2);
    const auto before = engine.clock().now();
    int rings = 0;
    const Reply reply = engine.call_while("GET", kTarget + "?after=2&wait=20s", "", [&] {
        if (++rings < 3) return engine.ring("orders");
        publish(3);
    });
    EXPECT_EQ(shown(reply), "3 next 3 last 3");
    EXPECT_EQ(rings, 3);
    EXPECT_EQ(engine.clock().now(), before);
}

// ---- Streams -----------------------------------------------------------------------------------

TEST_F(EventsRead, StreamEachEvent) {
    publish_up_to(2);
    const Reply head = engine.call("GET", kTarget, "", kStream);
    EXPECT_EQ(head.content_type, "text/event-stream");
    EXPECT_EQ(header_of(head, "X-Accel-Buffering"), "no");
    auto stream = engine.open(kTarget, kStream);
    const std::string first = stream.read();
    EXPECT_THAT(first,
                StartsWith(": ping\nid: 0\n\nid: 1\ndata: {\"offset\":1,\"event\":{\"data\""));
    EXPECT_THAT(parse_events(first), testing::SizeIs(2));
    EXPECT_EQ(parse_events(first)[1].type, "");
    EXPECT_EQ(stream.read(), "");
    publish(1, "bills");
    EXPECT_EQ(stream.read(), "");
    publish(3);
    const auto more = parse_events(stream.read());
    ASSERT_THAT(more, testing::SizeIs(1));
    EXPECT_EQ(more[0].id, "3");
    EXPECT_EQ(Document::parse(more[0].data)["event"]["data"], 3);
    EXPECT_FALSE(stream.is_over());
    engine.advance(Milliseconds(15'000));
    EXPECT_EQ(stream.read(), ": ping\nid: 3\n\n");
}

TEST_F(EventsRead, ResumeAStream) {
    publish_up_to(450);
    const auto ids = [this](const std::string& query, EngineInMemory::Headers headers) {
        headers.push_back(kStream[0]);
        std::vector<std::string> found;
        for (const Event& event : parse_events(engine.open(kTarget + query, headers).read())) {
            found.push_back(event.id);
        }
        return found;
    };
    const auto all = ids("", {});
    ASSERT_THAT(all, testing::SizeIs(450));
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(i + 1));
    EXPECT_THAT(ids("?after=448", {}), ElementsAre("449", "450"));
    EXPECT_THAT(ids("", {{"last-event-id", "449"}}), ElementsAre("450"));
    // A browser that connects again repeats its address.
    EXPECT_THAT(ids("?from=start", {{"last-event-id", "449"}}), ElementsAre("450"));
    EXPECT_THAT(ids("?from=end", {}), IsEmpty());
}

// ---- What sagas do -----------------------------------------------------------------------------

class SagaTopicRead : public testing::Test {
 protected:
    SagaTopicRead() { engine.put_definition(definition("order", {step("reserve"), step("pay")})); }

    void start(const std::string& id) {
        const Json body = {{"definition", "order"}, {"id", id}, {"input", {{"order", id}}}};
        ASSERT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
        engine.settle();
    }
    void operate(const std::string& command, const Json& body) {
        const Reply reply = engine.call("POST", "/v1/sagas/a/" + command, body.dump());
        EXPECT_LT(reply.status, 300) << reply.body;
        engine.settle();
    }
    /// "SUBJECT TYPE" of each event.
    std::vector<std::string> types(const std::string& query = "") {
        const Document page = body_of(engine.call("GET", "/v1/topics/skald.sagas/events" + query));
        std::vector<std::string> found;
        for (const Document& row : page["events"]) {
            const Document& event = row["event"];
            const std::string type = event["type"];
            EXPECT_THAT(type, StartsWith("dev.skald.saga."));
            EXPECT_EQ(event["id"], row["offset"].dump());
            found.push_back(event["subject"].get<std::string>() + " " + type.substr(15));
        }
        return found;
    }

    EngineInMemory engine;
};

TEST_F(SagaTopicRead, IsTheJournal) {
    start("a");
    EXPECT_THAT(types(), ElementsAre("a started", "a answered", "a completed"));
    const Document event =
        body_of(engine.call("GET", "/v1/topics/skald.sagas/events"))["events"][2]["event"];
    EXPECT_EQ(event["specversion"], "1.0");
    EXPECT_EQ(event["source"], "/v1/sagas/a");
    EXPECT_EQ(event["time"], "2026-11-21T22:32:28.000Z");
    EXPECT_EQ(event["datacontenttype"], "application/json");
    EXPECT_EQ(event["data"]["saga"], "a");
    EXPECT_EQ(event["data"]["status"], "completed");
    EXPECT_EQ(event["data"]["step"], "pay");
    EXPECT_FALSE(event["data"].contains("output"));
}

TEST_F(SagaTopicRead, NamesWhatCameOfEachRow) {
    engine.participants = [](const sagas::Request& request) {
        return reply(request.target == "/pay"            ? 402
                     : request.target == "/undo-reserve" ? 404
                                                         : 200);
    };
    start("a");
    EXPECT_THAT(types(), ElementsAre("a started", "a answered", "a turned", "a stuck"));
    operate("suspend", {{"reason", "wait"}});
    operate("resume", Json::object());
    operate("retry", Json::object());
    operate("resolve", {{"step", "reserve"}, {"as", "compensated"}, {"reason", "by hand"}});
    EXPECT_THAT(types("?after=4"),
                ElementsAre("a suspended", "a resumed", "a retried", "a stuck", "a compensated"));
}

TEST_F(SagaTopicRead, IsPolledAndStreamed) {
    start("a");
    const Reply reply = engine.call_while("GET", "/v1/topics/skald.sagas/events?after=3&wait=10s",
                                          "", [this] { start("b"); });
    EXPECT_THAT(body_of(reply)["events"][0]["event"]["subject"], "b");
    EXPECT_EQ(body_of(reply)["next"], body_of(reply)["last"]);
    auto stream = engine.open("/v1/topics/skald.sagas/events?from=end", kStream);
    stream.read();
    start("c");
    const auto events = parse_events(stream.read());
    ASSERT_THAT(events, testing::SizeIs(3));
    EXPECT_EQ(events[0].id, "7");
    EXPECT_EQ(Document::parse(events[0].data)["event"]["type"], "dev.skald.saga.started");
}

TEST_F(SagaTopicRead, BeginsAtATime) {
    for (const char* id : {"a", "b", "c"}) {
        start(id);
        engine.advance(Milliseconds(1'000));
    }
    EXPECT_THAT(types("?from=2026-11-21T22:32:29.500Z"),
                ElementsAre("c started", "c answered", "c completed"));
    EXPECT_THAT(types("?from=2026-11-21T22:32:29.000Z"), testing::SizeIs(6));
    EXPECT_THAT(types("?from=2026-11-21T22:32:00.000Z"), testing::SizeIs(9));
    EXPECT_THAT(types("?from=2026-11-21T22:33:00.000Z"), IsEmpty());
}

}  // namespace
}  // namespace skald::api
