#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// Whether warnings count.
enum class Strictness : std::uint8_t { Lenient, Strict };

/// Checks each file here; "-" is standard input. Children that a definition calls are looked for
/// among the files, then asked of `server` (null: one that is not there is a warning).
/// Returns Failed where one has errors or can't be read, else Doubtful where one has warnings and
/// they count.
Exit lint(Console& console, ServerClient* server, const std::vector<std::string>& files,
          Strictness strictness);

}  // namespace skald::cli
