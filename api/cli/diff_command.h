#pragma once

#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// What is given: NAME A B, NAME A (B: the latest version), or two files.
struct DiffOptions {
    std::string first, second, third;
    bool is_strict = false;
};

/// Shows what changed between two versions of a definition, of a server or in files (checked here),
/// and whether live sagas of the first could go on under the second.
/// Returns Doubtful where they couldn't and `is_strict`.
Exit diff(Console& console, ServerClient& server, const DiffOptions& options);

}  // namespace skald::cli
