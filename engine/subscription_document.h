#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "engine/event_filter.h"
#include "sagas/definition.h"
#include "sagas/problems.h"
#include "sagas/time.h"
#include "store/store.h"

namespace skald::engine {

/// A subscription that is asked for events; one that was given out is out for so long.
struct Pull {
    sagas::Milliseconds visibility{30'000};
};
/// A subscription whose events are POSTed, signed (webhook_signature.h). URL and secret are
/// literal, so that no event can choose whom we call.
struct Push {
    sagas::HttpCall::Scheme scheme;
    std::string host;
    std::uint16_t port;
    std::string target;
    std::string secret;  ///< The name of the secret, without "$secrets."; never its value.
    sagas::Milliseconds timeout{10'000};
    std::uint32_t max_parallel = 16;  ///< Calls at once.
};

/// Of a trigger: each event starts a saga, once: what it starts, the definition's latest version
/// says (sagas::Trigger).
struct StartSaga {
    std::string definition;
};
/// Of a bridge: each event goes out to its broker.
struct Relay {
    std::string bridge;
    std::string subject;  ///< Of the broker.
};

/// Who wants which events, and how he gets them.
struct SubscriptionDocument {
    std::string topic;
    EventFilter filter;
    std::variant<Pull, Push, StartSaga, Relay> how;
    sagas::RetryPolicy retry;  ///< With maximum_attempts.
    /// Where a new one begins: behind an offset, at a time, or (none) with what comes from now on.
    std::variant<std::monostate, store::Offset, sagas::Timestamp> from;
};

/// Whose the document is.
enum class Author : std::uint8_t {
    People,
    Owner,  ///< A definition, or a bridge (owned_subscriptions.h).
};

/// Reads a document of people's,
/// {"topic", "filter"?, "from"?: "start"|"end"|OFFSET|TIME, "pull": {"visibility"?} |
///  "push": {"url", "secret": "$secrets.NAME", "timeout"?, "max_parallel"?},
///  "maximum_attempts"?, "retry"?},
/// or an owner's, {"topic", "filter"?, "start": {"definition"} | "relay": {"bridge", "subject"}}. A
/// relay is tried until it works. What is wrong with it is added to `problems`; then the value
/// means nothing.
SubscriptionDocument read_subscription(const sagas::Json& document, Author author,
                                       sagas::Problems& problems);

}  // namespace skald::engine
