#include "tests/store/sample_events.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace skald::store::sample {
namespace {

std::string id_of_text(const std::string& event) {
    return sagas::Json::parse(event).at("id").get<std::string>();
}

std::string number(Offset offset) { return std::to_string(static_cast<std::int64_t>(offset)); }

template <typename Values, typename Text>
std::vector<std::string> each_of(const Values& values, const Text& text_of) {
    std::vector<std::string> texts;
    std::transform(values.begin(), values.end(), std::back_inserter(texts), text_of);
    return texts;
}

}  // namespace

NewEvent event(const std::string& topic, const std::string& id, std::vector<std::string> keys) {
    const sagas::Json json = {{"specversion", "1.0"},
                              {"id", id},
                              {"source", "/shop"},
                              {"type", "order.placed"},
                              {"data", {{"order_id", "o-" + id}}}};
    return {topic, "/shop", id, json.dump(), {{}, std::move(keys)}, std::nullopt, at(0)};
}

NewEvent written_at(NewEvent event, Timestamp when) {
    event.at = when;
    return event;
}

NewEvent by_saga(NewEvent event, std::int64_t saga) {
    event.saga = SagaKey{saga};
    return event;
}

PutTopic topic(const std::string& name, const std::string& source) {
    return {name, source, std::nullopt, std::nullopt, std::nullopt, at(0)};
}

NewExpectation expectation(std::int64_t saga, std::vector<std::string> keys,
                           sagas::StepIndex step) {
    return {SagaKey{saga}, step, sagas::Phase::Action, std::move(keys), at(0)};
}

NewExpectation written_at(NewExpectation expectation, Timestamp when) {
    expectation.at = when;
    return expectation;
}

ToldHit told(const EventHit& hit) { return {hit.saga, hit.step, hit.phase, hit.topic, hit.offset}; }

std::string text(const EventHit& hit) {
    const auto item = sagas::item_of(hit.step);
    return "saga " + std::to_string(static_cast<std::int64_t>(hit.saga)) + ", step " +
           std::to_string(sagas::to_size(hit.step)) + (item ? "/" + std::to_string(*item) : "") +
           (hit.phase == sagas::Phase::Compensation ? " undo: " : ": ") + hit.topic + " " +
           number(hit.offset) + " (" + id_of_text(hit.event) + ")";
}

std::vector<std::string> texts(const std::vector<EventHit>& hits) {
    return each_of(hits, [](const EventHit& hit) { return text(hit); });
}

std::vector<std::string> texts(const std::vector<std::optional<EventWritten>>& written) {
    return each_of(written, [](const std::optional<EventWritten>& each) {
        return each ? number(each->offset) + (each->is_repeat ? " again" : "") : "left out";
    });
}

std::string id_in(const EventRow& row) { return id_of_text(row.event); }

std::vector<std::string> texts(const EventPage& page) {
    return each_of(page.rows,
                   [](const EventRow& row) { return number(row.offset) + " " + id_in(row); });
}

std::string text(const TopicOutcome& outcome) {
    if (const auto* mismatch = std::get_if<TopicVersionMismatch>(&outcome)) {
        return "mismatch, latest " + std::to_string(mismatch->latest);
    }
    const auto& written = std::get<TopicWritten>(outcome);
    return (written.how == TopicWritten::How::NewVersion ? "new " : "equal ") +
           std::to_string(written.version);
}

std::string text(const TopicRow& topic) {
    return topic.name + " v" + std::to_string(topic.version) + " " + number(topic.first) + "-" +
           number(topic.last);
}

}  // namespace skald::store::sample
