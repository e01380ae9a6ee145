#include "api/cli/tail_command.h"

#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TailCommand : public CommandLineTest {
 protected:
    static ServerEvent event(int offset, const std::string& type = "placed",
                             const std::string& more = R"("subject": "o-1", "data": {"a": 1})") {
        const std::string number = std::to_string(offset);
        return {number, "message",
                R"({"offset": )" + number + R"(, "event": {"type": ")" + type +
                    R"(", "time": "2026-11-21T22:32:28.000Z", )" + more + "}}"};
    }
    void stream(std::vector<std::vector<ServerEvent>> pieces) {
        talk.streams.push_back({std::move(pieces)});
    }
    std::string last_id(std::size_t request) const {
        const auto& headers = talk.requests.at(request).headers;
        return headers.empty() ? "" : headers[0].first + "=" + headers[0].second;
    }
};

TEST_F(TailCommand, PrintsALineForEachEvent) {
    stream(
        {{event(7), event(8, "paid", R"("data_base64": "YQ==")")}, {event(9, "x", R"("a": 1)")}});
    EXPECT_EQ(run({"tail", "orders", "--limit", "3"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/topics/orders/events?from=end"));
    EXPECT_EQ(take_out(),
              "7  2026-11-21 22:32:28.000Z  placed  o-1  {\"a\":1}\n"
              "8  2026-11-21 22:32:28.000Z  paid  \"YQ==\"\n"
              "9  2026-11-21 22:32:28.000Z  x\n");
}

TEST_F(TailCommand, PrintsAnObjectForEachAsJson) {
    for (const std::vector<std::string>& flag :
         {std::vector<std::string>{"--json"}, {"-o", "json"}}) {
        stream({{event(7), event(8)}});
        std::vector<std::string> arguments{"tail", "orders", "--limit", "2"};
        arguments.insert(arguments.end(), flag.begin(), flag.end());
        EXPECT_EQ(run(arguments), Exit::Done);
        std::istringstream lines(take_out());
        std::string line;
        std::getline(lines, line);
        EXPECT_EQ(api::Document::parse(line)["offset"], 7);
        std::getline(lines, line);
        EXPECT_EQ(api::Document::parse(line)["event"]["data"]["a"], 1);
    }
}

TEST_F(TailCommand, EndsWithTheLimit) {
    stream({{event(1), event(2), event(3)}});
    EXPECT_EQ(run({"tail", "orders", "--limit", "2"}), Exit::Done);
    EXPECT_THAT(take_out(), testing::Not(HasSubstr("\n3  ")));
}

TEST_F(TailCommand, PicksATypeAndCountsOnlyThose) {
    stream({{event(1), event(2, "paid"), event(3), event(4, "paid"), event(5, "paid")}});
    EXPECT_EQ(run({"tail", "orders", "--type", "paid", "--limit", "2"}), Exit::Done);
    EXPECT_EQ(take_out(),
              "2  2026-11-21 22:32:28.000Z  paid  o-1  {\"a\":1}\n"
              "4  2026-11-21 22:32:28.000Z  paid  o-1  {\"a\":1}\n");
}

TEST_F(TailCommand, GoesOnBehindTheLastEventWhenTheConnectionBreaks) {
    stream({{event(1), event(2)}});
    talk.streams.push_back(
        {{}, sagas::fail(sagas::ErrorCode::Unavailable, "http://a: can't connect")});
    talk.streams.push_back({{}, api::ServerReply{503, api::Document{{"detail", "Busy."}}}});
    stream({{event(3)}});
    EXPECT_EQ(run({"tail", "orders", "--from", "start", "--limit", "3"}), Exit::Done);
    ASSERT_EQ(talk.requests.size(), 4u);
    EXPECT_EQ(last_id(0), "");
    for (std::size_t request = 1; request < 4; ++request) {
        EXPECT_EQ(last_id(request), "Last-Event-ID=2");
    }
    EXPECT_EQ(talk.pauses.size(), 3u);
    EXPECT_EQ(take_error(), "skald: the stream of events broke (trying again)\n");
}

TEST_F(TailCommand, TellsThatTheTopicIsAnOlderCopy) {
    stream({{{"5", "resync", R"({"offset": 5})"}, event(6)}});
    EXPECT_EQ(run({"tail", "orders", "--from", "9", "--limit", "1"}), Exit::Done);
    EXPECT_EQ(take_error(),
              "skald: the topic ends at offset 5 now: its database is an older copy\n");
    EXPECT_THAT(take_out(), testing::StartsWith("6  "));
}

TEST_F(TailCommand, TellsWhyThereIsNoStream) {
    talk.streams.push_back(
        {{}, api::ServerReply{404, api::Document{{"detail", "There is no topic ordres."}}}});
    EXPECT_EQ(run({"tail", "ordres"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no topic ordres.\n");
}

TEST_F(TailCommand, BeginsWhereItIsTold) {
    const std::pair<const char*, const char*> cases[] = {
        {"start", "from=start"},
        {"end", "from=end"},
        {"1", "after=0"},
        {"17", "after=16"},
        {"2h", "from=2026-11-21T21%3A00%3A00.000Z"},
        {"2026-11-20", "from=2026-11-20T00%3A00%3A00.000Z"},
        {"2026-11-20T12:00:00+01:00", "from=2026-11-20T11%3A00%3A00.000Z"}};
    for (const auto& [from, query] : cases) {
        stream({{event(1)}});
        EXPECT_EQ(run({"tail", "orders", "--from", from, "--limit", "1"}), Exit::Done) << from;
        EXPECT_EQ(targets().back(), std::string("GET /v1/topics/orders/events?") + query);
    }
    for (const char* bad : {"", "0", "-1", "beginning", "99999999999999999999"}) {
        EXPECT_EQ(run({"tail", "orders", "--from", bad}), Exit::BadUsage) << bad;
    }
    EXPECT_THAT(take_error(), HasSubstr("--from: \"beginning\" must be start, end, an offset"));
}

TEST_F(TailCommand, MakesItFitForATerminal) {
    stream({{event(1, "a\x1b[2J", R"("subject": "\u001b[31m", "data": "\u202e")")}});
    run({"tail", "orders", "--limit", "1"});
    EXPECT_THAT(take_out(), testing::Not(HasSubstr("\x1b")));
    stream({{{"1", "message", "no JSON"}}});
    EXPECT_EQ(run({"tail", "orders", "--limit", "1", "--json"}), Exit::Done);
    EXPECT_EQ(take_out(), "\"no JSON\"\n");
}

}  // namespace
}  // namespace skald::cli
