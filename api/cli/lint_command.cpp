#include "api/cli/lint_command.h"

#include <cstdint>
#include <map>
#include <ostream>
#include <utility>

#include "api/cli/findings.h"
#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "sagas/children.h"
#include "sagas/expression.h"
#include "sagas/lint.h"

namespace skald::cli {
namespace {

constexpr std::uint32_t kAnyVersion = 1;  ///< No saga is started here.

struct Linted {
    std::string file;
    std::string unreadable;  ///< Why; else empty.
    sagas::Checked checked;
};

Linted check_file(Console& console, const std::string& file) {
    const auto json = read_json_file(console, file);
    if (json) return {file, "", sagas::check_definition(*json, std::nullopt)};
    console.fail(Exit::Failed, printable(json.error().message));
    return {file, json.error().message, {}};
}

/// Where children are looked for.
class KnownHere {
 public:
    KnownHere(const std::vector<Linted>& all, ServerClient* server) : server_(server) {
        for (const Linted& each : all) {
            if (each.checked.definition) {
                by_name_[each.checked.definition->name] = {each.checked.definition, kAnyVersion};
            }
        }
    }

    bool has_server() const { return server_ != nullptr; }

    sagas::Result<sagas::KnownDefinition> find(std::string_view name) {
        const auto found = by_name_.find(name);
        if (found != by_name_.end()) return found->second;
        auto registered = find_registered(std::string(name));
        if (registered) by_name_.emplace(name, *registered);
        return registered;
    }

 private:
    sagas::Result<sagas::KnownDefinition> find_registered(const std::string& name) {
        if (server_ == nullptr) {
            return sagas::fail(sagas::ErrorCode::NotFound,
                               "definition " + name + " is not among the files");
        }
        const auto reply =
            server_->send({"GET", "/v1/definitions/" + sagas::percent_encode(name), "", {}});
        if (!reply) return tl::unexpected(reply.error());
        if (reply->status == 404) {
            return sagas::fail(sagas::ErrorCode::NotFound, problem_text(*reply));
        }
        const sagas::Json document =
            sagas::Json::parse(object_of(reply->body, "definition").dump(), nullptr, false);
        const sagas::Checked checked = sagas::check_definition(document, name);
        if (reply->status != 200 || !checked.definition) {
            return sagas::fail(sagas::ErrorCode::Unavailable, problem_text(*reply));
        }
        return sagas::KnownDefinition{checked.definition, kAnyVersion};
    }

    ServerClient* const server_;
    std::map<std::string, sagas::KnownDefinition, std::less<>> by_name_;
};

/// Adds what is wrong between `linted` and its children. Where no server is asked, what is not
/// among the files may be there.
void check_children_of(Linted& linted, KnownHere& known) {
    sagas::Checked& checked = linted.checked;
    if (!checked.definition) return;
    const auto find = [&known](std::string_view name) { return known.find(name); };
    for (sagas::Problem& each : sagas::check_children(*checked.definition, find)) {
        if (each.code == "unknown-definition" && !known.has_server()) {
            each.detail += " (no server was asked)";
            each.hint = "name its file too, or add --registered, to check both";
            checked.warnings.push_back(std::move(each));
        } else {
            checked.errors.push_back(std::move(each));
        }
    }
}

/// {file, valid, errors, warnings, unreadable?}
Document report_of(const Linted& linted) {
    const sagas::Checked& checked = linted.checked;
    Document report{{"file", linted.file},
                    {"valid", checked.definition != nullptr && checked.errors.empty()},
                    {"errors", findings_of(checked.errors)},
                    {"warnings", findings_of(checked.warnings)}};
    if (!linted.unreadable.empty()) report["unreadable"] = linted.unreadable;
    return report;
}

void print_lint_report(Console& console, const Document& report) {
    if (report.contains("unreadable")) return;
    const std::string file = text_of(report, "file");
    const Document& errors = list_of(report, "errors");
    const Document& warnings = list_of(report, "warnings");
    print_findings(console, file, Style::Bad, errors);
    print_findings(console, file, Style::Warning, warnings);
    if (errors.empty() && warnings.empty()) {
        console.out() << printable(file) << ": " << console.styled(Style::Good, "fine") << '\n';
    }
}

}  // namespace

Exit lint(Console& console, ServerClient* server, const std::vector<std::string>& files,
          Strictness strictness) {
    std::vector<Linted> all;
    for (const std::string& file : files) all.push_back(check_file(console, file));
    KnownHere known(all, server);
    bool has_errors = false;
    bool has_warnings = false;
    Document reports = Document::array();
    for (Linted& each : all) {
        check_children_of(each, known);
        Document report = report_of(each);
        has_errors = has_errors || !is_true(report, "valid");
        has_warnings = has_warnings || !list_of(report, "warnings").empty();
        if (!console.is_json()) print_lint_report(console, report);
        reports.push_back(std::move(report));
    }
    if (console.is_json()) console.print(reports);
    if (has_errors) return Exit::Failed;
    return has_warnings && strictness == Strictness::Strict ? Exit::Doubtful : Exit::Done;
}

}  // namespace skald::cli
