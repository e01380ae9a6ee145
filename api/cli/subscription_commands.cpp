#include "api/cli/subscription_commands.h"

#include <ostream>
#include <utility>

#include "api/cli/ask.h"
#include "api/cli/event_line.h"
#include "api/cli/json_file.h"
#include "api/cli/paging.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"
#include "sagas/expression.h"

namespace skald::cli {
namespace {

/// "pull", "push https://shop.example/events", "starts order", "to nats by eu: orders".
std::string delivery_text(const Document& subscription) {
    const Document& document = object_of(subscription, "document");
    if (document.contains("pull")) return "pull";
    const Document& push = object_of(document, "push");
    if (!push.empty()) return "push " + printable(text_of(push, "url"));
    const Document& start = object_of(document, "start");
    if (!start.empty()) return "starts " + printable(text_of(start, "definition"));
    const Document& relay = object_of(document, "relay");
    if (relay.empty()) return "";
    return "bridge " + printable(text_of(relay, "bridge") + " to " + text_of(relay, "subject"));
}

void print_subscriptions(Console& console, const Document& items) {
    Table table;
    table.add_heading({"SUBSCRIPTION", "TOPIC", "LAG", "FAILING", "DEAD", "DELIVERY"});
    for (const Document& item : items) {
        const std::string failing = number_of(item, "failing");
        const std::string dead = number_of(item, "dead_letters");
        table.add({{printable(text_of(item, "name")), Style::Bold},
                   {printable(text_of(item, "topic"))},
                   {number_of(item, "lag")},
                   {failing, failing == "0" ? Style::Dim : Style::Warning},
                   {dead, dead == "0" ? Style::Dim : Style::Bad},
                   {delivery_text(item), Style::Dim}});
    }
    table.print(console, 0);
}

void print_subscription(Console& console, const Document& subscription) {
    console.out() << console.styled(Style::Bold, printable(text_of(subscription, "name"))) << " v"
                  << number_of(subscription, "version") << ", " << delivery_text(subscription)
                  << ", of topic " << printable(text_of(subscription, "topic")) << '\n'
                  << "created " << time_text(text_of(subscription, "created_at"));
    const std::string owner = text_of(subscription, "owner");
    if (!owner.empty()) console.out() << " by " << printable(owner);
    console.out() << "\n\n";
    Table table;
    table.add({{"cursor"}, {number_of(subscription, "cursor"), Style::Bold}});
    table.add({{"lag"}, {number_of(subscription, "lag"), Style::Bold}});
    table.add({{"failing"}, {number_of(subscription, "failing"), Style::Bold}});
    table.add({{"dead letters"}, {number_of(subscription, "dead_letters"), Style::Bold}});
    const std::string filter = json_of(object_of(subscription, "document"), "filter");
    if (!filter.empty()) table.add({{"filter"}, {printable(filter)}});
    table.print(console, 2);
    console.out() << "\n  the whole document: -o json\n";
}

api::ServerRequest post_of(const std::string& name, const std::string& part, const Document& body) {
    return {"POST", subscription_target(name, part), body.dump(), {}};
}

Exit acknowledge(Console& console, ServerClient& server, const std::string& name,
                 const Document& events) {
    Document leases = Document::array();
    for (const Document& each : events) leases.push_back(text_of(each, "lease"));
    const auto done = ask(console, server, post_of(name, "/ack", {{"leases", leases}}));
    if (!done) return done.error();
    if (!console.is_json()) {
        console.out() << console.styled(Style::Good, "acknowledged") << ' '
                      << number_of(done->body, "done") << '\n';
    }
    const std::size_t stale = list_of(done->body, "stale").size();
    if (stale == 0) return Exit::Done;
    return console.fail(Exit::Failed, "the leases of " + std::to_string(stale) +
                                          " of them were over already: they are delivered again");
}

}  // namespace

std::string subscription_target(const std::string& name, const std::string& part) {
    return "/v1/subscriptions/" + sagas::percent_encode(name) + part;
}

Exit show_subscriptions(Console& console, ServerClient& server, const std::string& name) {
    if (name.empty()) return list_all(console, server, "subscriptions", print_subscriptions);
    const auto reply = ask(console, server, {"GET", subscription_target(name), "", {}});
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_subscription(console, reply->body);
    }
    return Exit::Done;
}

Exit put_subscription(Console& console, ServerClient& server, const std::string& name,
                      const std::string& file) {
    const auto document = read_json_file(console, file);
    if (!document) return console.fail(Exit::Failed, printable(document.error().message));
    const auto reply =
        ask(console, server, {"PUT", subscription_target(name), body_text(*document), {}});
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        console.out() << console.styled(Style::Bold, printable(name)) << " version "
                      << number_of(reply->body, "version")
                      << (reply->status == 201 ? " is there" : " was there already")
                      << ", behind offset " << number_of(reply->body, "cursor") << " of "
                      << printable(text_of(reply->body, "topic")) << '\n';
    }
    return Exit::Done;
}

Exit delete_subscription(Console& console, ServerClient& server, const std::string& name) {
    const auto reply = ask(console, server, {"DELETE", subscription_target(name), "", {}});
    if (!reply) return reply.error();
    if (!console.is_json()) console.out() << printable(name) << " is deleted\n";
    return Exit::Done;
}

Exit fetch(Console& console, ServerClient& server, const FetchOptions& options) {
    Document body = Document::object();
    if (options.limit) body["limit"] = *options.limit;
    if (!options.wait.empty()) body["wait"] = options.wait;
    const auto reply = ask(console, server, post_of(options.name, "/fetch", body));
    if (!reply) return reply.error();
    const Document& events = list_of(reply->body, "events");
    if (console.is_json()) {
        console.print(reply->body);
    } else if (events.empty()) {
        console.out() << "no events\n";
    }
    for (const Document& each : events) {
        if (!console.is_json()) console.out() << event_line(console, each) << '\n';
    }
    if (events.empty() || options.then == FetchOptions::Then::Nothing) return Exit::Done;
    return acknowledge(console, server, options.name, events);
}

Exit replay_events(Console& console, ServerClient& server, const std::string& name,
                   const Document& from) {
    const auto reply = ask(console, server, post_of(name, "/replay", {{"from", from}}));
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        console.out() << printable(name) << " goes on behind offset "
                      << number_of(reply->body, "behind") << '\n';
    }
    return Exit::Done;
}

}  // namespace skald::cli
