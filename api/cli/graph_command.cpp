#include "api/cli/graph_command.h"

#include <ostream>
#include <sstream>

#include "api/cli/findings.h"
#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "sagas/expression.h"
#include "sagas/graph.h"

namespace skald::cli {
namespace {

bool is_file(const std::string& subject) {
    return subject == "-" || subject.find_first_of("./") != std::string::npos;
}

void print_text(Console& console, const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) console.out() << printable(line) << '\n';
}

Exit draw_file(Console& console, const GraphOptions& options) {
    if (options.version) {
        return console.fail(Exit::BadUsage, "--version is of what is registered, not of a file");
    }
    const auto json = read_json_file(console, options.subject);
    if (!json) return console.fail(Exit::Failed, printable(json.error().message));
    const sagas::Checked checked = sagas::check_definition(*json, std::nullopt);
    Console beside = console.beside();
    print_findings(beside, options.subject, Style::Bad, findings_of(checked.errors));
    print_findings(beside, options.subject, Style::Warning, findings_of(checked.warnings));
    if (!checked.definition) return Exit::Failed;
    const auto format = sagas::read_graph_format(options.format);
    const std::string text =
        sagas::write_graph(sagas::graph_of(*checked.definition), format.value());
    if (format == sagas::GraphFormat::JsonObject) {
        console.print(Document::parse(text));
    } else {
        print_text(console, text);
    }
    return Exit::Done;
}

Exit draw_registered(Console& console, ServerClient& server, const GraphOptions& options) {
    std::string target = "/v1/definitions/" + sagas::percent_encode(options.subject) +
                         "/graph?format=" + options.format;
    if (options.version) target += "&version=" + std::to_string(*options.version);
    const auto reply = server.send({"GET", target, "", {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    if (reply->body.is_string()) {
        print_text(console, reply->body.get<std::string>());
    } else {
        console.print(reply->body);
    }
    return Exit::Done;
}

}  // namespace

Exit draw_graph(Console& console, ServerClient& server, const GraphOptions& options) {
    return is_file(options.subject) ? draw_file(console, options)
                                    : draw_registered(console, server, options);
}

}  // namespace skald::cli
