#include "api/cli/simulate_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

#include "api/cli/findings.h"
#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "api/cli/progress_bar.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/logging.h"
#include "api/rehearsal_view.h"
#include "engine/clock.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

using api::rehearsal_document;
using api::steps_text;
using api::stuck_text;
using rehearsal::Found;
using rehearsal::Report;
using rehearsal::Verdict;
using sagas::Json;

constexpr std::string_view kDefinition = "/definition/";

std::string seconds_text(double seconds, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f s", digits, seconds);
    return text;
}

bool is_file_name(const std::string& subject) {
    return subject == "-" || subject.find_first_of("./") != std::string::npos;
}

std::optional<Json> read_registered(Console& console, ServerClient& server,
                                    const std::string& name) {
    const auto reply =
        server.send({"GET", "/v1/definitions/" + sagas::percent_encode(name), "", {}});
    if (!reply) {
        console.fail(Exit::Failed, printable(reply.error().message));
        return std::nullopt;
    }
    if (reply->status != 200) {
        report_problem(console, *reply);
        return std::nullopt;
    }
    return Json::parse(object_of(reply->body, "definition").dump());
}

std::optional<Json> read_file(Console& console, const std::string& file) {
    auto json = read_json_file(console, file);
    if (json) return std::move(*json);
    console.fail(Exit::Failed, printable(json.error().message));
    return std::nullopt;
}

void print_faults(Console& console, const std::string& subject,
                  const std::vector<sagas::Problem>& problems) {
    Console beside = console.beside();
    print_findings(beside, subject, Style::Bad, findings_of(problems));
}

/// The definition that `subject` means; none: it was told what is wrong.
std::optional<sagas::Checked> read_checked(Console& console, ServerClient& server,
                                           const std::string& subject) {
    const std::optional<Json> document = is_file_name(subject)
                                             ? read_file(console, subject)
                                             : read_registered(console, server, subject);
    if (!document) return std::nullopt;
    sagas::Checked checked = sagas::check_definition(*document, std::nullopt);
    if (checked.definition) return checked;
    print_faults(console, subject, checked.errors);
    return std::nullopt;
}

/// What the server has of the children that nobody gave. False: it was told what is wrong.
bool read_missing(Console& console, ServerClient& server, rehearsal::Script& script) {
    while (true) {
        const auto names = rehearsal::missing_children(*script.checked.definition, script.children);
        if (names.empty()) return true;
        auto child = read_checked(console, server, names.front());
        if (!child) return false;
        script.children.push_back(std::move(*child));
    }
}

/// What is to be rehearsed; none: it was told what is wrong.
std::optional<rehearsal::Script> read_script(Console& console, ServerClient& server,
                                             const SimulateOptions& options) {
    rehearsal::Script script;
    for (std::size_t i = 0; i < options.subjects.size(); ++i) {
        auto checked = read_checked(console, server, options.subjects[i]);
        if (!checked) return std::nullopt;
        if (i == 0) {
            script.checked = std::move(*checked);
        } else {
            script.children.push_back(std::move(*checked));
        }
    }
    const bool asks_server = !is_file_name(options.subjects.front());
    if (asks_server && !read_missing(console, server, script)) return std::nullopt;
    script.reads = options.reads;
    if (!options.input.empty()) {
        script.input = read_file(console, options.input);
        if (!script.input) return std::nullopt;
    }
    if (!options.replies.empty()) {
        auto replies = read_file(console, options.replies);
        if (!replies) return std::nullopt;
        script.replies = std::move(*replies);
    }
    return script;
}

/// What a rehearsal refused, with what to do about it here.
void print_refusal(Console& console, const std::string& subject,
                   std::vector<sagas::Problem> problems) {
    for (sagas::Problem& problem : problems) {
        const bool is_within = problem.pointer.starts_with(kDefinition);
        if (is_within) problem.pointer.erase(0, kDefinition.size() - 1);
        if (problem.code != "unknown-definition") continue;
        problem.hint = "give its file behind this one: skald simulate " + subject +
                       " CHILD.json; or its name, where the server has it";
    }
    print_faults(console, subject, problems);
}

Style style_of(const rehearsal::Outcome& outcome) {
    if (!outcome.is_clean()) return Style::Bad;
    if (outcome.status == sagas::Status::Completed) return Style::Good;
    return outcome.status == sagas::Status::Compensated ? Style::Plain : Style::Warning;
}

/// What else there is to say of an outcome: who is stuck, left in doubt, left out.
std::string remarks_on(const rehearsal::Cast& cast, const rehearsal::Outcome& outcome) {
    std::string text;
    const auto add = [&text](const std::string& name, const std::string& value) {
        if (value.empty()) return;
        text.append(text.empty() ? "" : "; ").append(name).append(value);
    };
    for (const rehearsal::Stuck& each : outcome.stuck) add("", stuck_text(cast, each));
    add("in doubt: ", steps_text(cast, outcome.in_doubt));
    add("left out: ", steps_text(cast, outcome.left_out));
    add("stands: ", steps_text(cast, outcome.standing));
    add("is missing: ", steps_text(cast, outcome.missing));
    return text;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : printable(text); }

void print_outcomes(Console& console, const Report& report) {
    const rehearsal::Cast& cast = *report.cast;
    Table table;
    table.add_heading({"", "STATUS", "DONE", "UNDONE", "LEDGERS", "SCHEDULES", ""});
    std::size_t number = 0;
    for (const Found& found : report.outcomes) {
        const rehearsal::Outcome& outcome = found.outcome;
        table.add(
            {{std::to_string(++number), Style::Dim},
             {std::string(sagas::to_text(outcome.status)), style_of(outcome)},
             {or_dash(steps_text(cast, outcome.done))},
             {or_dash(steps_text(cast, outcome.undone))},
             {outcome.is_clean() ? "clean" : "WRONG", outcome.is_clean() ? Style::Dim : Style::Bad},
             {std::to_string(found.schedules)},
             {printable(remarks_on(cast, outcome)), style_of(outcome)}});
    }
    table.print(console, 2);
}

std::string faults_text(const Found& found) {
    std::string text;
    for (const std::string& fault : found.faults) {
        text.append(text.empty() ? "" : "; then ").append(fault);
    }
    return text.empty() ? "nothing goes wrong" : text;
}

/// The shortest way to each outcome; as a story where the effects are wrong, or all are asked for.
void print_ways(Console& console, const Report& report, bool tells_all) {
    console.out() << "\nThe shortest way to each:\n";
    std::size_t number = 0;
    for (const Found& found : report.outcomes) {
        console.out() << console.styled(Style::Bold, "  " + std::to_string(++number)) << "  "
                      << printable(faults_text(found)) << '\n';
        if (!tells_all && found.outcome.is_clean()) continue;
        for (const rehearsal::Happening& each : found.story) {
            const double seconds = static_cast<double>(each.at.count()) / 1'000;
            std::string at = seconds_text(seconds, 3);
            at.insert(0, std::max<std::size_t>(at.size(), 12) - at.size(), ' ');
            console.out() << console.styled(Style::Dim, at) << "  " << printable(each.text) << '\n';
        }
    }
}

void print_report(Console& console, const Report& report, const SimulateOptions& options,
                  double seconds) {
    console.out() << console.styled(Style::Bold, printable(report.definition)) << ": "
                  << report.schedules << " schedules (one without a fault, " << report.singles
                  << " with one, " << report.pairs << " with two) in " << seconds_text(seconds, 1)
                  << "\n\n";
    print_outcomes(console, report);
    print_ways(console, report, options.tells_stories);
    console.out() << '\n';
    for (const std::string& note : report.notes) {
        console.out() << "Note: " << printable(note) << ".\n";
    }
    if (report.pairs < report.pairs_known) {
        console.out() << "--limit says how many schedules may be tried.\n";
    }
    for (const rehearsal::Need& need : report.needs) {
        console.out() << "An operator is needed for "
                      << printable(stuck_text(*report.cast, need.stuck)) << " (" << need.schedules
                      << " schedules)\n";
    }
    const Style style = report.verdict == Verdict::Sound           ? Style::Good
                        : report.verdict == Verdict::NeedsOperator ? Style::Warning
                                                                   : Style::Bad;
    console.out() << console.styled(style, api::verdict_text(report)) << '\n';
}

Exit exit_of(const Report& report, bool is_strict) {
    if (report.verdict == Verdict::Unsound) return Exit::Unsound;
    return report.verdict == Verdict::NeedsOperator && is_strict ? Exit::Doubtful : Exit::Done;
}

}  // namespace

Exit simulate(Console& console, ServerClient& server, const Surroundings& around,
              const SimulateOptions& options) {
    const auto script = read_script(console, server, options);
    if (!script) return Exit::Failed;
    // That the rehearsed sagas get stuck is no news for a log.
    const api::MutedLog muted;
    const engine::Instant began = engine::steady_now();
    tl::expected<Report, std::vector<sagas::Problem>> report;
    {
        ProgressBar bar(around, "schedules");
        rehearsal::Limits limits;
        limits.depth = options.is_singles ? rehearsal::Depth::Singles : rehearsal::Depth::Pairs;
        limits.schedules_max = options.schedules_max;
        limits.goes_on = [&bar](std::size_t done, std::size_t total) {
            bar.show(done, total);
            return true;
        };
        report = rehearsal::rehearse(*script, limits);
    }
    if (!report) {
        print_refusal(console, options.subjects.front(), std::move(report.error()));
        return Exit::Failed;
    }
    const double seconds = std::chrono::duration<double>(engine::steady_now() - began).count();
    if (console.is_json()) {
        api::Document document = rehearsal_document(*report);
        document["took_ms"] = static_cast<std::int64_t>(seconds * 1'000);
        console.print(document);
    } else {
        print_report(console, *report, options, seconds);
    }
    return exit_of(*report, options.is_strict);
}

}  // namespace skald::cli
