#pragma once

#include <string>

#include "api/cli/console.h"
#include "api/server_client.h"

namespace skald::cli {

/// What the problem document that `reply` holds says, fit for a terminal: its detail, and in lines
/// below, indented, each of its errors and what else helps.
std::string problem_text(const api::ServerReply& reply);

/// Prints `problem_text`, and with -o json the document too. Returns Failed.
Exit report_problem(Console& console, const api::ServerReply& reply);

}  // namespace skald::cli
