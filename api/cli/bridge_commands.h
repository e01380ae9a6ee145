#pragma once

#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// Lists the bridges, or shows the one with that name.
Exit show_bridges(Console& console, ServerClient& server, const std::string& name);

/// The document is in `file`, or on standard input for "-".
Exit put_bridge(Console& console, ServerClient& server, const std::string& name,
                const std::string& file);
Exit delete_bridge(Console& console, ServerClient& server, const std::string& name);

}  // namespace skald::cli
