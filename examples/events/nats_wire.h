#pragma once

#include <memory>
#include <string>

#include "examples/events/service.h"

namespace events {

/// A subject of NATS, and the JetStream stream that keeps what is published to it.
struct Stream {
    std::string name;
    std::string subject;
};

/// Takes commands from one stream, as the durable consumer of this name, and publishes replies to
/// another. Makes both streams where they are missing. Knows nothing of Skald: its bridge leads the
/// commands out and the replies in.
std::unique_ptr<Wire> nats_wire(const std::string& server, const Stream& commands,
                                const std::string& consumer, const Stream& replies);

}  // namespace events
