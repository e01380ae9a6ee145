#pragma once

#include <tl/expected.hpp>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

/// The answer to a request that was done (2xx). One that was not is reported as any command would:
/// then it is what the command exits with.
tl::expected<api::ServerReply, Exit> ask(Console& console, api::ServerClient& server,
                                         const api::ServerRequest& request);

}  // namespace skald::cli
