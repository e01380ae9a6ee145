#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::cli {

using api::ServerClient;

struct TailOptions {
    std::string topic;
    std::string from;                 ///< A query: "from=end", "after=17".
    std::optional<std::string> type;  ///< None: all.
    std::optional<std::size_t> limit;
};
/// Prints a line for each event as it comes. Goes on behind the last one when the connection
/// breaks. Ends with the limit, or when the server is away for a minute.
Exit tail(Console& console, ServerClient& server, const TailOptions& options);

/// The query that `text` means, as read_topic_place takes it. Errors: InvalidArgument.
sagas::Result<std::string> read_from(const std::string& text, sagas::Timestamp now);

}  // namespace skald::cli
