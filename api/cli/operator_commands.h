#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// What an operator says to sagas, but for replay.
enum class Action : std::uint8_t { Cancel, Suspend, Resume, Retry, Resolve, Abandon };

struct OperatorOptions {
    std::vector<std::string> ids;
    std::string reason;                 ///< Not empty for Resolve and Abandon.
    std::optional<std::string> key;     ///< Idempotency-Key; each saga has its own scope for it.
    std::optional<std::string> step;    ///< Of Retry (none: all stuck steps) and Resolve.
    std::string as;                     ///< Of Resolve: succeeded, compensated or skipped.
    std::optional<std::string> output;  ///< Of Resolve as succeeded: a file, or "-".
};
Exit operate(Console& console, ServerClient& server, Action action, const OperatorOptions& options);

}  // namespace skald::cli
