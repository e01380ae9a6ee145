#include "tests/simulation/log_reading.h"

#include <limits>
#include <utility>

#include "sagas/time.h"
#include "tests/simulation/delivery_plans.h"
#include "tests/simulation/plans.h"

namespace skald::simulation {
namespace {

using sagas::Json;

constexpr std::uint32_t kLogPage = 1'000;

std::string text_member(const Json& event, const char* member) {
    const auto found = event.find(member);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// "s3", or "s3/2" of an element.
Place place_named(const std::string& step) {
    const std::size_t slash = step.find('/');
    Place place{step_named(step.substr(0, slash))};
    const std::string item = slash == std::string::npos ? "" : step.substr(slash + 1);
    const bool is_number =
        !item.empty() && item.size() < 9 && item.find_first_not_of("0123456789") == item.npos;
    if (is_number) place.item = static_cast<std::uint32_t>(std::stoul(item));
    return place;
}

/// The last part of the id, where that is a number.
std::uint32_t attempt_of(const std::string& id) {
    const std::string last = id.substr(id.rfind('/') + 1);
    const bool is_number =
        !last.empty() && last.size() < 9 && last.find_first_not_of("0123456789") == last.npos;
    return is_number ? static_cast<std::uint32_t>(std::stoul(last)) : 0;
}

/// `log` is a Reader, or all of an EventLog.
template <typename From>
sagas::Result<void> read_topic(const From& log, const std::string& topic,
                               std::vector<LogEvent>& events) {
    for (bool is_cut = true; is_cut;) {
        const std::int64_t after = events.empty() ? 0 : events.back().offset;
        const auto page = log.events(topic, store::Offset{after}, kLogPage);
        if (!page) return tl::unexpected(page.error());
        for (const store::EventRow& row : page->rows) {
            const auto event = sagas::parse_json(row.event);
            if (!event) return tl::unexpected(event.error());
            events.push_back(log_event(row.at.time_since_epoch().count(), *event));
            events.back().offset = static_cast<std::int64_t>(row.offset);
        }
        is_cut = page->is_cut;
    }
    return {};
}

}  // namespace

sagas::Result<std::vector<LogEvent>> read_saga_view(const engine::EventLog& log) {
    std::vector<LogEvent> events;
    if (const auto done = read_topic(log, kSagaView, events); !done) {
        return tl::unexpected(done.error());
    }
    return events;
}

LogEvent log_event(std::int64_t at, const Json& event) {
    LogEvent made;
    made.at = at;
    made.source = text_member(event, "source");
    made.id = text_member(event, "id");
    made.type = text_member(event, "type");
    made.key = text_member(event, "sagakey");
    made.subject = text_member(event, "subject");
    made.bridge = text_member(event, "skaldbridge");
    if (const auto time = sagas::parse_rfc3339(text_member(event, "time"))) {
        made.time = time->time_since_epoch().count();
    }
    if (event.contains("sagaid")) {
        const Place place = place_named(text_member(event, "sagastep"));
        const bool is_undo = text_member(event, "sagaphase") == "compensation";
        made.call = CallName{text_member(event, "sagaid"), place.step,
                             is_undo ? Phase::Undo : Phase::Action,
                             made.key.empty() ? 0 : attempt_of(made.id), place.item};
    }
    const auto data = event.find("data");
    if (data == event.end() || !data->is_object()) return made;
    for (const auto& [name, value] : data->items()) {
        if (value.is_string() || value.is_number()) made.data[name] = value.dump();
    }
    return made;
}

sagas::Result<Log> read_log(const store::Reader& reader, const Log& known) {
    Log log = known;
    std::string after;
    for (;;) {
        const auto topics = reader.topics(after, kLogPage);
        if (!topics) return tl::unexpected(topics.error());
        for (const store::TopicRow& topic : *topics) {
            if (const auto done = read_topic(reader, topic.name, log[topic.name]); !done) {
                return tl::unexpected(done.error());
            }
            after = topic.name;
        }
        if (topics->size() < kLogPage) return log;
    }
}

}  // namespace skald::simulation
