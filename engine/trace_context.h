#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skald::engine {

/// The `traceparent` (W3C Trace Context, section 3.2) of one attempt: "00-<trace>-<span>-01". All
/// attempts of a saga share the trace; each has a span of its own. Made from the arguments alone,
/// so that logs, traces and a second look after a restart agree.
std::string traceparent(std::string_view saga, std::string_view step, std::string_view phase,
                        std::uint32_t attempt);

}  // namespace skald::engine
