#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class SagaCommands : public CommandLineTest {};

TEST_F(SagaCommands, ShowASagaAsATimeline) {
    answer(200, R"({"id": "order-1", "definition": "order", "version": 2, "status": "compensated",
        "direction": "backward", "suspended": false, "replayed_as": "order-1-again",
        "started_at": "2026-11-21T22:32:28.000Z", "ended_at": "2026-11-21T22:32:29.240Z",
        "labels": {"tenant": "acme"}, "failure": {"step": "charge", "reason": "HTTP 402"},
        "steps": [
          {"name": "reserve", "status": "compensated", "attempts": 1, "compensation_attempts": 2,
           "started_at": "2026-11-21T22:32:28.000Z", "ended_at": "2026-11-21T22:32:29.200Z",
           "output": {"id": 7}, "undone_by": "call"},
          {"name": "charge", "status": "failed", "attempts": 1, "compensation_attempts": 0,
           "started_at": "2026-11-21T22:32:28.100Z", "ended_at": "2026-11-21T22:32:28.112Z",
           "error": "HTTP 402"},
          {"name": "ship", "status": "cancelled", "attempts": 0, "compensation_attempts": 0}]})");
    EXPECT_EQ(run({"show", "order-1"}), Exit::Done);
    EXPECT_EQ(take_out(),
              "order-1  order v2  ↩ compensated in 1.24 s\n"
              "started 2026-11-21 22:32:28.000Z, tenant=acme\n"
              "replayed as order-1-again\n"
              "\n"
              "  ↩  reserve  compensated  1 try, undo 2  1.20 s  {\"id\":7}\n"
              "  ✗  charge   failed       1 try          12 ms\n"
              "  ·  ship     cancelled\n"
              "\n"
              "  charge: HTTP 402\n"
              "\n"
              "  turned back: charge: HTTP 402\n");
}

TEST_F(SagaCommands, ShowTheWaysOutOfASagaThatIsStuck) {
    answer(200, R"({"id": "o", "definition": "order", "version": 1, "status": "stuck",
        "suspended": true, "started_at": "2026-11-21T22:32:28.000Z", "steps": [
          {"name": "charge", "status": "stuck", "stuck_reason": "in_doubt", "attempts": 3},
          {"name": "reserve", "status": "stuck", "stuck_reason": "compensation_refused"}]})");
    EXPECT_EQ(run({"show", "o"}), Exit::Done);
    EXPECT_THAT(take_out(),
                HasSubstr("  it waits for you; once you know what happened:\n"
                          "    skald retry o --step charge\n"
                          "    skald resolve o --step charge --as succeeded|compensated|skipped "
                          "--reason WHY\n"
                          "    skald retry o --step reserve\n"
                          "    skald resolve o --step reserve --as compensated|skipped --reason "
                          "WHY\n"
                          "    skald abandon o --reason WHY\n"
                          "\n"
                          "  suspended: it makes no calls until: skald resume o\n"));
    answer(200, R"({"id": "o", "status": "running", "steps": []})");
    EXPECT_EQ(run({"show", "o"}), Exit::Done);
    EXPECT_THAT(take_out(), Not(HasSubstr("skald ")));
}

TEST_F(SagaCommands, HideWhatSteersATerminal) {
    answer(200, R"({"id": "\u001b]0;x\u0007", "definition": "\u001b[1m", "status": "\u001b[2J",
        "labels": {"\u001b": "\u202e"}, "steps": [{"name": "\u009b1m", "status": "\u001bc",
        "stuck_reason": "\u001b", "error": "\u001b", "next_try_at": "\u001b",
        "output": {"\u009b": "\u009b"}}], "failure": {"step": "\u001b", "reason": "\u001b"},
        "output_error": "\u001b", "replay_of": "\u001b"})");
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    const std::string shown = take_out();
    for (const char* evil : {"\x1b", "\x07", "\xc2\x9b", "\xe2\x80\xae"}) {
        EXPECT_THAT(shown, Not(HasSubstr(evil)));
    }
}

TEST_F(SagaCommands, PrintTheJournalAsATable) {
    answer(200, R"({"items": [{"seq": 1, "at": "2026-11-21T22:32:28.000Z", "type": "begun",
          "changes": [{"step": "pay", "status": "calling"}]},
        {"seq": 2, "at": "2026-11-21T22:32:28.000Z", "type": "answered", "step": "pay",
          "phase": "action", "attempt": 1, "outcome": "failure", "http_status": 402,
          "error": "HTTP 402", "changes": [{"step": "pay", "status": "failed"}],
          "turned": {"step": "pay", "reason": "HTTP 402"}, "end": {"status": "compensated"}}],
        "next_cursor": "2"})");
    answer(200, R"({"items": [{"seq": 3, "at": "2026-11-21T22:32:28.000Z", "type": "resolved",
          "step": "pay", "as": "succeeded", "by": "local", "reason": "paid", "changes": []}]})");
    screen.columns = 200;
    EXPECT_EQ(run({"history", "a"}), Exit::Done);
    EXPECT_EQ(
        take_out(),
        "1  2026-11-21 22:32:28.000Z  begun                                          pay calling\n"
        "2  2026-11-21 22:32:28.000Z  answered           pay action 1  failure 402   pay failed, "
        "turned back, saga compensated  HTTP 402\n"
        "3  2026-11-21 22:32:28.000Z  resolved by local  pay           as succeeded"
        "                                             paid\n");
    answer(404, R"({"detail": "There is no saga a."})");
    EXPECT_EQ(run({"history", "a"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no saga a.\n");
}

}  // namespace
}  // namespace skald::cli
