#pragma once

#include <cstdint>
#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// Has the server write a backup named `file` to its --backup-dir.
Exit backup(Console& console, ServerClient& server, const std::string& file);

enum class Depth : std::uint8_t { Quick, Deep };  ///< Deep: reads the whole database file.
/// Asks the server how it is. Failed where a check failed; a warning is Done.
Exit doctor(Console& console, ServerClient& server, Depth depth);

}  // namespace skald::cli
