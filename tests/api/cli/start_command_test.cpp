#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::HasSubstr;

class StartCommand : public CommandLineTest {};

TEST_F(StartCommand, StartsOnceThoughTheServerWasAway) {
    input = R"({"order": 1})";
    break_off();
    answer(503, R"({"detail": "stopping"})");
    answer(202, R"({"id": "a", "status": "running"})");
    break_off();
    answer(200, R"({"id": "a", "status": "compensated", "definition": "order", "version": 1,
                    "started_at": "2026-11-21T22:32:28.000Z"})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "--label", "a=b"}),
              Exit::Compensated)
        << take_error();
    EXPECT_EQ(talk.pauses.size(), 3u);
    ASSERT_EQ(talk.requests.size(), 5u);
    EXPECT_EQ(talk.requests[0].headers, talk.requests[2].headers);
    EXPECT_EQ(talk.requests[0].headers[0].first, "Idempotency-Key");
    EXPECT_EQ(talk.requests[2].target, "/v1/sagas?wait=30000ms");
    EXPECT_EQ(sent(2)["labels"]["a"], "b");
    EXPECT_EQ(talk.requests[4].target, "/v1/sagas/a?wait=30000ms");
}

TEST_F(StartCommand, ExitsByTheStatusItWaitedFor) {
    const std::pair<const char*, Exit> cases[] = {{"completed", Exit::Done},
                                                  {"compensated", Exit::Compensated},
                                                  {"stuck", Exit::Unfinished},
                                                  {"abandoned", Exit::Unfinished}};
    input = "{}";
    for (const auto& [status, exit] : cases) {
        answer(200, R"({"id": "a", "status": ")" + std::string(status) + "\"}");
        EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "10s"}), exit) << status;
    }
    answer(202, R"({"id": "a", "status": "running"})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "0s"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("skald show a"));
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "soon"}), Exit::BadUsage);
    EXPECT_THAT(take_error(), HasSubstr("--wait: "));
}

TEST_F(StartCommand, TellsWhatItStarted) {
    input = "{}";
    answer(201, R"({"id": "a", "status": "running", "definition": "order"})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "--key", "k", "--version", "3", "--id", "a"}),
              Exit::Done);
    EXPECT_EQ(take_out(), "a  order started\n");
    EXPECT_EQ(sent(0), api::Document::parse(
                           R"({"definition": "order", "id": "a", "input": {}, "version": 3})"));
    EXPECT_EQ(talk.requests[0].headers[0].second, "k");
    answer(201, R"({"id": "a", "status": "running", "definition": "order"})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["id"], "a");
}

TEST_F(StartCommand, NamesTheSagaThatItLost) {
    input = "{}";
    answer(202, R"({"id": "0193-4711", "status": "running"})");
    answer(404, R"({"detail": "There is no saga 0193-4711."})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no saga 0193-4711.\n");
    break_off();
    EXPECT_EQ(run({"start", "order", "--input", "-"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: it broke\n");
}

TEST_F(StartCommand, RefusesInputThatItCantRead) {
    EXPECT_EQ(run({"start", "order", "--input", "/nowhere.json"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: /nowhere.json: can't be read\n");
    EXPECT_EQ(run({"start", "order", "--input", testing::TempDir()}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("can't be read"));
    input = "{";
    EXPECT_EQ(run({"start", "order", "--input", "-"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("standard input: "));
    EXPECT_TRUE(talk.requests.empty());
}

TEST_F(StartCommand, TakesArgumentsThatAreNoUtf8) {
    input = "{}";
    answer(400, R"({"detail": "No."})");
    EXPECT_EQ(run({"start", "caf\xe9", "--input", "-", "--label", "a=\xff"}), Exit::Failed);
    EXPECT_EQ(sent(0)["labels"]["a"], "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace skald::cli
