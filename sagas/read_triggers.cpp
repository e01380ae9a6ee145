#include <algorithm>

#include "sagas/definition_limits.h"
#include "sagas/object_reader.h"
#include "sagas/parsed_definition.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr const char* kInputHint =
    R"(what the saga gets of the event: {"order_id": "$event.data.order_id"})";

constexpr const char* kOwnTopicHint =
    "a saga that is started by what sagas do starts the next one, without end; to hear of sagas, "
    "subscribe to \"skald.sagas\"";

ParsedTrigger read_trigger(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedTrigger trigger;
    trigger.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    trigger.topic = read_topic(reader, problems, kOwnTopicHint);
    trigger.type = read_event_type(reader, problems);
    reader.require("input", kInputHint);
    if (const Json* const input = reader.any("input")) {
        trigger.has_input = true;
        trigger.uses = read_template(*input, reader.pointer("input"), problems, kInputHint);
    }
    reader.refuse_others();
    return trigger;
}

/// An event would start two sagas.
void check_twice(const std::vector<ParsedTrigger>& others, const ParsedTrigger& trigger,
                 Problems& problems) {
    if (trigger.topic.empty() || trigger.type.empty()) return;
    const bool is_taken =
        std::any_of(others.begin(), others.end(), [&trigger](const ParsedTrigger& other) {
            return other.topic == trigger.topic && other.type == trigger.type;
        });
    if (!is_taken) return;
    problems.add("duplicate-trigger", trigger.pointer,
                 "another trigger is of " + in_quotes(trigger.type) + " on " +
                     in_quotes(trigger.topic) + " too",
                 "an event starts one saga: leave one of them out");
}

}  // namespace

std::vector<ParsedTrigger> read_triggers(const Json& json, const std::string& pointer,
                                         Problems& problems) {
    std::vector<ParsedTrigger> triggers;
    if (!json.is_array()) {
        problems.add("wrong-type", pointer, expected("an array of triggers", json),
                     R"([{"topic": "orders", "type": "order.placed", "input": "$event.data"}])");
        return triggers;
    }
    if (json.size() > kTriggersMax) {
        problems.add("too-many", pointer,
                     std::to_string(json.size()) + " triggers; at most " +
                         std::to_string(kTriggersMax) + " are allowed");
        return triggers;
    }
    for (std::size_t i = 0; i < json.size(); ++i) {
        ParsedTrigger trigger = read_trigger(json[i], pointer + '/' + std::to_string(i), problems);
        check_twice(triggers, trigger, problems);
        triggers.push_back(std::move(trigger));
    }
    return triggers;
}

}  // namespace skald::sagas
