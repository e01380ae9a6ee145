#pragma once

#include <memory>
#include <string>

#include "examples/events/service.h"

namespace events {

/// Takes commands from a pull subscription of Skald, and publishes replies to a topic.
std::unique_ptr<Wire> pull_wire(const std::string& server, const std::string& subscription,
                                const std::string& topic);

}  // namespace events
