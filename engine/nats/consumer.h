#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/clock.h"
#include "engine/commands.h"
#include "engine/mutex.h"
#include "engine/nats/connection.h"
#include "engine/nats/jet_stream.h"

namespace skald::engine {

/// Makes events of messages.
///
/// Threads: any number at once.
class NatsIntake {
 public:
    virtual ~NatsIntake() = default;
    struct Refused {
        std::string why;
    };
    /// It can't be judged just now.
    struct NotNow {
        std::string why;
    };
    using Taken = std::variant<Publish::Event, Refused, NotNow>;
    /// The event that the message is, valid and as the contract of `topic` asks.
    virtual Taken take(const std::string& topic, const NatsMessage& message) const = 0;
};

/// A message that was refused for good.
struct NatsRefusal {
    std::uint64_t sequence;  ///< In its stream. There it stays, unless that is a work queue's, or
                             ///< one that keeps what somebody has an interest in.
    std::string subject;
    std::string why;
    sagas::Timestamp at;
};

/// How it stands with what comes in from one stream.
struct NatsInState {
    std::string consumer;
    std::uint64_t received = 0;  ///< Events that were written, since the bridge began.
    std::uint64_t repeated = 0;  ///< That were there already.
    std::uint64_t refused = 0;
    std::uint64_t pending =
        0;              ///< Messages in the stream that it has not seen; as of the last one.
    std::string error;  ///< Why nothing comes; empty: it does, or would.
    std::deque<NatsRefusal> refusals;  ///< The last ones, the oldest first.
};

/// Reads one stream through a durable consumer, writes what it holds to a topic, and acknowledges
/// what is written: an event is lost by no crash, and one that comes again is written once.
///
/// Batches are written one after another, in the stream's order: when the engine is busy they wait,
/// and nothing new is asked for. Messages that were on their way to somebody who did not get them,
/// or did not write them, come again before others: where there are such, nothing is asked for
/// until the consumer delivers them again. Where the stream is missing, the state says so, and it
/// is looked for again.
///
/// Threads: the loop's, but for `state`: any. Ownership: borrows the connection and the clock.
class NatsConsumer {
 public:
    static constexpr std::size_t kBatchMax = 100;
    static constexpr std::size_t kInWorkMax = 200;
    static constexpr std::size_t kRefusalsMax = 10;
    /// What was on its way when a connection or a process ended comes again after it. What is held
    /// here for longer is said to be in work.
    static constexpr sagas::Milliseconds kAckWait{3'000};

    enum class Outcome : std::uint8_t { Received, Repeated, Refused };
    struct Parts {
        NatsConnection& connection;
        const Clock& clock;
        std::string bridge;
        std::string identity;  ///< bridge_identity.
        std::size_t place;     ///< Among the bridge's.
        const NatsIntake& intake;
        NatsInbound inbound;
        std::string api;               ///< api_prefix.
        sagas::Milliseconds ack_wait;  ///< Of a consumer that is made.
        std::function<void(Publish)> post;
        std::function<void(Outcome, std::size_t count)> counted;
    };
    explicit NatsConsumer(Parts parts);

    void connected(std::size_t payload_max);
    void disconnected();
    /// A message of its consumer, and what the intake made of it.
    void take(NatsMessage message, NatsIntake::Taken taken);
    /// One that this bridge has published itself, from the very topic that it would go to.
    void take_own(const NatsMessage& message) SKALD_EXCLUDES(mutex_);
    /// To a question of JetStream's API.
    void take_answer(std::uint64_t number, const NatsMessage& answer);
    /// The server's word on a request for messages.
    void take_status(std::uint64_t number, const NatsMessage& status);
    void tick(Instant now);

    /// Takes nothing more; what is being written is still acknowledged.
    void drain();
    bool is_idle() const { return writing_.empty(); }
    /// Deletes the consumer: its place in the stream is forgotten.
    void delete_consumer();

    /// Endings of the inbox that are for it: "a.PLACE.NUMBER" and "m.PLACE.NUMBER".
    static constexpr std::string_view kAnswerEnding = "a.";
    static constexpr std::string_view kStatusEnding = "m.";

    const std::string& name() const { return name_; }
    const NatsInbound& inbound() const { return parts_.inbound; }
    NatsInState state() const SKALD_EXCLUDES(mutex_);

 private:
    enum class Phase : std::uint8_t {
        Away,
        Looking,   ///< Asks for the consumer.
        Making,    ///< Asks for a new one.
        Waiting,   ///< Something is wrong; it looks again.
        Settling,  ///< Waits until lost messages are delivered again.
        Pulling
    };
    struct Held {
        NatsMessage message;
        std::optional<Publish::Event> event;  ///< None: it has to be made of the message again.
    };

    void ask(Phase phase, const std::string& operation, std::string body);
    void look();
    void make();
    void begin(const ConsumerState& consumer) SKALD_EXCLUDES(mutex_);
    void pull_on();
    void wait(const std::string& why) SKALD_EXCLUDES(mutex_);
    void pull();
    void ask_for(std::size_t messages, std::size_t bytes_max);
    void arrived(const NatsMessage& message) SKALD_EXCLUDES(mutex_);
    void write();
    void written(const Publish::Result& result) SKALD_EXCLUDES(mutex_);
    bool make_event(Held& held);
    void pause(const std::string& why) SKALD_EXCLUDES(mutex_);
    void end_pause() SKALD_EXCLUDES(mutex_);
    void say_in_work(Instant now);
    void say(const NatsMessage& to, std::string_view word);
    void refuse(const NatsMessage& message, std::string why) SKALD_EXCLUDES(mutex_);
    void log_refusal(const NatsRefusal& refusal);
    std::size_t in_work() const { return held_.size() + writing_.size(); }
    void set_error(const std::string& why) SKALD_EXCLUDES(mutex_);

    const Parts parts_;
    const std::string name_;
    Phase phase_ = Phase::Away;
    std::uint64_t number_ = 0;  ///< Of the last question or request.
    Instant until_{};           ///< Of the phase: the answer, or the end of the wait.
    sagas::Milliseconds wait_{};
    std::size_t bytes_max_ = 0;
    // Of the request that is out:
    std::size_t expected_ = 0;  ///< Messages that may still come.
    std::size_t asked_ = 0;     ///< Messages.
    Instant asked_at_{};
    Instant heard_{};          ///< When the last sign of life came.
    bool is_blocked_ = false;  ///< The next message is larger than a request lets through.
    std::deque<Held> held_;
    std::vector<Held> writing_;  ///< Without their events.
    Instant said_in_work_{};
    Instant paused_until_{};  ///< The engine is busy.
    sagas::Milliseconds pause_{};
    std::optional<Instant> logged_at_;  ///< A refusal.
    std::size_t not_logged_ = 0;        ///< Refusals since then.
    bool is_draining_ = false;
    const std::shared_ptr<int> alive_ = std::make_shared<int>();

    mutable Mutex mutex_;
    NatsInState state_ SKALD_GUARDED_BY(mutex_);
};

}  // namespace skald::engine
