#include "api/cli/saga_commands.h"

#include <limits>
#include <ostream>

#include "api/cli/journal_lines.h"
#include "api/cli/paging.h"
#include "api/cli/problem_report.h"
#include "api/cli/saga_target.h"
#include "api/cli/table.h"
#include "api/cli/timeline.h"

namespace skald::cli {

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
    const auto listed =
        read_pages(server, saga_target(id, "/history?"), std::numeric_limits<std::size_t>::max());
    if (!listed) return report_failure(console, listed.error());
    if (console.is_json()) {
        console.print({{"items", listed->items}});
        return Exit::Done;
    }
    Table table;
    for (const Document& item : listed->items) table.add(journal_row(item));
    table.print(console, 0);
    return Exit::Done;
}

}  // namespace skald::cli
