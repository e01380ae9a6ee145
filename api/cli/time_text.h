#pragma once

#include <string>

#include "sagas/time.h"

/// Times of a server's answers, as people read them.
namespace skald::cli {

/// "1.24 s", "85 ms", "3 m 5 s": from one RFC 3339 time to another; empty when either isn't one.
std::string duration_between(const std::string& from, const std::string& to);

/// "2026-11-21 22:32:28.000Z" of an RFC 3339 time.
std::string time_text(const std::string& rfc3339);

/// How long ago an RFC 3339 time was: "12s", "3m 5s", "2h 10m", "4d 3h"; empty when it isn't one.
/// A time to come, as of a server whose clock is ahead, was just now.
std::string age_text(const std::string& rfc3339, sagas::Timestamp now);

}  // namespace skald::cli
