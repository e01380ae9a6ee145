#include "api/cli/definition_commands.h"

#include <ostream>

#include "api/cli/children_first.h"
#include "api/cli/findings.h"
#include "api/cli/json_file.h"
#include "api/cli/paging.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

std::string definition_target(const std::string& name) {
    return "/v1/definitions/" + sagas::percent_encode(name);
}

Exit apply_one(Console& console, ServerClient& server, const std::string& file,
               const sagas::Json& json) {
    const auto name = json.is_object() ? json.find("name") : json.end();
    if (!json.is_object() || name == json.end() || !name->is_string()) {
        return console.fail(Exit::Failed,
                            printable(file) + ": a definition is an object with a \"name\"");
    }
    const auto reply = server.send(
        {"PUT", definition_target(name->get_ref<const std::string&>()), json.dump(), {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200 && reply->status != 201) return report_problem(console, *reply);

    const Document& answer = reply->body;
    if (console.is_json()) {
        console.print(answer);
        return Exit::Done;
    }
    console.out() << console.styled(Style::Bold, printable(text_of(answer, "name"))) << " version "
                  << number_of(answer, "version")
                  << (reply->status == 201 ? console.styled(Style::Good, " registered")
                                           : std::string(" is already registered"))
                  << '\n';
    print_findings(console, file, Style::Warning, list_of(answer, "warnings"));
    return Exit::Done;
}

/// "POST http://…", "none", "publish order.placed to orders", "child payment", "wait for 10m".
std::string call_text(const Document& step, const char* name) {
    const std::string word = text_of(step, name);
    if (!word.empty()) return printable(word);
    const Document& action = object_of(step, name);
    const Document& http = object_of(action, "http");
    if (!http.empty()) return printable(text_of(http, "method") + " " + text_of(http, "url"));
    const std::string child = text_of(object_of(action, "saga"), "definition");
    if (!child.empty()) return printable("child " + child);
    const Document& event = object_of(action, "event");
    if (!event.empty()) {
        return printable("publish " + text_of(event, "type") + " to " + text_of(event, "topic"));
    }
    const Document& awaited = object_of(object_of(action, "wait"), "event");
    if (!awaited.empty()) return printable("wait for an event on " + text_of(awaited, "topic"));
    for (const auto& [how, time] : object_of(action, "wait").items()) {
        if (time.is_string()) return printable("wait " + how + " " + time.get<std::string>());
    }
    return action.empty() ? "" : printable(action.begin().key());
}

/// What else is said of a step: "pivot", "optional", "when …", "after a, b".
std::string remarks_of(const Document& step) {
    std::string text;
    const auto add = [&text](const std::string& remark) {
        text.append(text.empty() ? "" : "; ").append(remark);
    };
    for (const char* name : {"pivot", "optional"}) {
        if (is_true(step, name)) add(name);
    }
    if (step.contains("after")) {
        std::string after;
        for (const Document& each : list_of(step, "after")) {
            if (!each.is_string()) continue;
            after.append(after.empty() ? "" : ", ").append(each.get<std::string>());
        }
        add(after.empty() ? "starts at once" : "after " + after);
    }
    const std::string each = text_of(step, "for_each");
    if (!each.empty()) add("for each of " + each);
    if (text_of(object_of(object_of(step, "action"), "http"), "reply") == "callback") {
        add("calls back");
    }
    const std::string when = text_of(step, "when");
    if (!when.empty()) add("when " + when);
    return printable(text);
}

void print_definition(Console& console, const Document& answer) {
    const Document& definition = object_of(answer, "definition");
    console.out() << console.styled(Style::Bold, printable(text_of(answer, "name"))) << " v"
                  << number_of(answer, "version") << ", registered "
                  << time_text(text_of(answer, "created_at"))
                  << (is_true(answer, "deleted") ? ", deleted" : "") << '\n';
    const std::string description = text_of(definition, "description");
    if (!description.empty()) console.out() << printable(description) << '\n';
    console.out() << '\n';
    Table table;
    table.add_heading({"STEP", "ACTION", "COMPENSATION", ""});
    for (const Document& step : list_of(definition, "steps")) {
        table.add({{printable(text_of(step, "name")), Style::Bold},
                   {call_text(step, "action")},
                   {call_text(step, "compensation"), Style::Dim},
                   {remarks_of(step), Style::Dim}});
    }
    table.print(console, 2);
    const std::string deadline = text_of(definition, "deadline");
    if (!deadline.empty()) console.out() << "\n  deadline " << printable(deadline) << '\n';
    const std::string lock = text_of(definition, "lock");
    if (!lock.empty()) console.out() << "\n  one at a time for each " << printable(lock) << '\n';
    console.out() << "\n  the whole document: -o json\n";
}

void print_definitions(Console& console, const Document& items) {
    Table table;
    for (const Document& item : items) {
        table.add({{printable(text_of(item, "name")), Style::Bold},
                   {"v" + number_of(item, "version")},
                   {time_text(text_of(item, "created_at")), Style::Dim}});
    }
    table.print(console, 0);
}

}  // namespace

Exit apply(Console& console, ServerClient& server, const std::vector<std::string>& files) {
    Exit exit = Exit::Done;
    std::vector<std::string> read;
    std::vector<sagas::Json> documents;
    for (const std::string& file : files) {
        auto json = read_json_file(console, file);
        if (!json) {
            exit = console.fail(Exit::Failed, printable(json.error().message));
            continue;
        }
        read.push_back(file);
        documents.push_back(std::move(*json));
    }
    for (const std::size_t at : children_first(documents)) {
        if (apply_one(console, server, read[at], documents[at]) != Exit::Done) exit = Exit::Failed;
    }
    return exit;
}

Exit list_definitions(Console& console, ServerClient& server) {
    return list_all(console, server, "definitions", print_definitions);
}

Exit show_definition(Console& console, ServerClient& server, const std::string& name,
                     std::optional<std::uint32_t> version) {
    std::string target = definition_target(name);
    if (version) target += "/versions/" + std::to_string(*version);
    const auto reply = server.send({"GET", target, "", {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_definition(console, reply->body);
    }
    return Exit::Done;
}

Exit delete_definition(Console& console, ServerClient& server, const std::string& name) {
    const auto reply = server.send({"DELETE", definition_target(name), "", {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status >= 300) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print({{"name", name}, {"deleted", true}});
    } else {
        console.out() << console.styled(Style::Bold, printable(name))
                      << " deleted: no new starts; sagas that run go on; skald apply brings it "
                         "back\n";
    }
    return Exit::Done;
}

}  // namespace skald::cli
