#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/definition.h"
#include "sagas/event.h"
#include "sagas/saga.h"

/// How an event of the log and a step that waits for one find each other: both have keys, texts of
/// which equal ones belong together. A key holds the topic, the type, and either saga, step and
/// phase, or a path from $event with its value.
namespace skald::sagas {

/// Of one event, as compact JSON.
inline constexpr std::size_t kEventBytesMax = 256u << 10;

/// A path from $event, by whose value events of `type` on `topic` are looked for. Without a path:
/// they are looked for by their sagaid and sagastep. Without anything: all are, by these.
struct MatchPath {
    std::string topic;
    std::string type;
    std::string path;  ///< As written: "$event.data.order_id".
    bool operator==(const MatchPath&) const = default;
    auto operator<=>(const MatchPath&) const = default;
};

/// All that the steps and compensations of `definition` look by, each once, sorted.
std::vector<MatchPath> match_paths(const Definition& definition);

/// The event that `phase` of `step` waits for; null: none.
const AwaitedEvent* awaited_event(const Step& step, Phase phase);
/// The event that `phase` of `step` publishes; null: none.
const EventCall* event_called(const Step& step, Phase phase);
/// Whether any step or compensation publishes an event or waits for one.
bool speaks_events(const Definition& definition);

/// What an event is found by.
struct EventKeys {
    std::string saga;                 ///< One step of one saga waits by it, if any; empty: none.
    std::vector<std::string> values;  ///< By which any number may wait.
    bool operator==(const EventKeys&) const = default;
};
/// The keys of an event, by those of `paths` that are of its topic and type and have a value in it.
/// `event`: a CloudEvent, structured.
EventKeys keys_of_event(std::string_view topic, const Json& event,
                        const std::vector<MatchPath>& paths);
/// Whether an event with `keys` is one that has one of `awaited`.
bool is_awaited(const EventKeys& keys, const std::vector<std::string>& awaited);

/// The keys that `phase` of `step` waits for. Precondition: it waits for an event.
/// Errors: InvalidArgument (an expression error; a value that is no text, number or boolean).
Result<std::vector<std::string>> keys_awaited(const Definition& definition, const Saga& saga,
                                              StepIndex step, Phase phase);

/// What the machine is told of `event`, which has one of the keys that `phase` of `step` waits for;
/// none: its type says neither success nor failure. The output is its `data`; the error of a
/// failure is a text `data.error` or `data.reason`, where there is one.
std::optional<CalledBack> reply_by_event(const Definition& definition, StepIndex step, Phase phase,
                                         const Json& event, EventRef ref);

}  // namespace skald::sagas
