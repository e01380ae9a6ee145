#include "tests/api/event_text.h"

#include <algorithm>

namespace skald::api {

std::vector<Event> parse_events(std::string_view text) {
    std::vector<Event> events;
    Event event;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::string_view name = line.substr(0, line.find(": "));
        const std::string_view value = line.substr(std::min(name.size() + 2, line.size()));
        if (line.empty()) {
            if (!event.data.empty()) events.push_back(event);
            event = Event{event.id, "", ""};
        } else if (name == "id") {
            event.id = value;
        } else if (name == "event") {
            event.type = value;
        } else if (name == "data") {
            event.data += value;
        }
    }
    return events;
}

}  // namespace skald::api
