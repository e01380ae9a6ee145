#pragma once

#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// What would happen to the saga now.
Exit plan(Console& console, ServerClient& server, const std::string& id);

}  // namespace skald::cli
