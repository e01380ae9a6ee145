#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReplayCommand : public CommandLineTest {};

TEST_F(ReplayCommand, SaysWhatTheRouteTakes) {
    input = R"({"n": 1})";
    answer(201, R"({"id": "b", "definition": "order", "version": 3, "replay_of": "a"})");
    EXPECT_EQ(run({"replay", "a", "--input", "-", "--version", "3", "--id", "b", "--reason", "x",
                   "--key", "k", "--accept-repeats"}),
              Exit::Done)
        << take_error();
    EXPECT_THAT(targets(), ElementsAre("POST /v1/sagas/a/replay"));
    EXPECT_EQ(sent(0), api::Document::parse(R"({"accept_repeats": true, "id": "b",
        "input": {"n": 1}, "reason": "x", "version": 3})"));
    EXPECT_EQ(talk.requests[0].headers[0].second, "k");
    EXPECT_EQ(take_out(), "a  replayed as b  (order v3)\n");
    answer(201, R"({"id": "b2"})");
    EXPECT_EQ(run({"replay", "a"}), Exit::Done);
    EXPECT_EQ(talk.requests[1].body, "{}");
}

TEST_F(ReplayCommand, WaitsForTheNewSagas) {
    break_off();  // The same replay again gives the same saga.
    answer(201, R"({"id": "b", "definition": "order", "version": 1, "status": "running"})");
    answer(200, R"({"id": "b", "definition": "order", "version": 1, "status": "running"})");
    answer(200, R"({"id": "b", "definition": "order", "version": 1, "status": "completed"})");
    EXPECT_EQ(run({"replay", "a", "--wait"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(),
                ElementsAre("POST /v1/sagas/a/replay", "POST /v1/sagas/a/replay",
                            "GET /v1/sagas/b?wait=30000ms", "GET /v1/sagas/b?wait=30000ms"));
    EXPECT_THAT(take_out(), HasSubstr("b  order v1  ✓ completed"));

    answer(201, R"({"id": "b", "status": "compensated"})");
    answer(201, R"({"id": "d", "status": "completed"})");
    EXPECT_EQ(run({"replay", "a", "c", "--wait", "10s"}), Exit::Compensated);
    answer(201, R"({"id": "b", "status": "running"})");
    EXPECT_EQ(run({"replay", "a", "--wait", "0s"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("skald show b"));
    answer(201, R"({"id": "b", "status": "completed"})");
    answer(409, R"({"detail": "No."})");
    EXPECT_EQ(run({"replay", "a", "c", "--wait", "-o", "json"}), Exit::Failed);
}

TEST_F(ReplayCommand, ShowsThePlanOfADryRun) {
    answer(200, R"({"saga": "a", "definition": "order", "version": 2, "input": {"n": 1},
        "calls": [
          {"step": "reserve", "method": "POST", "url": "http://a/r", "key": "{id}/reserve/action",
           "ran_before": true},
          {"step": "ship", "method": "POST", "url": "http://c/s", "key": "{id}/ship/action",
           "ran_before": false}],
        "effects": [], "would_be": "started"})");
    EXPECT_EQ(run({"replay", "a", "--dry-run"}), Exit::Done);
    EXPECT_EQ(sent(0)["dry_run"], true);
    EXPECT_EQ(take_out(),
              "a  would be replayed as order v2\n"
              "  input {\"n\":1}\n"
              "\n"
              "  calls that are made again, in this order:\n"
              "    reserve  POST http://a/r  ran before  key {id}/reserve/action\n"
              "    ship     POST http://c/s  never ran   key {id}/ship/action\n"
              "\n"
              "  nothing that the old saga did stands\n");
    const char* refused = R"({"saga": "a", "definition": "order", "version": 2, "input": null,
        "calls": [], "effects": [{"step": "pay", "status": "succeeded", "key": "a/pay/action",
        "what": "a charge \u001b"}], "would_be": "refused", "why": "its effects stand"})";
    answer(200, refused);
    EXPECT_EQ(run({"replay", "a", "--dry-run"}), Exit::Failed);
    EXPECT_EQ(take_out(),
              "a  would be refused as order v2: its effects stand\n"
              "  input \n"
              "\n"
              "  what the old saga did that stands:\n"
              "    pay  succeeded  key a/pay/action  a charge \xEF\xBF\xBD\n");
    answer(200, refused);
    EXPECT_EQ(run({"replay", "a", "--dry-run", "-o", "json"}), Exit::Failed);
    EXPECT_EQ(api::Document::parse(take_out()), api::Document::parse(refused));
}

TEST_F(ReplayCommand, TellsWhatStandsAndWhereItIsReplayed) {
    answer(409, R"({"detail": "What saga a did stands.", "reason_code": "effects_stand",
        "effects": [{"step": "pay", "status": "succeeded", "key": "a/pay/action",
                     "what": "the action took effect"}]})");
    EXPECT_EQ(run({"replay", "a"}), Exit::Failed);
    EXPECT_EQ(take_error(),
              "skald: a: What saga a did stands.\n"
              "  stands: pay succeeded: the action took effect (key a/pay/action)\n"
              "  to run it again nevertheless: --accept-repeats\n");
    answer(409, R"({"detail": "Saga a was replayed.", "reason_code": "already_replayed",
        "replayed_as": "b"})");
    EXPECT_EQ(run({"replay", "a"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: a: Saga a was replayed.\n  see: skald show b\n");
}

}  // namespace
}  // namespace skald::cli
