#pragma once

#include <memory>
#include <string>

#include "api/topic_documents.h"
#include "engine/clock.h"
#include "engine/nats/consumer.h"

namespace skald::api {

/// Makes events of a broker's messages, as if they were published by HTTP: a structured CloudEvent
/// (also where the message says nothing of its type), or a binary one, whose attributes are headers
/// "ce-...". `bridge` becomes its attribute, and a source "/v1/sagas/ID" becomes
/// "/v1/bridges/BRIDGE/v1/sagas/ID", for such are this server's own sagas. Borrows the rest.
std::shared_ptr<const engine::NatsIntake> make_intake(std::string bridge, TopicDocuments& topics,
                                                      const engine::Clock& clock);

}  // namespace skald::api
