#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skald::api {

/// A server-sent event, as a browser reads it.
struct Event {
    std::string id;  ///< Of this event or the last one before it.
    std::string type;
    std::string data;
};

/// The events in `text`, which ends with a whole one. Comments, and what has no data, are none.
std::vector<Event> parse_events(std::string_view text);

}  // namespace skald::api
