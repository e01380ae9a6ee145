#include "api/cli/diff_command.h"

#include <optional>
#include <ostream>

#include "api/cli/findings.h"
#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/diff_view.h"
#include "api/query_parameters.h"
#include "sagas/definition_diff.h"
#include "sagas/expression.h"
#include "sagas/lint.h"

namespace skald::cli {
namespace {

constexpr std::size_t kOldColumnsMax = 40;

bool is_version(const std::string& word) {
    return api::to_number(word, 1, api::kVersionMax).has_value();
}

/// "POST http://…" of a step that is there on one side only; else the value in one line.
std::string shown_value(const Document& change, const char* member) {
    if (!change.contains(member)) return "-";
    const Document& value = change[member];
    if (text_of(change, "field").empty()) {
        const Document& http = object_of(object_of(value, "action"), "http");
        if (!http.empty()) return printable(text_of(http, "method") + " " + text_of(http, "url"));
    }
    if (value.is_string()) return printable(value.get_ref<const std::string&>());
    return value.is_null() ? "null" : printable(json_of(change, member));
}

std::string shown_field(const Document& change) {
    const std::string field = text_of(change, "field");
    if (!field.empty()) return printable(field);
    return change.contains("old") ? "removed" : "added";
}

void print_changes(Console& console, const Document& answer, const std::string& from,
                   const std::string& to) {
    const Document& changes = list_of(answer, "changes");
    if (changes.empty()) {
        console.out() << (is_true(answer, "only_text_differs")
                              ? "only the text differs: it means the same\n"
                              : "no differences\n");
        return;
    }
    Table table;
    table.add_heading({"STEP", "FIELD", from, to});
    for (const Document& change : changes) {
        table.add({{printable(text_of(change, "step")), Style::Bold},
                   {shown_field(change)},
                   {shortened(shown_value(change, "old"), kOldColumnsMax), Style::Dim},
                   {shown_value(change, "new")}});
    }
    table.print(console, 2);
    const std::string more = number_of(answer, "more_changes");
    if (!more.empty()) console.out() << "  and " << more << " more\n";
}

void print_verdict(Console& console, const Document& answer, const std::string& from,
                   const std::string& to) {
    const Document& reasons = list_of(answer, "reasons");
    console.out() << "\nLive sagas of " << from
                  << (reasons.empty() ? console.styled(Style::Good, " could go on under ")
                                      : console.styled(Style::Warning, " could not go on under "))
                  << to << (reasons.empty() ? ".\n" : ":\n");
    for (const Document& reason : reasons) {
        console.out() << "  " << console.styled(Style::Bold, printable(text_of(reason, "pointer")))
                      << ": " << printable(text_of(reason, "code")) << ": "
                      << printable(text_of(reason, "detail")) << '\n';
    }
}

Exit show_diff(Console& console, const Document& answer, const DiffOptions& options,
               const std::string& title, const std::string& from, const std::string& to) {
    if (console.is_json()) {
        console.print(answer);
    } else {
        console.out() << title << ": ";
        const std::string more = number_of(answer, "more_changes");
        const std::size_t count =
            list_of(answer, "changes").size() + (more.empty() ? 0 : std::stoull(more));
        if (count > 0) console.out() << count << (count == 1 ? " change\n\n" : " changes\n\n");
        print_changes(console, answer, from, to);
        print_verdict(console, answer, from, to);
    }
    const bool is_compatible = text_of(answer, "verdict") == "compatible";
    return options.is_strict && !is_compatible ? Exit::Doubtful : Exit::Done;
}

/// None: it was told why not.
std::optional<sagas::DefinitionVersion> read_version(Console& console, const std::string& file) {
    auto json = read_json_file(console, file);
    if (!json) {
        console.fail(Exit::Failed, printable(json.error().message));
        return std::nullopt;
    }
    sagas::Checked checked = sagas::check_definition(*json, std::nullopt);
    if (!checked.definition) {
        Console beside = console.beside();
        print_findings(beside, file, Style::Bad, findings_of(checked.errors));
        return std::nullopt;
    }
    return sagas::DefinitionVersion{std::move(*json), std::move(checked.filled)};
}

Exit diff_files(Console& console, const DiffOptions& options) {
    const auto older = read_version(console, options.first);
    const auto newer = read_version(console, options.second);
    if (!older || !newer) return Exit::Failed;
    const auto diff = sagas::diff_definitions(*older, *newer);
    if (!diff) return console.fail(Exit::Failed, printable(diff.error().message));
    Document answer{{"from", options.first}, {"to", options.second}};
    api::add_diff(answer, *diff);
    const std::string from = printable(options.first);
    const std::string to = printable(options.second);
    return show_diff(console, answer, options, from + " → " + to, from, to);
}

Exit diff_versions(Console& console, ServerClient& server, const DiffOptions& options) {
    const std::string definition = "/v1/definitions/" + sagas::percent_encode(options.first);
    std::string newer = options.third;
    if (newer.empty()) {
        const auto latest = server.send({"GET", definition, "", {}});
        if (!latest) return console.fail(Exit::Failed, printable(latest.error().message));
        if (latest->status != 200) return report_problem(console, *latest);
        newer = number_of(latest->body, "version");
    }
    const auto reply =
        server.send({"GET", definition + "/versions/" + options.second + "/diff/" + newer, "", {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    const std::string from = "v" + options.second;
    const std::string to = "v" + newer;
    return show_diff(console, reply->body, options,
                     printable(options.first) + " " + from + " → " + to, from, to);
}

}  // namespace

Exit diff(Console& console, ServerClient& server, const DiffOptions& options) {
    const bool is_file_form = options.third.empty() && !is_version(options.second);
    if (is_file_form) return diff_files(console, options);
    if (!is_version(options.second) || (!options.third.empty() && !is_version(options.third))) {
        return console.fail(Exit::BadUsage,
                            "A and B are versions, numbers from 1; or give two files alone");
    }
    return diff_versions(console, server, options);
}

}  // namespace skald::cli
