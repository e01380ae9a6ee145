#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// Registers each file's definition, those that others call as children first; "-" is standard
/// input. Goes on after one that is refused.
Exit apply(Console& console, ServerClient& server, const std::vector<std::string>& files);

Exit list_definitions(Console& console, ServerClient& server);
/// No version: the latest.
Exit show_definition(Console& console, ServerClient& server, const std::string& name,
                     std::optional<std::uint32_t> version);
Exit delete_definition(Console& console, ServerClient& server, const std::string& name);

}  // namespace skald::cli
