#include <algorithm>
#include <limits>
#include <ostream>
#include <tl/expected.hpp>

#include "api/cli/commands.h"
#include "api/cli/problem_report.h"
#include "api/cli/timeline.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

constexpr std::size_t kPageMax = 200;
constexpr std::size_t kErrorColumns = 60;

std::string saga_target(const std::string& id) { return "/v1/sagas/" + sagas::percent_encode(id); }

/// Reads pages from `target` until there are `limit` items or no more.
/// The Exit is of what failed, which was reported.
tl::expected<Document, Exit> read_pages(Console& console, ServerClient& server,
                                        const std::string& target, std::size_t limit) {
    Document items = Document::array();
    std::string cursor;
    while (items.size() < limit) {
        std::string page =
            target + "limit=" + std::to_string(std::min(limit - items.size(), kPageMax));
        if (!cursor.empty()) page += "&cursor=" + cursor;
        const auto reply = server.send({"GET", page, "", {}});
        if (!reply) {
            return tl::unexpected(console.fail(Exit::Failed, printable(reply.error().message)));
        }
        if (reply->status != 200 || !reply->body.contains("items")) {
            return tl::unexpected(report_problem(console, *reply));
        }
        for (const Document& item : reply->body["items"]) items.push_back(item);
        cursor = text_of(reply->body, "next_cursor");
        if (cursor.empty()) break;
    }
    return items;
}

std::string number_text(const Document& item, const char* name) {
    const auto found = item.find(name);
    return found != item.end() && found->is_number() ? found->dump() : "";
}

/// "reserve succeeded, charge calling": what a journal row decided.
std::string changes_text(const Document& item) {
    std::string text;
    if (item.contains("changes")) {
        for (const Document& change : item["changes"]) {
            text += (text.empty() ? "" : ", ") + text_of(change, "step") + " " +
                    text_of(change, "status");
        }
    }
    if (item.contains("turned")) text += (text.empty() ? "" : ", ") + std::string("turned back");
    if (item.contains("end")) {
        text += (text.empty() ? "" : ", ") + std::string("saga ") + text_of(item["end"], "status");
    }
    return printable(text);
}

void add_history_row(Table& table, const Document& item) {
    std::string what = text_of(item, "type");
    const std::string step = text_of(item, "step");
    std::string call = step;
    if (item.contains("phase")) {
        call += " " + text_of(item, "phase") + " " + number_text(item, "attempt");
    }
    std::string outcome = text_of(item, "outcome");
    const std::string http = number_text(item, "http_status");
    if (!http.empty()) outcome += " " + http;
    const std::string by = text_of(item, "by");
    if (!by.empty()) what += " by " + by;
    std::string note = text_of(item, "error");
    if (note.empty()) note = text_of(item, "reason");
    table.add({{number_text(item, "seq"), Style::Dim},
               {time_text(text_of(item, "at")), Style::Dim},
               {printable(what), Style::Bold},
               {printable(call)},
               {printable(outcome)},
               {changes_text(item)},
               {shortened(printable(note), kErrorColumns), Style::Bad}});
}

void add_saga_row(Table& table, const Document& item) {
    const std::string status = text_of(item, "status");
    std::string error;
    if (item.contains("last_error")) {
        error = text_of(item["last_error"], "step") + ": " + text_of(item["last_error"], "error");
    }
    table.add(
        {{printable(text_of(item, "id")), Style::Bold},
         {printable(text_of(item, "definition")) + " v" + number_text(item, "version")},
         {printable(status), style_of(status)},
         {time_text(text_of(item, "started_at")), Style::Dim},
         {duration_between(text_of(item, "started_at"), text_of(item, "ended_at")), Style::Dim},
         {shortened(printable(error), kErrorColumns), Style::Bad}});
}

}  // namespace

Exit show(Console& console, ServerClient& server, const std::string& id) {
    const auto reply = server.send({"GET", saga_target(id), "", {}});
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_timeline(console, reply->body);
    }
    return Exit::Done;
}

Exit history(Console& console, ServerClient& server, const std::string& id) {
    const auto items = read_pages(console, server, saga_target(id) + "/history?",
                                  std::numeric_limits<std::size_t>::max());
    if (!items) return items.error();
    if (console.is_json()) {
        console.print({{"items", *items}});
        return Exit::Done;
    }
    Table table;
    for (const Document& item : *items) add_history_row(table, item);
    table.print(console, 0);
    return Exit::Done;
}

Exit list(Console& console, ServerClient& server, const ListOptions& options) {
    std::string target = "/v1/sagas?";
    for (const std::string& status : options.statuses) {
        target += "status=" + sagas::percent_encode(status) + "&";
    }
    if (options.definition)
        target += "definition=" + sagas::percent_encode(*options.definition) + "&";
    const auto items = read_pages(console, server, target, options.limit);
    if (!items) return items.error();
    if (console.is_json()) {
        console.print({{"items", *items}});
        return Exit::Done;
    }
    Table table;
    for (const Document& item : *items) add_saga_row(table, item);
    if (table.empty()) console.out() << "no sagas\n";
    table.print(console, 0);
    return Exit::Done;
}

Exit cancel(Console& console, ServerClient& server, const CancelOptions& options) {
    Document body = Document::object();
    if (!options.reason.empty()) body["reason"] = options.reason;
    api::ServerRequest request{"POST", saga_target(options.id) + "/cancel", body.dump(), {}};
    if (options.key) request.headers.emplace_back("Idempotency-Key", *options.key);
    const auto reply = server.send(request);
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status >= 300) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        const std::string status = text_of(reply->body, "status");
        console.out() << console.styled(Style::Bold, printable(options.id)) << "  "
                      << console.styled(style_of(status), printable(status)) << '\n';
    }
    return Exit::Done;
}

}  // namespace skald::cli
