#pragma once

#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

/// Prints the problem document that `reply` holds, with each of its errors. Returns Failed.
Exit report_problem(Console& console, const api::ServerReply& reply);

/// A member that is a string, or "".
std::string text_of(const Document& object, const char* name);

}  // namespace skald::cli
