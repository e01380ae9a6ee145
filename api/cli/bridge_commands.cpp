#include "api/cli/bridge_commands.h"

#include <ostream>

#include "api/cli/ask.h"
#include "api/cli/json_file.h"
#include "api/cli/paging.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

constexpr std::size_t kTroubleColumns = 200;

std::string bridge_target(const std::string& name) {
    return "/v1/bridges/" + sagas::percent_encode(name);
}

/// "nats://a:4222", or the first of several "…".
std::string broker_text(const Document& bridge) {
    std::string server = text_of(bridge, "server");
    if (!server.empty()) return server;
    const Document& nats = object_of(object_of(bridge, "document"), "nats");
    const std::string url = text_of(nats, "url");
    return url.empty() ? json_of(nats, "url") : url;
}

Table::Cell connected_cell(const Document& bridge) {
    if (is_true(bridge, "connected")) return {"yes", Style::Good};
    return {"no", Style::Bad};
}

/// What the bridge, or the first of its bindings that says so, complains of.
std::string trouble_of(const Document& bridge) {
    if (!is_true(bridge, "connected")) return text_of(bridge, "last_error");
    for (const Document& in : list_of(bridge, "in")) {
        std::string error = text_of(in, "error");
        if (!error.empty()) return error;
    }
    return text_of(bridge, "last_error");
}

void print_bridges(Console& console, const Document& items) {
    Table table;
    table.add_heading({"BRIDGE", "CONNECTED", "OUT", "IN", "BROKER", "TROUBLE"});
    for (const Document& item : items) {
        table.add({{printable(text_of(item, "name")), Style::Bold},
                   connected_cell(item),
                   {std::to_string(list_of(item, "out").size())},
                   {std::to_string(list_of(item, "in").size())},
                   {printable(broker_text(item)), Style::Dim},
                   {shortened(printable(trouble_of(item)), kTroubleColumns), Style::Warning}});
    }
    table.print(console, 0);
}

void print_out(Console& console, const Document& bindings) {
    if (bindings.empty()) return;
    Table table;
    table.add_heading({"TOPIC", "TO SUBJECT", "LAG"});
    for (const Document& each : bindings) {
        table.add({{printable(text_of(each, "topic")), Style::Bold},
                   {printable(text_of(each, "subject"))},
                   {number_of(each, "lag")}});
    }
    console.out() << '\n';
    table.print(console, 2);
}

void print_in(Console& console, const Document& bindings) {
    if (bindings.empty()) return;
    Table table;
    table.add_heading(
        {"STREAM", "SUBJECT", "TO TOPIC", "RECEIVED", "REPEATED", "REFUSED", "PENDING"});
    for (const Document& each : bindings) {
        const std::string refused = number_of(each, "refused");
        table.add({{printable(text_of(each, "stream")), Style::Bold},
                   {printable(text_of(each, "subject"))},
                   {printable(text_of(each, "topic"))},
                   {number_of(each, "received")},
                   {number_of(each, "repeated")},
                   {refused, refused == "0" ? Style::Plain : Style::Warning},
                   {number_of(each, "pending")}});
    }
    console.out() << '\n';
    table.print(console, 2);
    for (const Document& each : bindings) {
        const std::string error = text_of(each, "error");
        if (error.empty()) continue;
        console.out() << '\n'
                      << console.styled(Style::Warning,
                                        "nothing comes from " + printable(text_of(each, "stream")))
                      << ": " << printable(error) << '\n';
    }
}

void print_refusals(Console& console, const Document& bindings) {
    Table table;
    table.add_heading({"REFUSED", "AT", "SUBJECT", "WHY"});
    bool has_some = false;
    for (const Document& each : bindings) {
        for (const Document& refusal : list_of(each, "refusals")) {
            has_some = true;
            table.add({{printable(text_of(each, "stream")) + '/' + number_of(refusal, "sequence"),
                        Style::Bold},
                       {time_text(text_of(refusal, "at")), Style::Dim},
                       {printable(text_of(refusal, "subject"))},
                       {shortened(printable(text_of(refusal, "why")), kTroubleColumns)}});
        }
    }
    if (!has_some) return;
    console.out() << '\n';
    table.print(console, 2);
}

void print_bridge(Console& console, const Document& bridge) {
    const bool is_connected = is_true(bridge, "connected");
    console.out() << console.styled(Style::Bold, printable(text_of(bridge, "name"))) << " v"
                  << number_of(bridge, "version") << ", "
                  << console.styled(is_connected ? Style::Good : Style::Bad,
                                    is_connected ? "connected" : "not connected")
                  << " to " << printable(broker_text(bridge)) << '\n'
                  << "created " << time_text(text_of(bridge, "created_at")) << '\n';
    const std::string error = text_of(bridge, "last_error");
    if (!error.empty()) {
        console.out() << console.styled(Style::Warning, printable(error)) << '\n';
    }
    print_out(console, list_of(bridge, "out"));
    print_in(console, list_of(bridge, "in"));
    print_refusals(console, list_of(bridge, "in"));
}

}  // namespace

Exit show_bridges(Console& console, ServerClient& server, const std::string& name) {
    if (name.empty()) return list_all(console, server, "bridges", print_bridges);
    const auto reply = ask(console, server, {"GET", bridge_target(name), "", {}});
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_bridge(console, reply->body);
    }
    return Exit::Done;
}

Exit put_bridge(Console& console, ServerClient& server, const std::string& name,
                const std::string& file) {
    const auto document = read_json_file(console, file);
    if (!document) return console.fail(Exit::Failed, printable(document.error().message));
    const auto reply = ask(console, server, {"PUT", bridge_target(name), body_text(*document), {}});
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        console.out() << console.styled(Style::Bold, printable(name)) << " version "
                      << number_of(reply->body, "version")
                      << (reply->status == 201 ? " is there" : " was there already")
                      << "; whether it is connected: skald bridges " << printable(name) << '\n';
    }
    return Exit::Done;
}

Exit delete_bridge(Console& console, ServerClient& server, const std::string& name) {
    const auto reply = ask(console, server, {"DELETE", bridge_target(name), "", {}});
    if (!reply) return reply.error();
    if (!console.is_json()) console.out() << printable(name) << " is deleted\n";
    return Exit::Done;
}

}  // namespace skald::cli
