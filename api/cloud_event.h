#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/time.h"

/// CloudEvents 1.0 as they come from outside.
namespace skald::api {

/// By what an event that came in over a bridge is known: its bridge's name.
inline constexpr const char* kBridgeAttribute = "skaldbridge";

/// Sources of events that sagas publish (sagas/event_call.h), and of those that came in over
/// bridges.
inline constexpr std::string_view kSagaSources = "/v1/sagas/";
inline constexpr std::string_view kBridgeSources = "/v1/bridges/";

/// Who publishes events. Of bridges the sources are not looked at, which nobody else may have: with
/// one of their sources and ids anybody could have theirs taken for a repetition.
enum class EventsFrom : std::uint8_t { Anybody, Bridge };

/// `event`, in the JSON format (CloudEvents, "JSON Event Format"), as it is stored: its `time` is
/// there, no attribute is null, and kBridgeAttribute is left out: whoever publishes what came in
/// over a bridge, publishes it here.
///
/// None: `problems` got one or more, with JSON Pointers that begin with `pointer`. Codes:
/// "wrong-type", "missing-field", "wrong-value", "bad-name".
std::optional<sagas::Json> read_cloud_event(sagas::Json event, const std::string& pointer,
                                            sagas::Timestamp now, sagas::Problems& problems,
                                            EventsFrom from = EventsFrom::Anybody);

/// 1 to 20 lower case letters and digits.
bool is_attribute_name(std::string_view name);

}  // namespace skald::api
