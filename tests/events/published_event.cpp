#include "tests/events/published_event.h"

namespace skald::events {
namespace {

using nlohmann::json;

std::string id_of(const EventName& name) {
    return name.subject + '/' + std::to_string(name.number);
}

}  // namespace

json published_event(const EventName& name, const std::string& source) {
    return {{"specversion", "1.0"}, {"id", id_of(name)},       {"source", source},
            {"type", "line.added"}, {"subject", name.subject}, {"data", {{"number", name.number}}}};
}

std::optional<EventName> name_of(const json& event) {
    if (!event.is_object()) return std::nullopt;
    const auto subject = event.find("subject");
    const auto id = event.find("id");
    const auto data = event.find("data");
    if (subject == event.end() || !subject->is_string() || id == event.end() ||
        data == event.end() || !data->is_object()) {
        return std::nullopt;
    }
    const auto number = data->find("number");
    if (number == data->end() || !number->is_number_unsigned()) return std::nullopt;
    EventName name{subject->get<std::string>(), number->get<std::uint64_t>()};
    return *id == id_of(name) ? std::optional(std::move(name)) : std::nullopt;
}

}  // namespace skald::events
