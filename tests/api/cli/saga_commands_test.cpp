#include <gmock/gmock.h>

#include <algorithm>

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

/// A saga whose step "send" has the elements `statuses`, in which some hold more members.
std::string with_elements(const std::vector<std::pair<std::string, std::string>>& statuses,
                          const std::string& status) {
    api::Document saga = api::Document::parse(R"({"id": "a", "definition": "order", "version": 1,
        "started_at": "2026-11-21T22:32:28.000Z", "steps": [
          {"name": "reserve", "status": "succeeded", "attempts": 1, "compensation_attempts": 0},
          {"name": "send", "status": "iterating", "attempts": 0, "compensation_attempts": 0,
           "output": [1, 2, 3], "elements": {"counts": {}, "items": []}}]})");
    saga["status"] = status;
    api::Document& elements = saga["steps"][1]["elements"];
    for (const auto& [name, more] : statuses) {
        api::Document item = {{"item", elements["items"].size()}, {"status", name}};
        item["attempts"] = name == "pending" ? 0 : 1;
        if (!more.empty()) item.update(api::Document::parse(more));
        elements["items"].push_back(std::move(item));
        api::Document& count = elements["counts"][name];
        count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    return saga.dump();
}

TEST_F(SagaCommands, ShowElementsShortly) {
    std::vector<std::pair<std::string, std::string>> statuses(14, {"succeeded", ""});
    statuses[3] = {"failed", R"({"error": "HTTP 409"})"};
    statuses.insert(statuses.end(), 2, {"calling", ""});
    statuses.insert(statuses.end(), 4, {"pending", ""});
    answer(200, with_elements(statuses, "running"));
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    EXPECT_EQ(take_out(),
              "a  order v1  ▸ running\n"
              "started 2026-11-21 22:32:28.000Z\n"
              "\n"
              "  ✓  reserve  succeeded  1 try\n"
              "  ▸  send     iterating           13 succeeded, 1 failed, 2 calling, 4 pending\n"
              "  ✗  send/3   failed     1 try\n"
              "  ▸  send/14  calling    1 try\n"
              "  ▸  send/15  calling    1 try\n"
              "\n"
              "  send/3: HTTP 409\n");
    // A thousand of them take no more room.
    answer(200, with_elements(std::vector<std::pair<std::string, std::string>>(
                                  1'000, {"waiting", R"({"callback_until":
                                          "2026-11-21T22:42:28.000Z"})"}),
                              "running"));
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    const std::string shown = take_out();
    EXPECT_THAT(shown, HasSubstr("1000 waiting"));
    EXPECT_THAT(shown, HasSubstr("send/5    waiting (callback)"));
    EXPECT_THAT(shown, HasSubstr("⋮  994 more\n"));
    EXPECT_LT(std::count(shown.begin(), shown.end(), '\n'), 15);
}

TEST_F(SagaCommands, ShowTheWaysOutOfStuckElements) {
    std::vector<std::pair<std::string, std::string>> statuses(8, {"succeeded", ""});
    const char* stuck = R"({"stuck_reason": "in_doubt", "doubtful": true, "error": "HTTP 503"})";
    statuses.insert(statuses.end(), 9, {"calling", ""});
    statuses.push_back({"stuck", stuck});
    statuses.push_back({"stuck", stuck});
    answer(200, with_elements(statuses, "stuck"));
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    const std::string shown = take_out();
    // The stuck ones come first, though others are many.
    EXPECT_THAT(shown, HasSubstr("send/17  stuck (in_doubt) (in doubt)"));
    EXPECT_THAT(shown, HasSubstr("    skald retry a --step send  (all 2 elements)\n"
                                 "    skald retry a --step send/17\n"
                                 "    skald resolve a --step send/17 --as "
                                 "succeeded|compensated|skipped --reason WHY\n"
                                 "    skald abandon a --reason WHY\n"));
}

TEST_F(SagaCommands, ShowWhatASagaWaitsForAndBelongsTo) {
    answer(200, R"({"id": "a.pay", "definition": "payment", "version": 1, "status": "running",
        "started_at": "2026-11-21T22:32:28.000Z", "parent": {"id": "a", "step": "pay"},
        "lock": {"value": "order-7", "held": false, "behind": "b", "before": 1},
        "waiting_for": ["lock order-7, held by b", "1", "2", "3", "4", "5", "6", "7"],
        "steps": [{"name": "ask", "status": "waiting", "attempts": 1,
                   "callback_until": "2026-11-21T22:42:28.000Z"},
                  {"name": "check", "status": "calling", "attempts": 1, "child":
                   {"id": "a.pay.check", "definition": "scan", "status": "running"}}]})");
    EXPECT_EQ(run({"show", "a.pay"}), Exit::Done);
    const std::string shown = take_out();
    EXPECT_THAT(shown, HasSubstr("child of a, step pay\n"
                                 "waits for lock order-7, held by b\n"
                                 "waits for 1\n"));
    EXPECT_THAT(shown, HasSubstr("waits for 5\nwaits for more: -o json\n"));
    EXPECT_THAT(shown, HasSubstr("  …  ask    waiting (callback)"));
    EXPECT_THAT(shown, HasSubstr("  check: child a.pay.check (scan) running\n"));
    EXPECT_THAT(shown, Not(HasSubstr("holds lock")));
    answer(200, R"({"id": "a", "status": "running", "lock": {"value": "order-7", "held": true},
                    "steps": []})");
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("holds lock order-7\n"));
}

TEST_F(SagaCommands, PlanWhatIsToComeAndWhatWouldBeUndone) {
    answer(200, R"({"saga": "a", "status": "running", "waiting_for": ["child a.pay of step pay"],
        "forward": [
          {"step": "pay", "status": "calling",
           "child": {"id": "a.pay", "definition": "payment", "version": 2, "status": "running"}},
          {"step": "pause", "status": "pending", "for": "10m"},
          {"step": "send", "status": "pending", "method": "POST", "url": "http://a/send",
           "for_each": "$input.items", "elements": 3}],
        "undo": [{"step": "send", "item": 3, "status": "succeeded", "method": "POST",
                  "url": "http://a/undo", "key": "a/send/3/compensation"}]})");
    screen.columns = 200;
    EXPECT_EQ(run({"plan", "a"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), testing::ElementsAre("GET /v1/sagas/a/plan"));
    EXPECT_EQ(take_out(),
              "a  running\n"
              "waits for child a.pay of step pay\n"
              "\n"
              "  actions to come, when all goes well:\n"
              "    ▸  pay    calling  child a.pay (payment v2)\n"
              "    ·  pause  pending  waits for 10m\n"
              "    ·  send   pending  POST http://a/send for each of $input.items (3)\n"
              "\n"
              "  if it turned back now, to be undone, in this order:\n"
              "    ✓  send/3  succeeded  POST http://a/undo  key a/send/3/compensation\n"
              "\n"
              "  headers and bodies: -o json\n");
    // Elements that are alike take one line.
    api::Document many = {{"saga", "a"}, {"status", "running"}};
    for (int i = 19; i >= 0; --i) {
        many["undo"].push_back({{"step", "send"},
                                {"item", i},
                                {"status", i == 7 ? "stuck" : "succeeded"},
                                {"method", "POST"},
                                {"url", "http://a/undo"},
                                {"key", "a/send/" + std::to_string(i) + "/compensation"}});
    }
    answer(200, many.dump());
    EXPECT_EQ(run({"plan", "a"}), Exit::Done);
    EXPECT_THAT(
        take_out(),
        HasSubstr(
            "    ✓  send/19…8  succeeded  POST http://a/undo  key a/send/19/compensation, …\n"
            "    !  send/7     stuck      POST http://a/undo  key a/send/7/compensation\n"
            "    ✓  send/6…0   succeeded  POST http://a/undo  key a/send/6/compensation, …\n"));
    answer(200, R"({"saga": "a", "status": "completed", "forward": [], "undo": []})");
    EXPECT_EQ(run({"plan", "a"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("no action is to come\n\n  nothing would be undone\n"));
    answer(200, R"({"saga": "a", "status": "running", "forward": [], "undo": [],
                    "no_undo": "the pivot succeeded"})");
    EXPECT_EQ(run({"plan", "a"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("it can't be turned back: the pivot succeeded\n"));
    answer(404, R"({"detail": "There is no saga a."})");
    EXPECT_EQ(run({"plan", "a"}), Exit::Failed);
}

TEST_F(SagaCommands, PrintTheJournalOfElementsShortly) {
    api::Document begun = api::Document::parse(R"({"seq": 1, "at": "2026-11-21T22:32:28.000Z",
        "type": "begun", "lock": "order-7", "parent": "b",
        "for_each": [{"step": "send", "elements": 20}], "changes": []})");
    for (int i = 0; i < 10; ++i) {
        begun["changes"].push_back({{"step", "send"}, {"item", i}, {"status", "calling"}});
    }
    begun["changes"].push_back({{"step", "send"}, {"item", 12}, {"status", "calling"}});
    begun["changes"].push_back({{"step", "pay"}, {"status", "calling"}});
    begun["changes"].push_back({{"step", "ask"}, {"status", "calling"}});
    api::Document page;
    page["items"].push_back(begun);
    page["items"].push_back(api::Document::parse(R"({"seq": 2, "at": "2026-11-21T22:32:28.000Z",
        "type": "called_back", "step": "send", "item": 3, "phase": "action", "attempt": 1,
        "outcome": "success", "changes": [{"step": "send", "item": 3, "status": "succeeded"}]})"));
    answer(200, page.dump());
    screen.columns = 300;
    EXPECT_EQ(run({"history", "a"}), Exit::Done);
    const std::string shown = take_out();
    EXPECT_THAT(shown, HasSubstr("send/0…9 calling, send/12 calling, pay calling, ask calling, "
                                 "send over 20 elements, wants lock order-7, child of b"));
    EXPECT_THAT(shown, HasSubstr("called_back  send/3 action 1  success  send/3 succeeded"));
    answer(200, R"({"items": [{"seq": 1, "at": "2026-11-21T22:32:28.000Z", "type": "begun",
        "trigger": {"source": "/shop", "id": "o-1/placed"}}]})");
    EXPECT_EQ(run({"history", "a"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("by event o-1/placed of /shop"));
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
