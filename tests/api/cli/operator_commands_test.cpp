#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OperatorCommands : public CommandLineTest {};

TEST_F(OperatorCommands, SayWhatTheRoutesTake) {
    const std::tuple<std::vector<std::string>, const char*, const char*> cases[] = {
        {{"cancel", "a"}, "cancel", "{}"},
        {{"cancel", "a", "--reason", "customer called"},
         "cancel",
         R"({"reason":"customer called"})"},
        {{"suspend", "a", "--reason", "x"}, "suspend", R"({"reason":"x"})"},
        {{"resume", "a"}, "resume", "{}"},
        {{"retry", "a"}, "retry", "{}"},
        {{"retry", "a", "--step", "pay"}, "retry", R"({"step":"pay"})"},
        {{"resolve", "a", "--step", "pay", "--as", "skipped", "--reason", "x"},
         "resolve",
         R"({"as":"skipped","reason":"x","step":"pay"})"},
        {{"resolve", "a", "--step", "pay", "--as", "succeeded", "--reason", "x", "--output", "-"},
         "resolve",
         R"({"as":"succeeded","output":{"id":7},"reason":"x","step":"pay"})"},
        {{"abandon", "a", "--reason", "x"}, "abandon", R"({"reason":"x"})"}};
    input = R"({"id": 7})";
    for (const auto& [arguments, action, body] : cases) {
        talk.requests.clear();
        answer(200, R"({"id": "a", "status": "running"})");
        EXPECT_EQ(run(arguments), Exit::Done) << take_error();
        EXPECT_THAT(targets(), ElementsAre("POST /v1/sagas/a/" + std::string(action)));
        EXPECT_EQ(talk.requests[0].body, body);
        EXPECT_TRUE(talk.requests[0].headers.empty());
        EXPECT_EQ(take_out(), "a  running\n");
    }
}

TEST_F(OperatorCommands, TellWhatBecameOfEachSaga) {
    answer(202, R"({"id": "a", "status": "compensating"})");
    answer(409, R"({"detail": "Saga b can't be cancelled.", "reason_code": "past_pivot"})");
    answer(200, R"({"id": "c", "status": "stuck", "suspended": true, "steps": [
        {"name": "pay", "status": "stuck", "stuck_reason": "in_doubt"},
        {"name": "ship", "status": "pending"}]})");
    answer(202, R"({"id": "d", "status": "running", "turn_wanted": {"reason": "cancelled"}})");
    EXPECT_EQ(run({"cancel", "a", "b", "c", "d", "--key", "k1"}), Exit::Failed);
    EXPECT_EQ(take_out(),
              "a  compensating\n"
              "c  stuck, suspended: pay (in_doubt)\n"
              "d  running, turns back unless its pivot succeeds\n");
    EXPECT_EQ(take_error(), "skald: b: Saga b can't be cancelled.\n");
    for (const api::ServerRequest& request : talk.requests) {
        EXPECT_EQ(request.headers[0],
                  (std::pair<std::string, std::string>("Idempotency-Key", "k1")));
    }
}

TEST_F(OperatorCommands, AreForElementsToo) {
    api::Document saga = {{"id", "a"}, {"status", "stuck"}};
    api::Document items = api::Document::array();
    for (int i = 0; i < 7; ++i) {
        items.push_back({{"item", i}, {"status", "stuck"}, {"stuck_reason", "refused"}});
    }
    saga["steps"].push_back({{"name", "send"}, {"status", "iterating"}});
    saga["steps"][0]["elements"]["items"] = items;
    answer(200, saga.dump());
    EXPECT_EQ(run({"resolve", "a", "--step", "send/7", "--as", "skipped", "--reason", "x"}),
              Exit::Done);
    EXPECT_EQ(sent(0)["step"], "send/7");
    EXPECT_EQ(take_out(),
              "a  stuck: send/0 (refused), send/1 (refused), send/2 (refused), send/3 (refused), "
              "send/4 (refused) and 2 more\n");
}

TEST_F(OperatorCommands, StopWhereTheServerIsAway) {
    answer(200, R"({"id": "a", "status": "running"})");
    break_off();
    EXPECT_EQ(run({"resume", "a", "b", "c", "d"}), Exit::Failed);
    EXPECT_EQ(talk.requests.size(), 2u);
    EXPECT_EQ(take_out(), "a  running\n");
    EXPECT_EQ(take_error(), "skald: b: it broke; 2 more not tried\n");
}

TEST_F(OperatorCommands, PrintJsonOfOneOrSeveral) {
    answer(200, R"({"id": "a", "status": "running"})");
    EXPECT_EQ(run({"resume", "a", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["status"], "running");
    answer(409, R"({"detail": "No.", "reason_code": "not_stuck"})");
    EXPECT_EQ(run({"retry", "a", "-o", "json"}), Exit::Failed);
    EXPECT_EQ(api::Document::parse(take_out())["reason_code"], "not_stuck");
    EXPECT_EQ(take_error(), "skald: a: No.\n");

    answer(200, R"({"id": "a", "status": "running"})");
    answer(409, R"({"detail": "No."})");
    break_off();
    EXPECT_EQ(run({"retry", "a", "b", "c", "d", "-o", "json"}), Exit::Failed);
    EXPECT_EQ(api::Document::parse(take_out()), api::Document::parse(R"([
        {"id": "a", "ok": true, "answer": {"id": "a", "status": "running"}},
        {"id": "b", "ok": false, "answer": {"detail": "No."}},
        {"id": "c", "ok": false, "error": "it broke"},
        {"id": "d", "ok": false, "error": "not tried: the server could not be reached"}])"));
}

TEST_F(OperatorCommands, RefuseAnOutputOfWhatDidNotSucceed) {
    EXPECT_EQ(
        run({"resolve", "a", "--step", "pay", "--as", "skipped", "--reason", "x", "--output", "-"}),
        Exit::BadUsage);
    EXPECT_EQ(take_error(), "skald: --output: only with --as succeeded\n");
    EXPECT_EQ(run({"resolve", "a", "--step", "pay", "--as", "succeeded", "--reason", "x",
                   "--output", "/nowhere.json"}),
              Exit::Failed);
    EXPECT_TRUE(talk.requests.empty());
}

TEST_F(OperatorCommands, TakeIdsThatLookLikeFlagsBehindDashes) {
    answer(200, R"({"id": "-a", "status": "running"})");
    EXPECT_EQ(run({"resume", "--", "-a"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("POST /v1/sagas/-a/resume"));
}

TEST_F(OperatorCommands, EscapeIds) {
    answer(404, R"({"detail": "No."})");
    EXPECT_EQ(run({"resume", "a/../b?c"}), Exit::Failed);
    EXPECT_THAT(targets(), ElementsAre("POST /v1/sagas/a%2F..%2Fb%3Fc/resume"));
    answer(404, R"({"detail": "No."})");
    EXPECT_EQ(run({"resume", "\x1b[2J"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("\xEF\xBF\xBD[2J: No."));
}

}  // namespace
}  // namespace skald::cli
