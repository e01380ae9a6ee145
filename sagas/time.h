#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sagas/result.h"

namespace skald::sagas {

using Milliseconds = std::chrono::milliseconds;

/// Engine time (UTC, milliseconds), always handed in: nothing in this folder asks for the time.
using Timestamp = std::chrono::sys_time<Milliseconds>;

/// RFC 3339 in UTC with milliseconds: "2026-11-21T22:32:28.000Z".
std::string to_rfc3339(Timestamp time);

/// Reads what `to_rfc3339` writes, and other RFC 3339 texts with `Z` or an offset.
/// Errors: InvalidArgument.
Result<Timestamp> parse_rfc3339(std::string_view text);

/// A duration such as "250ms", "5s", "10m", "2h", "7d": digits and one unit, no sign, no blanks.
/// Errors: InvalidArgument (also over 3,650 days).
Result<Milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration reads back: 90 s is "90s", 120 s is "2m".
std::string to_duration_text(Milliseconds duration);

}  // namespace skald::sagas
