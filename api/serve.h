#pragma once

#include <string_view>

#include "api/cli/console.h"
#include "api/serve_options.h"

namespace skald::api {

/// The whole server, until SIGTERM or SIGINT, or until the durable state is unknown (then the
/// process ends at once with kExitUnknownState). The only place that names concrete classes.
///
/// What keeps it from starting is told in one line on standard error: BadUsage.
cli::Exit serve(const ServeOptions& options, std::string_view version);

/// The store failed in a way that leaves a commit in doubt: only a restart can read what is true.
inline constexpr int kExitUnknownState = 70;

}  // namespace skald::api
