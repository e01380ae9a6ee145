#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/result.h"

namespace skald::engine {

/// What subscriptions look at in a CloudEvent.
struct EventHead {
    std::string type;
    std::string source;
    std::string subject;      ///< Empty: it has none.
    std::string bridge = {};  ///< `skaldbridge`: over which it came in; empty: over none.
    bool operator==(const EventHead&) const = default;
};

/// The head of a CloudEvent in its JSON format; quicker than to parse it, for nothing else is kept.
/// Errors: Corruption, where it is no JSON object, or has no type or source.
sagas::Result<EventHead> read_event_head(std::string_view event);
/// The same of a CloudEvent that has a type and a source.
EventHead head_of(const sagas::Json& event);

/// Which events a subscription wants: those for which all that it names hold.
struct EventFilter {
    struct Text {
        std::string text;
        enum class How : std::uint8_t { Exact, Prefix } how = How::Exact;
        bool operator==(const Text&) const = default;
    };
    std::optional<Text> type, source, subject;  ///< None: any, and for a subject none at all, too.

    bool wants(const EventHead& event) const;
    bool operator==(const EventFilter&) const = default;
};

inline constexpr std::size_t kFilterTextBytesMax = 1'000;

/// Reads {"type"|"source"|"subject": "x" | {"prefix": "x"}}. What is wrong with it is added to
/// `problems`, with JSON Pointers that begin with `pointer`. Codes: "wrong-type", "wrong-value",
/// "missing-field", "unknown-field", "too-long".
EventFilter read_event_filter(const sagas::Json& filter, const std::string& pointer,
                              sagas::Problems& problems);

}  // namespace skald::engine
