#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// Registers each file's definition; "-" is standard input. Goes on after one that is refused.
Exit apply(Console& console, ServerClient& server, const std::vector<std::string>& files);

/// Whether warnings count.
enum class Strictness : std::uint8_t { Lenient, Strict };

/// Checks each file here, without a server; "-" is standard input.
/// Returns Failed where one has errors or can't be read, else Doubtful where one has warnings and
/// they count.
Exit lint(Console& console, const std::vector<std::string>& files, Strictness strictness);

Exit list_definitions(Console& console, ServerClient& server);
/// No version: the latest.
Exit show_definition(Console& console, ServerClient& server, const std::string& name,
                     std::optional<std::uint32_t> version);
Exit delete_definition(Console& console, ServerClient& server, const std::string& name);

}  // namespace skald::cli
