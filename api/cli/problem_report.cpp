#include "api/cli/problem_report.h"

namespace skald::cli {

std::string text_of(const Document& object, const char* name) {
    if (!object.is_object()) return "";
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Exit report_problem(Console& console, const api::ServerReply& reply) {
    if (console.is_json()) console.print(reply.body);
    std::string text = text_of(reply.body, "detail");
    if (text.empty()) text = text_of(reply.body, "title");
    if (text.empty()) text = "the server answered " + std::to_string(reply.status);
    if (reply.body.is_object() && reply.body.contains("errors")) {
        for (const Document& error : reply.body["errors"]) {
            const std::string pointer = text_of(error, "pointer");
            text += "\n  " + (pointer.empty() ? std::string("(whole document)") : pointer) + ": " +
                    text_of(error, "code") + ": " + text_of(error, "detail");
            const std::string hint = text_of(error, "hint");
            if (!hint.empty()) text += " (" + hint + ")";
        }
    }
    // Line by line, so that only our own newlines are kept.
    std::string shown;
    std::size_t from = 0;
    for (std::size_t end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
        shown += printable(text.substr(from, end - from)) + "\n";
    }
    shown += printable(text.substr(from));
    return console.fail(Exit::Failed, shown);
}

}  // namespace skald::cli
