#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/connections.h"
#include "api/http/head.h"
#include "api/http/socket.h"
#include "api/route.h"
#include "sagas/time.h"

namespace skald::api::http {

/// Sends the body of a stream: asks for one piece when the one before is out of its hands, so that
/// nothing gathers here for a reader that is slow.
///
/// Threads: the connection's. Ownership: borrows everything.
class StreamSender {
 public:
    /// `write_time`: for the peer to take a chunk.
    StreamSender(Socket& socket, Connections::Member& member, const Connections& all,
                 HttpVersion version, sagas::Milliseconds write_time)
        : socket_(socket), member_(member), all_(all), version_(version), write_time_(write_time) {}

    /// Until the stream is over or throws, the server stops, or the peer is gone or too slow. What
    /// was cut off lacks its last chunk. Logs what went wrong under `request_id`.
    void send(const Stream& stream, std::string_view request_id);

    /// How soon it is noticed that a peer has gone while there was nothing to send.
    static constexpr sagas::Milliseconds kLookTime{1'000};

 private:
    enum class Sent : std::uint8_t { GoesOn, Ended, TooSlow };

    Sent send_next(const Stream& stream);
    Sent send_piece(std::string_view piece);
    Sent send_end();
    Sent wait_for(const Stream::Wait& wait);
    Sent transmit(std::string_view head, std::string_view body);

    Socket& socket_;
    Connections::Member& member_;
    const Connections& all_;
    const HttpVersion version_;
    const sagas::Milliseconds write_time_;
};

}  // namespace skald::api::http
