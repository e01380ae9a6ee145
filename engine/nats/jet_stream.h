#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

#include "engine/nats/connection.h"
#include "sagas/time.h"

/// What is said to JetStream, and what it says: JSON over subjects that begin with "$JS.API." (see
/// "JetStream wire API" in NATS' documents). All of it pure.
namespace skald::engine {

/// A stream whose messages come in.
struct NatsInbound {
    std::string stream;
    std::string subject;  ///< With wildcards; only what it selects.
    std::string topic;
    struct Start {};
    struct End {
        sagas::Timestamp at{};  ///< When the binding was made: what came later is behind the end.
    };
    /// Where a new consumer begins, whenever it is made.
    std::variant<Start, End, sagas::Timestamp> from;
};

/// Whether it is a subject that messages have: tokens with "." between them.
bool is_nats_subject(std::string_view subject);
/// The same with wildcards: "*" in place of a token, ">" in place of the last ones.
bool is_nats_filter(std::string_view subject);
bool is_nats_stream(std::string_view name);

/// Tells a bridge from all others, also of the same name: of other servers, and of those that were
/// there before it. 16 hexadecimal digits.
std::string bridge_identity(const std::string& name, sagas::Timestamp created_at);

/// "skald-BRIDGE-0123456789abcdef", of the bridge's identity, the stream's subject and the topic:
/// another binding has another consumer, in whatever order they stand.
std::string consumer_name(const std::string& bridge, const std::string& identity,
                          const NatsInbound& inbound);

/// By this header a bridge knows what it has published itself, when it comes in again.
inline constexpr const char* kOriginHeader = "Skald-Origin";
/// Its value for an event of `topic`, as text.
std::string origin(const std::string& identity, const std::string& topic, std::string_view event);
/// Whether the message was published by this bridge, from `topic`, just as it is.
bool is_from(const std::string& identity, const std::string& topic, const NatsMessage& message);

/// "$JS.API.", or that of a domain.
std::string api_prefix(const std::string& domain);

/// `ack_wait`: after it a message that was not acknowledged is delivered again.
std::string consumer_config(const NatsInbound& inbound, const std::string& name,
                            sagas::Milliseconds ack_wait);

/// Asks for so many messages, and for a sign of life while there are none.
struct PullRequest {
    std::size_t messages;
    std::size_t bytes;  ///< 0: however large they are.
    sagas::Milliseconds expires;
    sagas::Milliseconds heartbeat;
};
std::string pull_request(const PullRequest& request);

/// Why JetStream did not do it.
struct JetStreamError {
    enum class Kind : std::uint8_t { NoConsumer, NoStream, NoJetStream, Other } kind;
    std::string text;  ///< For people.
};

struct ConsumerState {
    std::uint64_t pending;      ///< Messages that it has not delivered yet.
    std::uint64_t ack_pending;  ///< Those that it has, and that were not acknowledged.
    sagas::Milliseconds ack_wait;
};
/// Reads the answer to a question for a consumer, or to its making; it must be as `inbound` needs
/// it.
tl::expected<ConsumerState, JetStreamError> read_consumer(const NatsMessage& answer,
                                                          const NatsInbound& inbound);

struct PublishError {
    bool is_of_stream;  ///< It was not stored; else somebody answered who does not know.
    std::string why;
};
tl::expected<void, PublishError> read_publish_ack(const NatsMessage& answer);

/// Of a message that came from a consumer: from the subject by which it is acknowledged.
struct Delivered {
    std::string_view stream, consumer;
    std::uint64_t sequence;  ///< In the stream.
    std::uint64_t pending;   ///< Messages behind it.
};
std::optional<Delivered> read_delivered(std::string_view ack_subject);

}  // namespace skald::engine
