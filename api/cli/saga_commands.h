#pragma once

#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

Exit show(Console& console, ServerClient& server, const std::string& id);
Exit history(Console& console, ServerClient& server, const std::string& id);

}  // namespace skald::cli
