#pragma once

#include <string>

#include "engine/caller.h"
#include "sagas/check.h"

namespace skald::engine {

/// An event on its way out.
struct BrokerMessage {
    std::string bridge;
    std::string topic;
    std::string subject;  ///< Of the broker.
    std::string id;       ///< The same in all attempts: by it the broker drops what it has already.
    std::string event;    ///< The CloudEvent in its JSON format.
};

/// Hands events to the brokers that bridges lead to. Replaced by the simulator.
///
/// Threads: all members on the loop's thread; answers come on it too, never from inside `publish`.
class Broker {
 public:
    virtual ~Broker() = default;

    /// Answered exactly once, as a Caller's call, by Coordinator::answered: a Reply with status 200
    /// when the broker has stored it; NotSent; Lost when it may have, or has not said so in time
    /// (10 s at most).
    virtual void publish(CallId id, BrokerMessage message) = 0;
};

/// Where there are no bridges, and so nobody publishes.
class NoBroker final : public Broker {
 public:
    void publish(CallId, BrokerMessage) override { SKALD_CHECK(false); }
};

}  // namespace skald::engine
