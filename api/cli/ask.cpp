#include "api/cli/ask.h"

#include <utility>

#include "api/cli/problem_report.h"

namespace skald::cli {

tl::expected<api::ServerReply, Exit> ask(Console& console, api::ServerClient& server,
                                         const api::ServerRequest& request) {
    auto reply = server.send(request);
    if (!reply) {
        return tl::unexpected(console.fail(Exit::Failed, printable(reply.error().message)));
    }
    if (reply->status < 200 || reply->status > 299) {
        return tl::unexpected(report_problem(console, *reply));
    }
    return std::move(*reply);
}

}  // namespace skald::cli
