#include "api/cli/replay_command.h"

#include <ostream>
#include <utility>

#include "api/cli/json_file.h"
#include "api/cli/reply_members.h"
#include "api/cli/saga_target.h"
#include "api/cli/several_sagas.h"
#include "api/cli/start_command.h"
#include "api/cli/table.h"

namespace skald::cli {
namespace {

constexpr std::size_t kInputColumns = 100;

sagas::Result<std::string> make_body(Console& console, const ReplayOptions& options) {
    sagas::Json body = sagas::Json::object();
    if (options.input) {
        auto input = read_json_file(console, *options.input);
        if (!input) return tl::unexpected(input.error());
        body["input"] = std::move(*input);
    }
    if (options.version) body["version"] = *options.version;
    if (options.id) body["id"] = *options.id;
    if (!options.reason.empty()) body["reason"] = options.reason;
    if (options.accepts_repeats) body["accept_repeats"] = true;
    if (options.is_dry_run) body["dry_run"] = true;
    return body_text(body);
}

/// The same replay again gives the same saga, so that it may be asked for again.
sagas::Result<api::ServerReply> ask(ServerClient& server, const ReplayOptions& options,
                                    const std::string& body, const std::string& id) {
    Patience patience(options.wait);
    api::ServerRequest request{"POST", saga_target(id, "/replay"), body, {}};
    if (options.key) request.headers.emplace_back("Idempotency-Key", *options.key);
    auto reply = send_patiently(server, std::move(request), patience, WaitParameter::No);
    const std::string replayed_as = reply ? text_of(reply->body, "id") : "";
    reply = await_rest(server, std::move(reply), replayed_as, patience);
    if (!reply && !replayed_as.empty()) {
        return sagas::fail(reply.error().code, "was replayed as " + replayed_as +
                                                   ", but then: " + reply.error().message);
    }
    return reply;
}

Exit report_replayed(Console& console, const std::string& id, const Document& saga) {
    if (console.is_json()) return Exit::Done;
    console.out() << console.styled(Style::Bold, printable(id)) << "  replayed as "
                  << console.styled(Style::Bold, printable(text_of(saga, "id"))) << "  ("
                  << printable(text_of(saga, "definition")) << " v" << number_of(saga, "version")
                  << ")\n";
    return Exit::Done;
}

/// "POST http://…", "publishes order.placed to orders", "child payment", "waits {…}".
std::string action_text(const Document& call) {
    const std::string child = text_of(call, "child");
    std::string text = text_of(call, "method") + " " + text_of(call, "url");
    if (!child.empty()) text = "child " + child;
    const Document& event = object_of(call, "event");
    if (!event.empty()) {
        text = "publishes " + text_of(event, "type") + " to " + text_of(event, "topic");
    }
    if (call.contains("wait")) text = "waits " + json_of(call, "wait");
    const std::string each = text_of(call, "for_each");
    return each.empty() ? text : text + " for each of " + each;
}

void print_calls(Console& console, const Document& plan) {
    const Document& calls = list_of(plan, "calls");
    if (calls.empty()) return;
    console.out() << "\n  calls that are made again, in this order:\n";
    Table table;
    for (const Document& call : calls) {
        const bool ran = is_true(call, "ran_before");
        const std::string key = text_of(call, "key");
        table.add({{printable(text_of(call, "step")), Style::Bold},
                   {printable(action_text(call))},
                   {ran ? "ran before" : "never ran", ran ? Style::Warning : Style::Dim},
                   {key.empty() ? "" : "key " + printable(key), Style::Dim}});
    }
    table.print(console, 4);
}

void print_effects(Console& console, const Document& plan) {
    const Document& effects = list_of(plan, "effects");
    if (effects.empty()) {
        console.out() << "\n  nothing that the old saga did stands\n";
        return;
    }
    console.out() << "\n  what the old saga did that stands:\n";
    Table table;
    for (const Document& effect : effects) {
        const std::string child = text_of(effect, "child");
        table.add({{printable(place_of(effect)), Style::Bold},
                   {printable(text_of(effect, "status")), Style::Warning},
                   {printable(child.empty() ? "key " + text_of(effect, "key") : "child " + child),
                    Style::Dim},
                   {printable(text_of(effect, "what"))}});
    }
    table.print(console, 4);
}

Exit report_plan(Console& console, const std::string& id, const Document& plan) {
    const bool is_refused = text_of(plan, "would_be") == "refused";
    const Exit exit = is_refused ? Exit::Failed : Exit::Done;
    if (console.is_json()) return exit;
    console.out() << console.styled(Style::Bold, printable(id)) << "  would be "
                  << (is_refused ? console.styled(Style::Bad, "refused")
                                 : console.styled(Style::Good, "replayed"))
                  << " as " << printable(text_of(plan, "definition")) << " v"
                  << number_of(plan, "version");
    const std::string why = text_of(plan, "why");
    if (!why.empty()) console.out() << ": " << printable(why);
    console.out() << "\n  input " << shortened(printable(json_of(plan, "input")), kInputColumns)
                  << '\n';
    print_calls(console, plan);
    print_effects(console, plan);
    return exit;
}

}  // namespace

Exit replay(Console& console, ServerClient& server, const ReplayOptions& options) {
    const auto body = make_body(console, options);
    if (!body) return console.fail(Exit::Failed, printable(body.error().message));
    ToOneSaga command;
    command.ask = [&](const std::string& id) { return ask(server, options, *body, id); };
    command.report = [&](Console& out, const std::string& id, const Document& answer) {
        if (options.is_dry_run) return report_plan(out, id, answer);
        const Exit replayed = report_replayed(out, id, answer);
        if (options.wait.until == Wait::Until::No) return replayed;
        return report_awaited(out, answer);
    };
    return do_to_each(console, options.ids, command);
}

}  // namespace skald::cli
