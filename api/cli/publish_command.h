#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// What is published: one event of these parts, or what a file holds.
struct PublishOptions {
    std::string topic;
    std::optional<std::string> type, source, subject;
    std::optional<std::string> id;            ///< None: a random one, so that it can be sent again.
    std::optional<std::string> data;          ///< JSON, "@FILE", or "-".
    std::vector<std::string> extensions;      ///< "NAME=VALUE", each with its "=".
    std::optional<std::string> event, batch;  ///< Files, or "-".
};
/// Sends it again while the server is away or busy, for a minute: an event is stored once.
Exit publish(Console& console, ServerClient& server, const PublishOptions& options);

}  // namespace skald::cli
