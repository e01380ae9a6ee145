#include "api/cli/start_command.h"

#include <ostream>
#include <utility>

#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/timeline.h"
#include "api/uuid.h"

namespace skald::cli {
namespace {

sagas::Result<std::string> make_body(Console& console, const StartOptions& options) {
    auto input = read_json_file(console, options.input);
    if (!input) return tl::unexpected(input.error());
    sagas::Json body = {{"definition", options.definition}};
    body["input"] = std::move(*input);
    if (options.version) body["version"] = *options.version;
    if (options.id) body["id"] = *options.id;
    for (const std::string& label : options.labels) {
        const auto equals = label.find('=');
        body["labels"][label.substr(0, equals)] = label.substr(equals + 1);
    }
    return body_text(body);
}

Exit report_started(Console& console, const Document& saga) {
    if (console.is_json()) return Exit::Done;
    console.out() << console.styled(Style::Bold, printable(text_of(saga, "id"))) << "  "
                  << printable(text_of(saga, "definition")) << " started\n";
    return Exit::Done;
}

}  // namespace

Exit report_awaited(Console& console, const Document& saga) {
    if (!console.is_json()) print_timeline(console, saga);
    const std::string status = text_of(saga, "status");
    if (!is_at_rest(status)) {
        console.warn("the wait is over, and the saga goes on; see it with: skald show " +
                     printable(text_of(saga, "id")));
    }
    return exit_of(status);
}

Exit start(Console& console, ServerClient& server, const StartOptions& options) {
    auto body = make_body(console, options);
    if (!body) return console.fail(Exit::Failed, printable(body.error().message));
    Patience patience(options.wait);
    // With a key, a start whose answer was lost can be sent again, and runs once.
    api::ServerRequest request{"POST", "/v1/sagas", std::move(*body), {}};
    request.headers.emplace_back("Idempotency-Key",
                                 options.key ? *options.key : api::random_uuid());
    auto reply = send_patiently(server, std::move(request), patience, WaitParameter::Yes);
    const std::string id = reply ? text_of(reply->body, "id") : "";
    reply = await_rest(server, std::move(reply), id, patience);
    if (!reply) {
        const std::string started = id.empty() ? "" : "saga " + id + " was started, but then: ";
        return console.fail(Exit::Failed, printable(started + reply.error().message));
    }
    if (reply->status >= 300) return report_problem(console, *reply);
    if (console.is_json()) console.print(reply->body);
    return options.wait.until == Wait::Until::No ? report_started(console, reply->body)
                                                 : report_awaited(console, reply->body);
}

}  // namespace skald::cli
