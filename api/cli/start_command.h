#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/cli/waiting.h"

namespace skald::cli {

struct StartOptions {
    std::string definition;
    std::string input;  ///< A file, or "-".
    std::optional<std::string> id;
    std::optional<std::string> key;  ///< None: a random one, so that a broken connection is safe.
    std::optional<std::uint32_t> version;
    std::vector<std::string> labels;  ///< "KEY=VALUE", each with its "=".
    Wait wait;
};
/// With a wait, survives a server that is restarted meanwhile.
Exit start(Console& console, ServerClient& server, const StartOptions& options);

/// Prints the timeline of a saga that was waited for (not with -o json). What the command exits
/// with.
Exit report_awaited(Console& console, const Document& saga);

}  // namespace skald::cli
