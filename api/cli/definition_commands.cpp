#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include "api/cli/commands.h"
#include "api/cli/problem_report.h"
#include "sagas/expression.h"
#include "sagas/json.h"
#include "sagas/lint.h"

namespace skald::cli {
namespace {

/// Prints "FILE:POINTER: CODE: DETAIL" and, below, what to do.
void print_finding(Console& console, const std::string& file, Style style,
                   const std::string& pointer, const std::string& code, const std::string& detail,
                   const std::string& hint) {
    console.out() << console.styled(Style::Bold, printable(file) + ":" + printable(pointer)) << ": "
                  << console.styled(style, printable(code)) << ": " << printable(detail) << '\n';
    if (!hint.empty()) console.out() << "    " << printable(hint) << '\n';
}

void print_findings(Console& console, const std::string& file, Style style,
                    const Document& findings) {
    for (const Document& each : findings) {
        print_finding(console, file, style, text_of(each, "pointer"), text_of(each, "code"),
                      text_of(each, "detail"), text_of(each, "hint"));
    }
}

Document findings_of(const std::vector<sagas::Problem>& problems) {
    Document findings = Document::array();
    for (const sagas::Problem& problem : problems) {
        findings.push_back({{"code", problem.code},
                            {"pointer", problem.pointer},
                            {"detail", problem.detail},
                            {"hint", problem.hint}});
    }
    return findings;
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
        {"PUT",
         "/v1/definitions/" + sagas::percent_encode(name->get_ref<const std::string&>()),
         json->dump(),
         {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200 && reply->status != 201) return report_problem(console, *reply);

    const Document& answer = reply->body;
    if (console.is_json()) {
        console.print(answer);
        return Exit::Done;
    }
    console.out() << console.styled(Style::Bold, printable(text_of(answer, "name"))) << " version "
                  << answer.value("version", 0)
                  << (reply->status == 201 ? console.styled(Style::Good, " registered")
                                           : std::string(" is already registered"))
                  << '\n';
    if (answer.contains("warnings")) {
        print_findings(console, file, Style::Warning, answer["warnings"]);
    }
    return Exit::Done;
}

}  // namespace

sagas::Result<sagas::Json> read_json_file(Console& console, const std::string& file) {
    std::string text;
    if (file == "-") {
        text.assign(std::istreambuf_iterator<char>(console.in()), {});
    } else {
        std::ifstream stream(file, std::ios::binary);
        if (stream) text.assign(std::istreambuf_iterator<char>(stream), {});
        if (!stream && !stream.eof()) {
            return sagas::fail(sagas::ErrorCode::NotFound, file + ": can't be read");
        }
    }
    auto json = sagas::parse_json(text);
    if (!json) {
        return sagas::fail(sagas::ErrorCode::InvalidArgument,
                           (file == "-" ? "standard input" : file) + ": " + json.error().message);
    }
    return json;
}

Exit apply(Console& console, ServerClient& server, const std::vector<std::string>& files) {
    Exit exit = Exit::Done;
    for (const std::string& file : files) {
        if (apply_one(console, server, file) != Exit::Done) exit = Exit::Failed;
    }
    return exit;
}

Exit lint(Console& console, const std::vector<std::string>& files) {
    Exit exit = Exit::Done;
    Document reports = Document::array();
    for (const std::string& file : files) {
        const auto json = read_json_file(console, file);
        if (!json) {
            exit = console.fail(Exit::Failed, printable(json.error().message));
            continue;
        }
        const sagas::Checked checked = sagas::check_definition(*json, std::nullopt);
        if (!checked.definition) exit = Exit::Failed;
        const Document errors = findings_of(checked.errors);
        const Document warnings = findings_of(checked.warnings);
        if (console.is_json()) {
            reports.push_back({{"file", file},
                               {"valid", checked.definition != nullptr},
                               {"errors", errors},
                               {"warnings", warnings}});
            continue;
        }
        print_findings(console, file, Style::Bad, errors);
        print_findings(console, file, Style::Warning, warnings);
        if (errors.empty() && warnings.empty()) {
            console.out() << printable(file) << ": " << console.styled(Style::Good, "fine") << '\n';
        }
    }
    if (console.is_json()) console.print(reports);
    return exit;
}

}  // namespace skald::cli
