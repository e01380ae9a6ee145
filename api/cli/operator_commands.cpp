#include "api/cli/operator_commands.h"

#include <ostream>

#include "api/cli/json_file.h"
#include "api/cli/reply_members.h"
#include "api/cli/saga_target.h"
#include "api/cli/several_sagas.h"
#include "api/cli/status_look.h"
#include "api/cli/step_table.h"

namespace skald::cli {
namespace {

constexpr std::size_t kStuckShown = 5;

const char* part_of(Action action) {
    switch (action) {
        case Action::Cancel:
            return "/cancel";
        case Action::Suspend:
            return "/suspend";
        case Action::Resume:
            return "/resume";
        case Action::Retry:
            return "/retry";
        case Action::Resolve:
            return "/resolve";
        case Action::Abandon:
            return "/abandon";
    }
    return "";
}

sagas::Result<std::string> make_body(Console& console, const OperatorOptions& options) {
    sagas::Json body = sagas::Json::object();
    if (!options.reason.empty()) body["reason"] = options.reason;
    if (options.step) body["step"] = *options.step;
    if (!options.as.empty()) body["as"] = options.as;
    if (options.output) {
        auto output = read_json_file(console, *options.output);
        if (!output) return tl::unexpected(output.error());
        body["output"] = std::move(*output);
    }
    return body_text(body);
}

/// ": charge (in_doubt), send/3 (refused) and 2 more".
std::string stuck_steps_text(const Document& saga) {
    std::string text;
    std::size_t count = 0;
    for (const Document& step : list_of(saga, "steps")) {
        for (const StuckPlace& stuck : stuck_places(step)) {
            if (++count > kStuckShown) continue;
            text.append(text.empty() ? ": " : ", ").append(stuck.place);
            text.append(" (").append(stuck.reason).append(")");
        }
    }
    if (count > kStuckShown) text += " and " + std::to_string(count - kStuckShown) + " more";
    return text;
}

/// "order-1  stuck, suspended: charge (in_doubt)".
Exit report(Console& console, const std::string& id, const Document& saga) {
    if (console.is_json()) return Exit::Done;
    const std::string status = text_of(saga, "status");
    console.out() << console.styled(Style::Bold, printable(id)) << "  "
                  << console.styled(style_of(status), printable(status));
    if (is_true(saga, "suspended")) console.out() << ", suspended";
    if (saga.contains("turn_wanted")) console.out() << ", turns back unless its pivot succeeds";
    console.out() << printable(stuck_steps_text(saga)) << '\n';
    return Exit::Done;
}

}  // namespace

Exit operate(Console& console, ServerClient& server, Action action,
             const OperatorOptions& options) {
    if (options.output && options.as != "succeeded") {
        return console.fail(Exit::BadUsage, "--output: only with --as succeeded");
    }
    const auto body = make_body(console, options);
    if (!body) return console.fail(Exit::Failed, printable(body.error().message));
    return do_to_each(
        console, options.ids,
        {[&](const std::string& id) {
             api::ServerRequest request{"POST", saga_target(id, part_of(action)), *body, {}};
             if (options.key) {
                 request.headers.emplace_back("Idempotency-Key", *options.key);
             }
             return server.send(request);
         },
         report});
}

}  // namespace skald::cli
