#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class WatchCommand : public CommandLineTest {
 protected:
    static ServerEvent event(const std::string& id, const std::string& type,
                             const std::string& status, const std::string& more = "") {
        return {id, type,
                R"({"saga": "a", "status": ")" + status + R"(", "type": ")" + type +
                    R"(", "at": "2026-11-21T22:32:28.000Z")" + more + "}"};
    }
    static ServerEvent end(const std::string& status) {
        return {"9", "end", R"({"saga": "a", "status": ")" + status + "\"}"};
    }
    void stream(std::vector<std::vector<ServerEvent>> pieces) {
        talk.streams.push_back({std::move(pieces)});
    }
    void saga_is(const std::string& status) {
        answer(200, R"({"id": "a", "definition": "order", "version": 1,
            "started_at": "2026-11-21T22:32:28.000Z", "status": ")" +
                        status + "\", \"steps\": []}");
    }
};

TEST_F(WatchCommand, PrintsALineForEachEventWithoutATerminal) {
    out_is_terminal = Terminal::No;
    stream(
        {{event("1", "begun", "running", R"(, "changes": [{"step": "pay", "status": "calling"}])")},
         {event("2", "answered", "completed",
                R"(, "step": "pay", "phase": "action", "attempt": 1, "outcome": "success",
                      "http_status": 200, "changes": [], "end": {"status": "completed"})"),
          end("completed")}});
    EXPECT_EQ(run({"watch", "a", "-o", "table"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/sagas/a/events"));
    EXPECT_TRUE(talk.requests[0].headers.empty());
    EXPECT_EQ(take_out(),
              "2026-11-21 22:32:28.000Z  begun  pay calling\n"
              "2026-11-21 22:32:28.000Z  answered  pay action 1  success 200  saga completed\n"
              "saga completed\n");
}

TEST_F(WatchCommand, PrintsAnObjectForEachEventAsJson) {
    stream({{event("1", "begun", "running"), {"2", "odd", "no JSON"}, end("compensated")}});
    EXPECT_EQ(run({"watch", "a", "-o", "json"}), Exit::Compensated);
    std::istringstream lines(take_out());
    std::vector<api::Document> events;
    for (std::string line; std::getline(lines, line);) {
        events.push_back(api::Document::parse(line));
    }
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0]["id"], "1");
    EXPECT_EQ(events[0]["event"], "begun");
    EXPECT_EQ(events[0]["data"]["status"], "running");
    EXPECT_EQ(events[1]["data"], "no JSON");
    EXPECT_EQ(events[2]["data"]["status"], "compensated");
}

TEST_F(WatchCommand, ExitsByTheStatusAtTheEnd) {
    const std::pair<const char*, Exit> cases[] = {{"completed", Exit::Done},
                                                  {"compensated", Exit::Compensated},
                                                  {"abandoned", Exit::Unfinished},
                                                  {"unheard-of", Exit::Failed}};
    for (const auto& [status, exit] : cases) {
        stream({{end(status)}});
        EXPECT_EQ(run({"watch", "a", "-o", "json"}), exit) << status;
    }
}

TEST_F(WatchCommand, GoesOnBehindTheLastEventWhenTheConnectionBreaks) {
    out_is_terminal = Terminal::No;
    stream({{event("1", "begun", "running")}, {event("2", "due", "running")}});
    talk.streams.push_back(
        {{}, sagas::fail(sagas::ErrorCode::Unavailable, "http://a: can't connect")});
    talk.streams.push_back({{}, api::ServerReply{503, api::Document{{"detail", "Busy."}}}});
    stream({{event("3", "due", "running")}});
    stream({{end("completed")}});
    EXPECT_EQ(run({"watch", "a"}), Exit::Done);
    ASSERT_EQ(talk.requests.size(), 5u);
    const auto last_id = [this](std::size_t request) {
        const auto& headers = talk.requests[request].headers;
        return headers.empty() ? "" : headers[0].first + "=" + headers[0].second;
    };
    EXPECT_EQ(last_id(0), "");
    EXPECT_EQ(last_id(1), "Last-Event-ID=2");
    EXPECT_EQ(last_id(2), "Last-Event-ID=2");
    EXPECT_EQ(last_id(3), "Last-Event-ID=2");
    EXPECT_EQ(last_id(4), "Last-Event-ID=3");
    EXPECT_EQ(talk.pauses.size(), 4u);
    EXPECT_EQ(take_error(),
              "skald: the stream of events broke (trying again)\n"
              "skald: the stream of events broke (trying again)\n");
}

TEST_F(WatchCommand, TellsWhyThereIsNoStream) {
    talk.streams.push_back(
        {{}, api::ServerReply{404, api::Document{{"detail", "There is no saga a."}}}});
    EXPECT_EQ(run({"watch", "a", "-o", "json"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no saga a.\n");
    answer(404, R"({"detail": "There is no saga a."})");
    EXPECT_EQ(run({"watch", "a"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no saga a.\n");
}

TEST_F(WatchCommand, GoesOnWhileStuckUnlessToldOtherwise) {
    stream({{event("1", "answered", "stuck")},
            {event("2", "retried", "running")},
            {end("completed")}});
    EXPECT_EQ(run({"watch", "a", "-o", "json"}), Exit::Done);
    stream({{event("1", "answered", "stuck")}, {end("completed")}});
    EXPECT_EQ(run({"watch", "a", "-o", "json", "--until-stuck"}), Exit::Unfinished);
}

TEST_F(WatchCommand, DrawsTheTimelineAnewOnATerminal) {
    saga_is("running");
    stream({{event("1", "begun", "running"), event("2", "answered", "running")}});
    saga_is("compensating");
    stream({{event("3", "answered", "compensated"), end("compensated")}});
    saga_is("compensated");
    EXPECT_EQ(run({"watch", "a"}), Exit::Compensated) << take_error();
    EXPECT_THAT(targets(),
                ElementsAre("GET /v1/sagas/a", "GET /v1/sagas/a/events", "GET /v1/sagas/a",
                            "GET /v1/sagas/a/events", "GET /v1/sagas/a"));
    const std::string frame = "\nstarted 2026-11-21 22:32:28.000Z\n\n";
    EXPECT_EQ(take_out(), "\r\x1b[Ja  order v1  ▸ running" + frame +
                              "\x1b[3A\r\x1b[Ja  order v1  ↺ compensating" + frame +
                              "\x1b[3A\r\x1b[Ja  order v1  ↺ compensating" + frame +
                              "\nthe stream of events broke (trying again)\n"
                              "\x1b[5A\r\x1b[Ja  order v1  ↩ compensated" +
                              frame);
}

TEST_F(WatchCommand, AsksForNoEventsOfASagaThatHasEnded) {
    saga_is("abandoned");
    EXPECT_EQ(run({"watch", "a"}), Exit::Unfinished);
    saga_is("stuck");
    EXPECT_EQ(run({"watch", "a", "--until-stuck"}), Exit::Unfinished);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/sagas/a", "GET /v1/sagas/a"));
    saga_is("stuck");
    EXPECT_THROW(run({"watch", "a"}), Interrupted);  // It asks for the stream.
}

TEST_F(WatchCommand, KeepsTheStepAtWorkOnTheScreen) {
    std::string steps;
    for (int step = 0; step < 60; ++step) {
        steps += (step == 0 ? "" : ", ") + std::string(R"({"name": "s)") + std::to_string(step) +
                 R"(", "status": ")" +
                 (step < 40    ? "succeeded"
                  : step == 40 ? "calling"
                               : "pending") +
                 "\"}";
    }
    answer(200, R"({"id": "a", "definition": "order", "version": 1, "status": "running",
        "started_at": "2026-11-21T22:32:28.000Z", "steps": [)" +
                    steps + "]}");
    screen.rows = 24;
    EXPECT_THROW(run({"watch", "a"}), Interrupted);
    const std::string shown = take_out();
    EXPECT_THAT(shown, HasSubstr("  ⋮  38 steps before\n"));
    EXPECT_THAT(shown, HasSubstr("s38  succeeded\n"));
    EXPECT_THAT(shown, HasSubstr("▸  s40  calling\n"));
    EXPECT_THAT(shown, HasSubstr("  ⋮  12 steps behind\n"));
    EXPECT_THAT(shown, Not(HasSubstr("s37 ")));
}

}  // namespace
}  // namespace skald::cli
