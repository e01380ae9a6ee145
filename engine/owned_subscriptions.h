#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sagas/definition.h"
#include "sagas/result.h"
#include "store/store.h"

/// Subscriptions that definitions and bridges have for themselves: seen by people as others are,
/// and changed only by who owns them. Their names have a ":", which no other's has.
namespace skald::engine {

/// Where the events of a topic end now. Errors: as store::Reader; NotFound counts as 0.
using EndOfTopic = std::function<sagas::Result<store::Offset>(const std::string& topic)>;

/// "trigger:DEFINITION:TOPIC:TYPE" for each trigger; a new one begins at the topic's end. Errors:
/// as `end_of`.
sagas::Result<std::vector<store::OwnedSubscription>> trigger_subscriptions(
    const sagas::Definition& definition, const EndOfTopic& end_of);

/// "bridge:BRIDGE:TOPIC:SUBJECT".
store::OwnedSubscription relay_subscription(const std::string& bridge, const std::string& topic,
                                            const std::string& subject, store::Offset begin);

}  // namespace skald::engine
