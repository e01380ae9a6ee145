#include "engine/owned_subscriptions.h"

#include <utility>

#include "sagas/json.h"

namespace skald::engine {
namespace {

using sagas::Json;

store::OwnedSubscription trigger_subscription(const std::string& definition,
                                              const sagas::Trigger& trigger, store::Offset begin) {
    const Json source{{"topic", trigger.topic},
                      {"filter", {{"type", trigger.type}}},
                      {"start", {{"definition", definition}}}};
    return {"trigger:" + definition + ':' + trigger.topic + ':' + trigger.type, trigger.topic,
            source.dump(), begin};
}

}  // namespace

sagas::Result<std::vector<store::OwnedSubscription>> trigger_subscriptions(
    const sagas::Definition& definition, const EndOfTopic& end_of) {
    std::vector<store::OwnedSubscription> subscriptions;
    for (const sagas::Trigger& trigger : definition.triggers) {
        const auto end = end_of(trigger.topic);
        const bool has_no_topic = !end && end.error().code == sagas::ErrorCode::NotFound;
        if (!end && !has_no_topic) return tl::unexpected(end.error());
        subscriptions.push_back(
            trigger_subscription(definition.name, trigger, end.value_or(store::Offset{0})));
    }
    return subscriptions;
}

store::OwnedSubscription relay_subscription(const std::string& bridge, const std::string& topic,
                                            const std::string& subject, store::Offset begin) {
    const Json source{{"topic", topic}, {"relay", {{"bridge", bridge}, {"subject", subject}}}};
    return {"bridge:" + bridge + ':' + topic + ':' + subject, topic, source.dump(), begin};
}

}  // namespace skald::engine
