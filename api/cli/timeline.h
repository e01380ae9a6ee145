#pragma once

#include "api/cli/console.h"

namespace skald::cli {

/// Prints a saga (as `GET /v1/sagas/{id}` gives it) as a timeline of its steps.
void print_timeline(Console& console, const Document& saga);

/// How a saga's or step's status is shown.
Style style_of(const std::string& status);

/// "1.24 s", "85 ms", "3 m 5 s": from one RFC 3339 time to another; empty when either isn't one.
std::string duration_between(const std::string& from, const std::string& to);
/// "2026-11-21 22:32:28.000" of an RFC 3339 time.
std::string time_text(const std::string& rfc3339);

}  // namespace skald::cli
