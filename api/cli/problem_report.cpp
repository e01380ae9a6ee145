#include "api/cli/problem_report.h"

#include "api/cli/reply_members.h"

namespace skald::cli {
namespace {

std::string error_line(const Document& error) {
    const std::string pointer = text_of(error, "pointer");
    std::string line = (pointer.empty() ? "(whole document)" : pointer) + ": " +
                       text_of(error, "code") + ": " + text_of(error, "detail");
    const std::string hint = text_of(error, "hint");
    if (!hint.empty()) line += " (" + hint + ")";
    return line;
}

/// "charge succeeded: a charge stands (key order-1/charge/action)".
std::string effect_line(const Document& effect) {
    std::string line = "stands: " + place_of(effect) + " " + text_of(effect, "status");
    const std::string what = text_of(effect, "what");
    if (!what.empty()) line += ": " + what;
    const std::string key = text_of(effect, "key");
    if (!key.empty()) line += " (key " + key + ")";
    const std::string child = text_of(effect, "child");
    if (!child.empty()) line += " (child " + child + ")";
    return line;
}

}  // namespace

std::string problem_text(const api::ServerReply& reply) {
    const Document& problem = reply.body;
    std::string text = text_of(problem, "detail");
    if (text.empty()) text = text_of(problem, "title");
    if (text.empty()) text = "the server answered " + std::to_string(reply.status);
    text = printable(text);

    const auto add = [&text](const std::string& line) { text += "\n  " + printable(line); };
    for (const Document& error : list_of(problem, "errors")) add(error_line(error));
    for (const Document& effect : list_of(problem, "effects")) add(effect_line(effect));
    if (text_of(problem, "reason_code") == "effects_stand") {
        add("to run it again nevertheless: --accept-repeats");
    }
    const std::string replayed_as = text_of(problem, "replayed_as");
    if (!replayed_as.empty()) add("see: skald show " + replayed_as);
    const std::string parent = text_of(problem, "parent");
    if (!parent.empty()) add("see: skald show " + parent);
    if (reply.status == 401) add("clients send the token that SKALD_TOKEN holds");
    const std::string request = text_of(problem, "request_id");
    if (reply.status >= 500 && !request.empty()) add("the server's log may tell more: " + request);
    return text;
}

Exit report_problem(Console& console, const api::ServerReply& reply) {
    if (console.is_json()) console.print(reply.body);
    return console.fail(Exit::Failed, problem_text(reply));
}

}  // namespace skald::cli
