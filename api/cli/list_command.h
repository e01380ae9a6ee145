#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::cli {

using api::ServerClient;

struct ListOptions {
    std::vector<std::string> statuses;
    std::optional<std::string> definition;
    std::optional<std::uint32_t> version;
    std::vector<std::string> labels;          ///< "KEY=VALUE", each with its "=".
    std::optional<std::string> since, until;  ///< RFC 3339.
    std::optional<std::string> step, error, failing;
    std::size_t limit = 50;
    bool is_all = false;
    bool is_counted = false;
    bool is_watched = false;
};
/// Watched on a terminal: until the process is ended.
Exit list(Console& console, ServerClient& server, const ListOptions& options);

/// The moment that `text` means, as RFC 3339: such a time, a day ("2026-11-21", in UTC), or a
/// duration ago ("2h"). Errors: InvalidArgument.
sagas::Result<std::string> read_moment(const std::string& text, sagas::Timestamp now);

}  // namespace skald::cli
