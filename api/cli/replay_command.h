#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/cli/waiting.h"

namespace skald::cli {

struct ReplayOptions {
    std::vector<std::string> ids;
    std::optional<std::string> input;  ///< A file, or "-"; none: as the old saga's.
    std::optional<std::uint32_t> version;
    std::optional<std::string> id;  ///< Of the new saga; only with one of `ids`.
    std::string reason;
    std::optional<std::string> key;
    bool accepts_repeats = false;
    bool is_dry_run = false;
    Wait wait;  ///< For the new saga; not with is_dry_run.
};
/// A dry run exits with Failed where a replay would be refused.
Exit replay(Console& console, ServerClient& server, const ReplayOptions& options);

}  // namespace skald::cli
