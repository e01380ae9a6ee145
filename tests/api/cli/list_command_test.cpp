#include "api/cli/list_command.h"

#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ListCommand : public CommandLineTest {
 protected:
    static constexpr const char* kStuck = R"({"id": "b", "definition": "order", "version": 1,
        "status": "stuck", "started_at": "2026-11-21T20:50:00.000Z",
        "failing_since": "2026-11-21T22:56:55.000Z",
        "last_error": {"step": "pay", "error": "HTTP 500"}})";
    static constexpr const char* kCompleted = R"({"id": "a", "definition": "order", "version": 1,
        "status": "completed", "started_at": "2026-11-18T22:00:00.000Z",
        "ended_at": "2026-11-18T22:32:28.085Z"})";
    void page(const std::string& items, const std::string& cursor) {
        answer(200, "{\"items\": [" + items + "]" +
                        (cursor.empty() ? "" : ", \"next_cursor\": \"" + cursor + "\"") + "}");
    }
};

TEST_F(ListCommand, ListsPageByPageThroughEmptyOnes) {
    page(kStuck, "c1");
    page("", "c2");
    page(kCompleted, "");
    EXPECT_EQ(run({"ls", "--status", "stuck,completed", "--limit", "300"}), Exit::Done);
    EXPECT_THAT(targets(),
                ElementsAre("GET /v1/sagas?status=stuck&status=completed&limit=200",
                            "GET /v1/sagas?status=stuck&status=completed&limit=200&cursor=c1",
                            "GET /v1/sagas?status=stuck&status=completed&limit=200&cursor=c2"));
    EXPECT_EQ(take_out(),
              "ID  DEFINITION  STATUS     AGE     FAILING  STEP  ERROR\n"
              "b   order v1    stuck      2h 10m  3m 5s    pay   HTTP 500\n"
              "a   order v1    completed  3d 1h\n");
}

TEST_F(ListCommand, SelectsByAllThatTheServerTakes) {
    page("", "");
    EXPECT_EQ(run({"ls", "--definition", "order", "--version", "2", "--label", "tenant=a=b c",
                   "--label", "x=", "--since", "2h", "--until", "2026-11-21T22:30:00Z", "--step",
                   "charge", "--error", "HTTP 503", "--failing", "5m"}),
              Exit::Done);
    EXPECT_THAT(targets(),
                ElementsAre("GET /v1/sagas?definition=order&version=2&label=tenant%3Aa%3Db%20c&"
                            "label=x%3A&started_after=2026-11-21T21%3A00%3A00.000Z&"
                            "started_before=2026-11-21T22%3A30%3A00.000Z&step=charge&"
                            "error=HTTP%20503&failing=5m&limit=50"));
    EXPECT_EQ(take_out(), "no sagas\n");
}

TEST_F(ListCommand, StopsAtItsLimitAndSaysSo) {
    page(kStuck, "c1");
    EXPECT_EQ(run({"ls", "--limit", "1"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("\nthere are more: --limit N or --all\n"));
    page(kStuck, "c1");
    page(kCompleted, "");
    EXPECT_EQ(run({"ls", "--all", "-o", "json"}), Exit::Done);
    const auto document = api::Document::parse(take_out());
    EXPECT_EQ(document["items"].size(), 2u);
    EXPECT_FALSE(document.contains("has_more"));
    EXPECT_EQ(talk.requests.size(), 3u);
}

TEST_F(ListCommand, GivesUpAListThatGoesRoundInCircles) {
    page("", "c1");
    page("", "c1");
    EXPECT_EQ(run({"ls"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("circles"));
}

TEST_F(ListCommand, CountsByStatus) {
    const char* counted = R"({"items": [], "counts": {"abandoned": 0, "compensated": 12,
        "compensating": 1, "completed": 100000, "running": 7, "stuck": 2}, "next_cursor": "c"})";
    answer(200, counted);
    EXPECT_EQ(run({"ls", "--count", "--definition", "order"}), Exit::Done) << take_error();
    EXPECT_EQ(targets().front(), "GET /v1/sagas?definition=order&count=true&limit=1");
    EXPECT_EQ(take_out(),
              "running       7\n"
              "compensating  1\n"
              "stuck         2\n"
              "completed     100000\n"
              "compensated   12\n"
              "abandoned     0\n");
    answer(200, counted);
    EXPECT_EQ(run({"ls", "--count", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["counts"]["stuck"], 2);
}

TEST_F(ListCommand, CutsErrorsToTheTerminal) {
    const std::string long_text(300, 'x');
    const std::string item = R"({"id": "b", "definition": "order", "version": 1, "status": "stuck",
        "last_error": {"step": "pay", "error": ")" +
                             long_text + "\"}}";
    page(item, "");
    screen.columns = 60;
    EXPECT_EQ(run({"ls"}), Exit::Done);
    std::istringstream lines(take_out());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), 60u) << line;
    out_is_terminal = Terminal::No;
    page(item, "");
    EXPECT_EQ(run({"ls", "-o", "table"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr(long_text.substr(0, 150)));
}

TEST_F(ListCommand, LooksAgainUntilItIsInterrupted) {
    page(kStuck, "");
    break_off();
    page(kCompleted, "");
    talk.interrupted_in_pause = 3;
    EXPECT_THROW(run({"ls", "--watch", "--status", "stuck"}), Interrupted);
    EXPECT_THAT(talk.pauses, testing::Each(sagas::Milliseconds{2'000}));
    EXPECT_EQ(take_out(),
              "\r\x1b[J2026-11-21 23:00:00.000Z, every 2 s; Ctrl-C ends it\n\n"
              "ID  DEFINITION  STATUS  AGE     FAILING  STEP  ERROR\n"
              "b   order v1    stuck   2h 10m  3m 5s    pay   HTTP 500\n"
              "\x1b[4A\r\x1b[J2026-11-21 23:00:00.000Z, every 2 s; Ctrl-C ends it\n\n"
              "ID  DEFINITION  STATUS  AGE     FAILING  STEP  ERROR\n"
              "b   order v1    stuck   2h 10m  3m 5s    pay   HTTP 500\n"
              "\nit broke\n"
              "\x1b[6A\r\x1b[J2026-11-21 23:00:00.000Z, every 2 s; Ctrl-C ends it\n\n"
              "ID  DEFINITION  STATUS     AGE    FAILING  STEP  ERROR\n"
              "a   order v1    completed  3d 1h\n");
}

TEST_F(ListCommand, EndsToWatchWhatCantBeMended) {
    page(kStuck, "");
    answer(400, R"({"detail": "status: there is no such status."})");
    EXPECT_EQ(run({"ls", "--watch"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: status: there is no such status.\n");
    break_off();
    EXPECT_EQ(run({"ls", "--watch"}), Exit::Failed);
}

TEST_F(ListCommand, WatchesOnlyOnATerminalThatCanBeDrawnAnew) {
    const auto once = [this](std::vector<std::string> arguments) {
        page(kStuck, "");
        EXPECT_EQ(run(std::move(arguments)), Exit::Done);
        EXPECT_TRUE(talk.pauses.empty());
        return take_out();
    };
    EXPECT_THAT(once({"ls", "--watch", "-o", "json"}), StartsWith("{"));
    environment["TERM"] = "dumb";
    EXPECT_THAT(once({"ls", "--watch"}), StartsWith("ID"));
    environment.erase("TERM");
    out_is_terminal = Terminal::No;
    EXPECT_THAT(once({"ls", "--watch", "-o", "table"}), StartsWith("ID"));
}

TEST(Moment, IsATimeOrSoLongAgo) {
    const auto now = *sagas::parse_rfc3339("2026-11-21T23:00:00Z");
    EXPECT_EQ(read_moment("90s", now), "2026-11-21T22:58:30.000Z");
    EXPECT_EQ(read_moment("2026-11-21T22:30:00+01:00", now), "2026-11-21T21:30:00.000Z");
    EXPECT_EQ(read_moment("2026-11-20", now), "2026-11-20T00:00:00.000Z");
    for (const char* bad : {"", "soon", "2h ago", "2026-13-01"}) {
        EXPECT_FALSE(read_moment(bad, now)) << bad;
    }
}

}  // namespace
}  // namespace skald::cli
