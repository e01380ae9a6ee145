#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

struct GraphOptions {
    std::string subject;  ///< A definition's name, or a file: what holds a "." or "/", and "-".
    std::string format;   ///< json, mermaid or dot.
    std::optional<std::uint32_t> version;  ///< Of what is registered; none: the latest.
};

/// Prints a definition's graph. A file is checked and drawn here, and what is wrong with it or
/// doubtful goes to standard error as `lint` prints it; a name is asked of the server.
Exit draw_graph(Console& console, ServerClient& server, const GraphOptions& options);

}  // namespace skald::cli
