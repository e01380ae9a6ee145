#pragma once

#include <cstdint>
#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

using api::ServerClient;

struct WatchOptions {
    std::string id;
    enum class Until : std::uint8_t { End, Stuck } until = Until::End;
};
/// Shows a saga as it goes, until its end: on a terminal its timeline, drawn anew; else a line for
/// each event. Goes on behind the last event when the connection breaks. Exits by its status.
Exit watch(Console& console, ServerClient& server, const WatchOptions& options);

}  // namespace skald::cli
