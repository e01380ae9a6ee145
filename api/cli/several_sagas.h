#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// What a command does to one saga.
struct ToOneSaga {
    /// Asks the server. A status from 300 is a failure.
    std::function<sagas::Result<api::ServerReply>(const std::string& id)> ask;
    /// Prints what came of it (not with -o json), and says what it exits with.
    std::function<Exit(Console& console, const std::string& id, const Document& answer)> report;
};

/// Does it to each saga, and goes on after one that is refused, but not when the server can't be
/// reached. Failures are told with the saga's id. With -o json: the answer, or for several ids an
/// array of {"id", "ok", "answer"?, "error"?}.
///
/// Exits with Failed where one failed, else with the highest of the reports.
Exit do_to_each(Console& console, const std::vector<std::string>& ids, const ToOneSaga& command);

}  // namespace skald::cli
