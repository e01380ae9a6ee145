#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

/// Lists the subscriptions, or shows the one with that name.
Exit show_subscriptions(Console& console, ServerClient& server, const std::string& name);

/// The document is in `file`, or on standard input for "-".
Exit put_subscription(Console& console, ServerClient& server, const std::string& name,
                      const std::string& file);
Exit delete_subscription(Console& console, ServerClient& server, const std::string& name);

struct FetchOptions {
    std::string name;
    std::optional<std::uint32_t> limit;
    std::string wait;  ///< A duration; empty: it doesn't.
    enum class Then : std::uint8_t { Nothing, Acknowledge } then = Then::Nothing;
};
/// Prints events as they are leased, and acknowledges them where that is asked for.
Exit fetch(Console& console, ServerClient& server, const FetchOptions& options);

/// `from`: as read_topic_place gives it.
Exit replay_events(Console& console, ServerClient& server, const std::string& name,
                   const Document& from);

struct DeadLetterOptions {
    std::string name;
    enum class What : std::uint8_t { Show, Replay, Discard } what = What::Show;
    std::vector<std::uint64_t> offsets;  ///< Empty: all.
};
Exit dead_letters(Console& console, ServerClient& server, const DeadLetterOptions& options);

/// The route of one subscription, or a part of it: subscription_target("shop", "/fetch").
std::string subscription_target(const std::string& name, const std::string& part = "");

}  // namespace skald::cli
