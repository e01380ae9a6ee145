#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/broker.h"
#include "engine/clock.h"
#include "engine/commands.h"
#include "engine/loop.h"
#include "engine/mutex.h"
#include "engine/nats/connection.h"
#include "engine/nats/consumer.h"
#include "engine/nats/publisher.h"

namespace skald::engine {

struct NatsBridgePlan {
    std::string name;
    sagas::Timestamp created_at;  ///< By it, it is told from others of the same name.
    NatsServer server;
    std::vector<NatsInbound> in;
};

struct NatsBridgeState {
    bool is_connected = false;
    std::string server;      ///< Its URL, while it is connected.
    std::string last_error;  ///< Why it is not; or what the server complained of since it is.
    std::size_t in_flight = 0;
    std::vector<NatsInState> in;  ///< One for each of NatsBridgePlan::in.
};

/// What happened to events, as they are counted.
enum class NatsEvent : std::uint8_t { Published, NotPublished, Received, Repeated, Refused };

/// One bridge: a connection to a NATS server, what goes out over it, and what comes in.
///
/// Threads: the loop's, but for `state`: any. Destroyed on it, or while nobody is in it.
class NatsBridge {
 public:
    struct Parts {
        Loop& loop;
        const Clock& clock;
        std::shared_ptr<const NatsIntake> intake;             // Also of the library's threads.
        std::function<void(Publish)> post;                    ///< Coordinator::post.
        std::function<void(CallId, sagas::Answer)> answered;  ///< Coordinator::answered.
        std::function<void(NatsEvent, std::size_t count)> counted;
        std::function<void(bool is_connected)> connected;
        /// `retire` is done; comes by the loop, never from within.
        std::function<void()> over = nullptr;
        sagas::Milliseconds answer_max = NatsPublisher::kAnswerMax;
        sagas::Milliseconds ack_wait = NatsConsumer::kAckWait;
    };
    NatsBridge(NatsBridgePlan plan, Parts parts);
    /// No answer comes any more. As NatsConnection's.
    ~NatsBridge();

    /// As Broker::publish.
    void publish(CallId id, BrokerMessage message);

    NatsBridgeState state() const SKALD_EXCLUDES(mutex_);
    const NatsBridgePlan& plan() const { return plan_; }
    /// Names of its consumers, "STREAM.CONSUMER".
    std::set<std::string> consumers() const;

    /// Takes nothing in any more; what is being written is still acknowledged.
    void drain();
    /// Drains, ends what is in flight, deletes the consumers that are not in `kept`, and ends the
    /// connection. Says nothing of its connection any more.
    /// Told again, it keeps others.
    void retire(std::set<std::string> kept);
    /// After `retire`: it can be destroyed, and nobody waits for it.
    bool has_ended() const;
    /// Begins to end the connection at once.
    void end();

 private:
    class Ticker;
    void connected(const std::string& server, std::size_t payload_max) SKALD_EXCLUDES(mutex_);
    void disconnected(const std::string& why) SKALD_EXCLUDES(mutex_);
    std::function<void()> receive(NatsMessage message);
    void take(const NatsMessage& message);
    void answer(CallId id, sagas::Answer answer);
    void tick();
    void show_complaint() SKALD_EXCLUDES(mutex_);
    void end_if_retired();

    const NatsBridgePlan plan_;
    const std::string identity_;
    const Parts parts_;
    mutable Mutex mutex_;
    bool is_connected_ SKALD_GUARDED_BY(mutex_) = false;
    std::string server_ SKALD_GUARDED_BY(mutex_);
    std::string last_error_ SKALD_GUARDED_BY(mutex_);
    std::size_t in_flight_ SKALD_GUARDED_BY(mutex_) = 0;

    // Of the loop's thread.
    bool is_there_ = false;  ///< As is_connected_.
    bool is_retired_ = false;
    bool is_ending_ = false;
    bool is_over_ = false;              ///< And `over` was told.
    std::string complaint_;             ///< Of this connection, the last one.
    std::set<std::string> complaints_;  ///< Of this connection: beginnings of those in the log.
    std::set<std::string> kept_;
    const std::shared_ptr<int> alive_ = std::make_shared<int>();
    std::unique_ptr<NatsConnection> connection_;
    std::unique_ptr<NatsPublisher> publisher_;
    std::vector<std::unique_ptr<NatsConsumer>> consumers_;
    std::unique_ptr<Ticker> ticker_;
};

}  // namespace skald::engine
