#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/broker.h"
#include "engine/clock.h"
#include "engine/nats/connection.h"

namespace skald::engine {

/// Publishes to JetStream: many at once, each answered once, in whatever order the streams have
/// stored them.
///
/// Threads: the loop's. Ownership: borrows the connection.
class NatsPublisher {
 public:
    /// Within it an acknowledgement comes, or it counts as lost. A tick may be late: 10 s in all.
    static constexpr sagas::Milliseconds kAnswerMax{9'800};
    /// Asks for the endings of subjects that come to `take`: "p.NUMBER".
    static constexpr std::string_view kEnding = "p.";

    using Answered = std::function<void(CallId, sagas::Answer)>;
    /// `identity`: of the bridge (bridge_identity).
    NatsPublisher(NatsConnection& connection, std::string identity, Answered answered,
                  sagas::Milliseconds answer_max)
        : connection_(connection),
          identity_(std::move(identity)),
          answered_(std::move(answered)),
          answer_max_(answer_max) {}

    /// Precondition: the connection is there. Never answers from within.
    void publish(CallId id, BrokerMessage message);

    /// An acknowledgement, to the publish with this number.
    void take(std::uint64_t number, const NatsMessage& answer);
    void unsent(std::uint64_t number, const std::string& why);
    void disconnected(const std::string& why);
    /// Gives up what has waited too long.
    void tick(Instant now);

    bool is_idle() const { return in_flight_.empty(); }
    std::size_t in_flight() const { return in_flight_.size(); }

 private:
    std::optional<CallId> settle(std::uint64_t number);

    NatsConnection& connection_;
    const std::string identity_;
    const Answered answered_;
    const sagas::Milliseconds answer_max_;
    struct InFlight {
        CallId id;
        std::string subject;
        std::string heard;  ///< Of somebody who is no stream.
    };
    std::unordered_map<std::uint64_t, InFlight> in_flight_;
    std::deque<std::pair<Instant, std::uint64_t>> deadlines_;  ///< Settled ones too, until then.
    std::uint64_t last_ = 0;
};

}  // namespace skald::engine
