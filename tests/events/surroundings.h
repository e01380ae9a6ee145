#pragma once

#include <cstdint>
#include <string>

#include "tests/events/course.h"

namespace skald::events {

/// What everything is pushed with; "$secrets.PUSHED".
constexpr const char* kPushSecret = "whsec_ZXZlcnkgZXZlbnQgY29tZXMgdG8gZXZlcnlib2R5";

constexpr const char* kOutStream = "OUT";
constexpr const char* kOutConsumer = "reader";

/// Two streams, one for what comes out of skald, with a consumer, and one for what an outsider
/// publishes. Throws std::runtime_error; waits until the server is ready.
void prepare_nats(Course& course, std::uint16_t nats);

/// The subscriptions, the bridge (where `nats` is a port) and the definition. Throws
/// std::runtime_error; waits until skald is ready.
void prepare_skald(Course& course, std::uint16_t skald, std::uint16_t push, std::uint16_t nats);

}  // namespace skald::events
