#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/outside/socket.h"

namespace skald::outside {

struct NatsMessage {
    std::string subject;
    std::string reply;    ///< Where its answer, or acknowledgement, goes.
    std::string headers;  ///< Lines that end in CR LF, without the first one.
    std::string payload;
    int status = 0;  ///< Of the first line of its headers; 0: there is none.
};

/// A blocking client of a nats-server on 127.0.0.1, without authentication, on the plain protocol.
/// A connection that broke is made again by the next call; what was pulled and not taken is lost
/// with it, and comes again if it was to be acknowledged.
///
/// Threads: one.
class NatsClient {
 public:
    explicit NatsClient(std::uint16_t port) : port_(port) {}

    /// The answer; none: no connection, nobody there who answers, or not in time. `headers` are
    /// whole lines that end in CR LF.
    std::optional<NatsMessage> request(std::string_view subject, std::string_view payload,
                                       std::string_view headers = {},
                                       std::chrono::milliseconds time = std::chrono::seconds(5));
    /// Sends it; nobody answers.
    bool publish(std::string_view subject, std::string_view payload);
    /// Messages of a durable pull consumer of JetStream, as soon as there is one, at most `limit`;
    /// none after `time`. No value: the connection broke.
    std::optional<std::vector<NatsMessage>> pull(std::string_view stream, std::string_view consumer,
                                                 std::size_t limit, std::chrono::milliseconds time);

 private:
    using Instant = std::chrono::steady_clock::time_point;
    enum class Read : std::uint8_t { Message, Other, Nothing, Broken };

    bool ensure_connected(Instant until);
    bool shake_hands(Instant until);
    bool write(std::string_view bytes, Instant until);
    bool fill(Instant until);
    /// The next thing that the server says; Nothing: not in time.
    Read read(NatsMessage& message, Instant until);
    Read take_message(std::string_view line, std::size_t line_size, NatsMessage& message);
    std::optional<std::string> read_line(Instant until);
    void disconnect();

    const std::uint16_t port_;
    Descriptor socket_;
    std::string received_;
    std::string inbox_;
    std::uint64_t requests_ = 0;
    std::size_t demand_ = 0;  ///< Messages that were asked for by `pull` and may still come.
};

/// The place in its stream of a message that JetStream delivered; 0: it is none.
std::uint64_t stream_sequence(const NatsMessage& message);

}  // namespace skald::outside
