#include "api/cli/definition_commands.h"

#include <limits>
#include <ostream>

#include "api/cli/findings.h"
#include "api/cli/json_file.h"
#include "api/cli/paging.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"
#include "sagas/expression.h"
#include "sagas/lint.h"

namespace skald::cli {
namespace {

std::string definition_target(const std::string& name) {
    return "/v1/definitions/" + sagas::percent_encode(name);
}

Exit apply_one(Console& console, ServerClient& server, const std::string& file) {
    const auto json = read_json_file(console, file);
    if (!json) return console.fail(Exit::Failed, printable(json.error().message));
    const auto name = json->is_object() ? json->find("name") : json->end();
    if (!json->is_object() || name == json->end() || !name->is_string()) {
        return console.fail(Exit::Failed,
                            printable(file) + ": a definition is an object with a \"name\"");
    }
    const auto reply = server.send(
        {"PUT", definition_target(name->get_ref<const std::string&>()), json->dump(), {}});
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

/// {file, valid, errors, warnings, unreadable?}: `unreadable` says why, and was told.
Document lint_one(Console& console, const std::string& file) {
    const auto json = read_json_file(console, file);
    if (!json) console.fail(Exit::Failed, printable(json.error().message));
    const sagas::Checked checked =
        json ? sagas::check_definition(*json, std::nullopt) : sagas::Checked{};
    Document report{{"file", file},
                    {"valid", checked.definition != nullptr},
                    {"errors", findings_of(checked.errors)},
                    {"warnings", findings_of(checked.warnings)}};
    if (!json) report["unreadable"] = json.error().message;
    return report;
}

void print_report(Console& console, const Document& report) {
    const std::string file = text_of(report, "file");
    const Document& errors = list_of(report, "errors");
    const Document& warnings = list_of(report, "warnings");
    print_findings(console, file, Style::Bad, errors);
    print_findings(console, file, Style::Warning, warnings);
    if (errors.empty() && warnings.empty()) {
        console.out() << printable(file) << ": " << console.styled(Style::Good, "fine") << '\n';
    }
}

/// "POST http://…", "none", or another kind of action.
std::string call_text(const Document& step, const char* name) {
    const std::string word = text_of(step, name);
    if (!word.empty()) return printable(word);
    const Document& action = object_of(step, name);
    const Document& http = object_of(action, "http");
    if (!http.empty()) return printable(text_of(http, "method") + " " + text_of(http, "url"));
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
    console.out() << "\n  the whole document: -o json\n";
}

}  // namespace

Exit apply(Console& console, ServerClient& server, const std::vector<std::string>& files) {
    Exit exit = Exit::Done;
    for (const std::string& file : files) {
        if (apply_one(console, server, file) != Exit::Done) exit = Exit::Failed;
    }
    return exit;
}

Exit lint(Console& console, const std::vector<std::string>& files, Strictness strictness) {
    bool has_errors = false;
    bool has_warnings = false;
    Document reports = Document::array();
    for (const std::string& file : files) {
        Document report = lint_one(console, file);
        has_errors = has_errors || !is_true(report, "valid");
        has_warnings = has_warnings || !list_of(report, "warnings").empty();
        if (console.is_json()) {
            reports.push_back(std::move(report));
        } else if (!report.contains("unreadable")) {
            print_report(console, report);
        }
    }
    if (console.is_json()) console.print(reports);
    if (has_errors) return Exit::Failed;
    return has_warnings && strictness == Strictness::Strict ? Exit::Doubtful : Exit::Done;
}

Exit list_definitions(Console& console, ServerClient& server) {
    const auto listed =
        read_pages(server, "/v1/definitions?", std::numeric_limits<std::size_t>::max());
    if (!listed) return report_failure(console, listed.error());
    if (console.is_json()) {
        console.print({{"items", listed->items}});
        return Exit::Done;
    }
    Table table;
    if (listed->items.empty()) console.out() << "no definitions\n";
    for (const Document& item : listed->items) {
        table.add({{printable(text_of(item, "name")), Style::Bold},
                   {"v" + number_of(item, "version")},
                   {time_text(text_of(item, "created_at")), Style::Dim}});
    }
    table.print(console, 0);
    return Exit::Done;
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
