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

constexpr Milliseconds kPingEvery{15'000};

/// {saga, seq} of each event.
std::vector<std::string> rows_of(const std::vector<Event>& events) {
    std::vector<std::string> rows;
    for (const Event& event : events) {
        const Document data = Document::parse(event.data);
        rows.push_back(data.contains("seq")
                           ? data["saga"].get<std::string>() + " " + data["seq"].dump()
                           : event.type);
    }
    return rows;
}
std::vector<std::string> rows_of(const std::string& text) { return rows_of(parse_events(text)); }

class EventStreams : public testing::Test {
 protected:
    void SetUp() override {
        engine.put_definition(definition("order", {step("reserve"), step("charge")}));
        engine.put_definition(definition("parcel", {step("send")}));
    }

    void start(const std::string& id, const std::string& name = "order",
               const Json& labels = Json::object()) {
        const Json body = {
            {"definition", name}, {"id", id}, {"input", {{"order", id}}}, {"labels", labels}};
        const Reply reply = engine.call("POST", "/v1/sagas", body.dump());
        ASSERT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    /// From now on nobody answers.
    void be_silent() {
        engine.participants = [](const sagas::Request&) { return std::nullopt; };
    }
    void expect_refused(const std::string& target, const std::string& part,
                        EngineInMemory::Headers headers = {}) {
        SCOPED_TRACE(target);
        const Reply reply = engine.call("GET", target, "", std::move(headers));
        EXPECT_EQ(reply.status, 400);
        EXPECT_THAT(reply.body, HasSubstr("urn:skald:problem:invalid-request"));
        EXPECT_THAT(reply.body, HasSubstr(part));
    }

    EngineInMemory engine;
};

// ---- One saga ----------------------------------------------------------------------------------

TEST_F(EventStreams, OfASagaTellItsHistoryAndItsEnd) {
    start("other");
    engine.participants = [](const sagas::Request&) { return reply(200, {{"id", "r-17"}}); };
    start("a");
    const Reply head = engine.call("GET", "/v1/sagas/a/events");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.content_type, "text/event-stream");
    EXPECT_EQ(header_of(head, "X-Accel-Buffering"), "no");

    auto stream = engine.open("/v1/sagas/a/events");
    const std::string text = stream.read();
    EXPECT_TRUE(stream.is_over());
    EXPECT_TRUE(
        text.starts_with(": ping\n\nid: 4\nevent: begun\ndata: {\"saga\":\"a\","
                         "\"definition\":\"order\",\"version\":1,"
                         "\"status\":\"completed\",\"seq\":1,"))
        << text;
    const std::vector<Event> events = parse_events(text);
    const Document history = body_of(engine.call("GET", "/v1/sagas/a/history"))["items"];
    ASSERT_EQ(events.size(), history.size() + 1);
    for (std::size_t i = 0; i < history.size(); ++i) {
        EXPECT_EQ(events[i].id, std::to_string(4 + i));
        EXPECT_EQ(events[i].type, history[i]["type"]);
        Document expected = history[i];
        expected.erase("output");
        if (expected.contains("end")) expected["end"].erase("output");
        Document data = Document::parse(events[i].data);
        for (const char* name : {"saga", "definition", "version", "status"}) data.erase(name);
        EXPECT_EQ(data, expected);
    }
    EXPECT_EQ(events.back().type, "end");
    EXPECT_EQ(events.back().id, events[history.size() - 1].id);
    EXPECT_EQ(events.back().data, R"({"saga":"a","status":"completed"})");
    EXPECT_THAT(text, testing::Not(HasSubstr("r-17")));
    EXPECT_THAT(text, testing::Not(HasSubstr("output")));
}

TEST_F(EventStreams, OfASagaGoOnAsItDoes) {
    engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
        if (request.target == "/charge") return std::nullopt;
        return reply(200);
    };
    start("a");
    auto stream = engine.open("/v1/sagas/a/events");
    const std::vector<Event> begun = parse_events(stream.read());
    EXPECT_THAT(rows_of(begun), ElementsAre("a 1", "a 2"));
    EXPECT_EQ(Document::parse(begun.back().data)["status"], "running");
    EXPECT_EQ(stream.read(), "");
    start("b");
    EXPECT_EQ(stream.read(), "");

    engine.participants = [](const sagas::Request& request) {
        return reply(request.target == "/charge" ? 402 : 200, {{"reason", "declined"}});
    };
    const std::vector<Event> ended = parse_events(stream.read());
    EXPECT_THAT(rows_of(ended), ElementsAre("a 3", "a 4", "end"));
    const Document turned = Document::parse(ended[0].data);
    EXPECT_EQ(turned["step"], "charge");
    EXPECT_EQ(turned["status"], "compensated");
    EXPECT_THAT(turned["error"], HasSubstr("declined"));
    EXPECT_EQ(turned["turned"]["step"], "charge");
    EXPECT_TRUE(stream.is_over());
}

TEST_F(EventStreams, OfASagaResumeBehindAnEvent) {
    start("a");
    const std::string target = "/v1/sagas/a/events";
    EXPECT_THAT(rows_of(engine.open(target + "?after=1").read()), ElementsAre("a 2", "a 3", "end"));
    EXPECT_THAT(rows_of(engine.open(target, {{"last-event-id", "2"}}).read()),
                ElementsAre("a 3", "end"));
    // A browser that connects again repeats its address.
    EXPECT_THAT(rows_of(engine.open(target + "?after=1", {{"last-event-id", "2"}}).read()),
                ElementsAre("a 3", "end"));
    EXPECT_THAT(rows_of(engine.open(target + "?after=0").read()),
                ElementsAre("a 1", "a 2", "a 3", "end"));
    EXPECT_THAT(rows_of(engine.open(target + "?after=3").read()), ElementsAre("end"));
}

TEST_F(EventStreams, OfASagaTakeAnyNumberOfPages) {
    std::vector<Json> steps;
    for (int i = 0; i < 100; ++i) steps.push_back(step("s" + std::to_string(i)));
    for (Json& each : steps) each["retry"] = {{"initial_interval", "1ms"}};
    engine.put_definition(definition("long", steps));
    // Every other try goes wrong: with the times of the next tries that makes 301 rows.
    engine.participants = [tries = 0](const sagas::Request&) mutable {
        return reply(++tries % 2 == 0 ? 200 : 503);
    };
    start("a", "long");
    auto stream = engine.open("/v1/sagas/a/events");
    std::vector<Event> events;
    for (int i = 0; i < 1'000 && !stream.is_over(); ++i) {
        for (Event& event : parse_events(stream.read())) events.push_back(std::move(event));
        engine.advance(Milliseconds(1'000));
    }
    ASSERT_TRUE(stream.is_over());
    ASSERT_GT(events.size(), 200);
    const auto whole = parse_events(engine.open("/v1/sagas/a/events").read());
    const auto rows = rows_of(whole);
    EXPECT_EQ(rows, rows_of(events));
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
        EXPECT_EQ(rows[i], "a " + std::to_string(i + 1));
    }
    EXPECT_THAT(parse_events(engine.open("/v1/sagas/a/events?after=" + whole[249].id).read()),
                testing::SizeIs(whole.size() - 250));
}

TEST_F(EventStreams, OfASagaPingInSilence) {
    be_silent();
    start("a");
    auto stream = engine.open("/v1/sagas/a/events");
    EXPECT_THAT(stream.read(), testing::StartsWith(": ping\n\nid: 1\n"));
    engine.advance(kPingEvery - Milliseconds(1));
    EXPECT_EQ(stream.read(), "");
    engine.advance(Milliseconds(1));
    EXPECT_EQ(stream.read(), ": ping\n\n");
    EXPECT_EQ(stream.read(), "");
}

TEST_F(EventStreams, OfASagaNeedOne) {
    EXPECT_EQ(engine.call("GET", "/v1/sagas/none/events").status, 404);
    expect_refused("/v1/sagas/n%20ne/events", "saga id");
}

TEST_F(EventStreams, RefuseToResumeBehindNoPosition) {
    start("a");
    for (const std::string target : {"/v1/events", "/v1/sagas/a/events"}) {
        expect_refused(target + "?after=-1", "after");
        expect_refused(target + "?after=", "after");
        expect_refused(target + "?after=99999999999999999999", "after");
        expect_refused(target + "?after=1&after=2", "after");
        expect_refused(target, "Last-Event-ID", {{"last-event-id", "1x"}});
        expect_refused(target + "?after=1", "Last-Event-ID", {{"last-event-id", ""}});
    }
}

// ---- All sagas ---------------------------------------------------------------------------------

TEST_F(EventStreams, OfAllTellWhatComesFromNowOn) {
    start("early");
    auto stream = engine.open("/v1/events");
    EXPECT_EQ(stream.read(), ": ping\nid: 3\n\n");
    be_silent();
    start("a");
    start("b", "parcel");
    const std::vector<Event> begun = parse_events(stream.read());
    EXPECT_THAT(rows_of(begun), ElementsAre("a 1", "b 1"));
    EXPECT_EQ(begun[0].id, "4");
    EXPECT_EQ(begun[0].type, "begun");
    EXPECT_EQ(begun[1].id, "5");
    const Document data = Document::parse(begun[1].data);
    EXPECT_EQ(data["definition"], "parcel");
    EXPECT_EQ(data["status"], "running");
    EXPECT_EQ(data["changes"][0]["step"], "send");

    engine.participants = nullptr;
    EXPECT_THAT(rows_of(stream.read()), testing::UnorderedElementsAre("a 2", "a 3", "b 2"));
    EXPECT_FALSE(stream.is_over());
    EXPECT_EQ(stream.read(), "");
}

TEST_F(EventStreams, OfAllResumeBehindAnEvent) {
    start("a");
    start("b", "parcel");
    EXPECT_THAT(rows_of(engine.open("/v1/events?after=0").read()),
                ElementsAre("a 1", "a 2", "a 3", "b 1", "b 2"));
    EXPECT_THAT(rows_of(engine.open("/v1/events", {{"last-event-id", "3"}}).read()),
                ElementsAre("b 1", "b 2"));
    EXPECT_THAT(rows_of(engine.open("/v1/events?after=5").read()), IsEmpty());
}

TEST_F(EventStreams, OfAllShowWhatAFilterSelects) {
    start("a", "order", {{"tenant", "acme"}, {"tier", "1:2"}});
    start("b", "parcel", {{"tenant", "acme"}});
    engine.put_definition(definition("parcel", {step("send"), step("bill")}));
    be_silent();
    start("c", "parcel");
    const auto rows = [&](const std::string& query) {
        return rows_of(engine.open("/v1/events?after=0" + query).read());
    };
    EXPECT_THAT(rows(""), testing::SizeIs(6));
    EXPECT_THAT(rows("&definition=parcel"), ElementsAre("b 1", "b 2", "c 1"));
    EXPECT_THAT(rows("&definition=parcel&version=2"), ElementsAre("c 1"));
    EXPECT_THAT(rows("&status=running,stuck"), ElementsAre("c 1"));
    EXPECT_THAT(rows("&status=completed&definition=parcel"), ElementsAre("b 1", "b 2"));
    EXPECT_THAT(rows("&label=tenant:acme"), ElementsAre("a 1", "a 2", "a 3", "b 1", "b 2"));
    EXPECT_THAT(rows("&label=tenant:acme&label=tier:1:2"), ElementsAre("a 1", "a 2", "a 3"));
    EXPECT_THAT(rows("&step=charge"), ElementsAre("a 3"));
    EXPECT_THAT(rows("&step=send"), ElementsAre("b 2"));
    EXPECT_THAT(rows("&step=nothing"), IsEmpty());

    expect_refused("/v1/events?status=done", "status");
    expect_refused("/v1/events?version=1", "version");
    expect_refused("/v1/events?label=tenant", "label");
}

// Else a reader of rare events would have to begin far back, or miss some, whenever it resumes.
TEST_F(EventStreams, OfAllTellWithThePingHowFarTheyAre) {
    auto stream = engine.open("/v1/events?status=stuck");
    EXPECT_EQ(stream.read(), ": ping\nid: 0\n\n");
    start("a");
    EXPECT_EQ(stream.read(), "");
    engine.advance(kPingEvery);
    EXPECT_EQ(stream.read(), ": ping\nid: 3\n\n");
}

class FarBehind : public EventStreams {
 protected:
    /// 10,100 rows.
    void SetUp() override {
        std::vector<Json> steps;
        for (int i = 0; i < 100; ++i) steps.push_back(step("s" + std::to_string(i)));
        engine.put_definition(definition("long", steps));
        for (int i = 0; i < 100; ++i) start("a" + std::to_string(i), "long");
    }
};

TEST_F(FarBehind, IsSetToTheEnd) {
    const std::string resync =
        ": ping\nid: 99\n\nid: 10100\nevent: resync\ndata: {\"position\":10100}\n\n";
    auto stream = engine.open("/v1/events?after=99");
    EXPECT_EQ(stream.read(), resync);
    start("next", "long");
    EXPECT_THAT(rows_of(stream.read()), testing::SizeIs(101));
}

TEST_F(FarBehind, IsNoneWithTenThousandRows) {
    const auto events = parse_events(engine.open("/v1/events?after=100").read());
    ASSERT_EQ(events.size(), 10'000);
    EXPECT_EQ(events.front().id, "101");
    EXPECT_EQ(events.back().id, "10100");
}

// A reader whose server came back with an older copy of its database.
TEST_F(EventStreams, OfAllAreSetBackToTheEndOfTheJournal) {
    start("a");
    auto stream = engine.open("/v1/events?after=4");
    EXPECT_THAT(rows_of(stream.read()), ElementsAre("resync"));
    start("b", "parcel");
    EXPECT_THAT(rows_of(stream.read()), ElementsAre("b 1", "b 2"));
}

}  // namespace
}  // namespace skald::api
