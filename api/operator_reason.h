#pragma once

#include <cstddef>
#include <string>

#include "api/request_body.h"

namespace skald::api {

inline constexpr std::size_t kReasonBytesMax = 1'000;

/// Member "reason": why an operator wants what the request asks for; it goes into the journal.
/// Notes one that is too long, and with Required one that is missing or empty.
std::string read_reason(ObjectReader& reader, Presence presence);

}  // namespace skald::api
