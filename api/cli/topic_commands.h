#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

struct TopicOptions {
    std::string name;  ///< Empty: all.
    std::optional<std::uint32_t> version;
};
/// Lists the topics, or shows one with its contract.
Exit show_topics(Console& console, ServerClient& server, const TopicOptions& options);

}  // namespace skald::cli
