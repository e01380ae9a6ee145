#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/call_name.h"

/// The part of a history (history.h) that is about the event log.
namespace skald::simulation {

// ---- What was asked for ------------------------------------------------------------------------

/// How it is known whom an event is meant for.
enum class MatchBy : std::uint8_t {
    Saga,    ///< It carries sagaid and sagastep (and sagaphase).
    Order,   ///< data.order: the input's "order", the step, and the element; see match_member.
    Number,  ///< data.STEP: the input's "number".
    Group    ///< data.group: the input's "group" and the step: meant for several sagas at once.
};

struct AwaitedPlan {
    std::string topic;
    std::vector<std::string> success;  ///< Types; one at least.
    std::vector<std::string> failure;  ///< Types.
    MatchBy by = MatchBy::Saga;
};

/// Of a step or compensation that publishes an event, or of a step that waits for one.
struct EventPlan {
    std::string topic, type;           ///< Of what is published; empty: it only waits.
    std::optional<AwaitedPlan> reply;  ///< What is waited for. None: to have published is success.
};

// ---- What was seen -----------------------------------------------------------------------------

/// An event as it stands in the log.
struct LogEvent {
    std::int64_t offset = 0;
    std::int64_t at = 0;    ///< Engine time, ms; never less than that of the one before.
    std::int64_t time = 0;  ///< Its own "time"; 0: it has none.
    std::string source, id, type;
    /// By sagaid, sagastep and sagaphase; where the sagaid is there. Of one that a saga published,
    /// also the attempt.
    std::optional<CallName> call;
    std::string key;                          ///< Its sagakey; empty: none.
    std::map<std::string, std::string> data;  ///< Members of its data that are no objects, as JSON.
    std::string subject;
    std::string bridge;  ///< Over which it came in ("skaldbridge"); empty: over none.
    bool operator==(const LogEvent&) const = default;
};
/// By topic, each in order.
using Log = std::map<std::string, std::vector<LogEvent>>;

/// An event's place in the log.
struct EventName {
    std::string topic;
    std::int64_t offset = 0;
    auto operator<=>(const EventName&) const = default;
};

/// Somebody published events of one topic. Repeats of the same have numbers of their own.
struct EventsPosted {
    struct Event {
        std::string source, id, type;
        std::string saga;  ///< Whom it is meant for, where that is one.
    };
    std::uint64_t number;
    std::string topic;
    std::vector<Event> events;
};
/// What he was answered.
struct EventsAnswered {
    struct Written {
        std::int64_t offset;
        bool is_repeat;
    };
    std::uint64_t number;
    std::vector<Written> written;  ///< One for each event; none: Busy.
};
/// Somebody outside read an event in the log.
struct EventRead {
    EventName name;
    std::string source, id;
};
/// A definition was registered: index of History::definitions.
struct Registered {
    std::size_t definition;
};

}  // namespace skald::simulation
