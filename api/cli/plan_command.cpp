#include "api/cli/plan_command.h"

#include <ostream>

#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/saga_target.h"
#include "api/cli/status_look.h"
#include "api/cli/step_table.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"

namespace skald::cli {
namespace {

constexpr std::size_t kAlikeMin = 4;  ///< Elements that are shown in one line.

/// "child order-1.pay (payment v2)".
std::string planned_child_text(const Document& child) {
    const std::string id = text_of(child, "id");
    const std::string version = number_of(child, "version");
    const std::string definition =
        text_of(child, "definition") + (version.empty() ? "" : " v" + version);
    return id.empty() ? "child of " + definition : "child " + id + " (" + definition + ")";
}

/// "order.fetched, order.lost on counter": what is awaited.
std::string awaited_text(const Document& awaits) {
    std::string types;
    for (const char* how : {"success", "failure"}) {
        for (const Document& type : list_of(awaits, how)) {
            if (!type.is_string()) continue;
            types.append(types.empty() ? "" : ", ").append(type.get<std::string>());
        }
    }
    return types + " on " + text_of(awaits, "topic");
}

/// "publishes order.placed to orders", "waits for order.fetched on counter for 14d".
std::string planned_event_text(const Document& entry) {
    const Document& event = object_of(entry, "event");
    if (!event.empty()) {
        return "publishes " + text_of(event, "type") + " to " + text_of(event, "topic");
    }
    std::string text = "waits for " + awaited_text(object_of(entry, "awaits"));
    if (entry.contains("for")) text += " for " + text_of(entry, "for");
    const std::string until = text_of(entry, "event_until");
    return until.empty() ? text : text + " until " + time_text(until);
}

/// "POST http://…", "child …", "waits until …".
std::string planned_text(const Document& entry) {
    std::string text = text_of(entry, "method") + " " + text_of(entry, "url");
    const bool is_event = entry.contains("event") || entry.contains("awaits");
    if (entry.contains("child")) text = planned_child_text(entry["child"]);
    if (is_event) text = planned_event_text(entry);
    if (!is_event && entry.contains("for")) text = "waits for " + text_of(entry, "for");
    if (entry.contains("until")) text = "waits until " + time_text(text_of(entry, "until"));
    const std::string callback = text_of(entry, "callback_until");
    if (!callback.empty()) text += ", calls back until " + time_text(callback);
    const std::string each = text_of(entry, "for_each");
    if (!each.empty()) text += " for each of " + each;
    const std::string elements = number_of(entry, "elements");
    if (!elements.empty()) text += " (" + elements + ")";
    return text;
}

/// Behind the elements from `at` on that stand side by side and are alike.
std::size_t end_of_alike(const Document& entries, std::size_t at) {
    std::size_t end = at + 1;
    if (!entries[at].contains("item")) return end;
    while (end < entries.size() && entries[end].contains("item") &&
           text_of(entries[end], "step") == text_of(entries[at], "step") &&
           text_of(entries[end], "status") == text_of(entries[at], "status") &&
           planned_text(entries[end]) == planned_text(entries[at])) {
        ++end;
    }
    return end;
}

void print_entries(Console& console, const Document& entries) {
    Table table;
    for (std::size_t at = 0; at < entries.size();) {
        const Document& entry = entries[at];
        std::size_t end = end_of_alike(entries, at);
        if (end - at < kAlikeMin) end = at + 1;
        const Look& look = look_of(text_of(entry, "status"));
        const std::string key = text_of(entry, "key");
        const std::string last = end - at == 1 ? "" : "…" + number_of(entries[end - 1], "item");
        table.add({{std::string(look.symbol), look.style},
                   {printable(place_of(entry)) + last, Style::Bold},
                   {printable(text_of(entry, "status")), look.style},
                   {printable(planned_text(entry))},
                   {key.empty() ? "" : "key " + printable(key) + (last.empty() ? "" : ", …"),
                    Style::Dim}});
        at = end;
    }
    table.print(console, 4);
}

void print_undo(Console& console, const Document& plan) {
    const std::string why_not = text_of(plan, "no_undo");
    const Document& undo = list_of(plan, "undo");
    if (!why_not.empty()) {
        console.out() << "\n  it can't be turned back: " << printable(why_not) << '\n';
    } else if (undo.empty()) {
        console.out() << "\n  nothing would be undone\n";
    } else {
        const bool is_back = list_of(plan, "forward").empty();
        console.out() << (is_back ? "\n  to be undone, in this order:\n"
                                  : "\n  if it turned back now, to be undone, in this order:\n");
        print_entries(console, undo);
    }
}

void print_plan(Console& console, const Document& plan) {
    const std::string status = text_of(plan, "status");
    console.out() << console.styled(Style::Bold, printable(text_of(plan, "saga"))) << "  "
                  << console.styled(style_of(status), printable(status)) << '\n';
    print_waits(console, plan);
    const Document& forward = list_of(plan, "forward");
    if (forward.empty()) {
        console.out() << "\n  no action is to come\n";
    } else {
        console.out() << "\n  actions to come, when all goes well:\n";
        print_entries(console, forward);
    }
    print_undo(console, plan);
    console.out() << "\n  headers and bodies: -o json\n";
}

}  // namespace

Exit plan(Console& console, ServerClient& server, const std::string& id) {
    const auto reply = server.send({"GET", saga_target(id, "/plan"), "", {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_plan(console, reply->body);
    }
    return Exit::Done;
}

}  // namespace skald::cli
