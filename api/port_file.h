#pragma once

#include <cstdint>
#include <string>

#include "sagas/result.h"

namespace skald::api {

/// Writes the port and a newline to `path`, whole or not at all: to a file beside it first, which
/// then takes its name. An empty path: nothing to do. Errors: Unavailable.
sagas::Result<void> write_port_file(const std::string& path, std::uint16_t port);

}  // namespace skald::api
