#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/caller.h"
#include "engine/clock.h"
#include "engine/origin.h"
#include "engine/reply_reader.h"
#include "engine/transport.h"

namespace skald::engine {

class HttpConnection;

/// Hears what becomes of connections: after `open` or `send`, exactly one of the first three, never
/// from inside the call. After all but a `replied` with Reuse::Yes the owner closes the connection.
class HttpConnectionEvents {
 public:
    using Reuse = ReplyReader::Reuse;

    virtual ~HttpConnectionEvents() = default;
    /// Surely nothing of the request went out: it can be sent over another connection.
    virtual void not_sent(HttpConnection& connection, std::string why) = 0;
    virtual void replied(HttpConnection& connection, sagas::Reply reply, Reuse reuse) = 0;
    /// The request, or a part of it, went out, and no whole reply came.
    virtual void lost(HttpConnection& connection, std::string why) = 0;
    /// It was idle, and the other side closed it or sent something unasked.
    virtual void idle_ended(HttpConnection& connection) = 0;
};

/// What all connections of one caller share.
struct HttpConnectionParts {
    boost::asio::io_context& context;
    HttpConnectionEvents& events;
    const Clock& clock;
    ssl_ctx_st& tls;
    ReplyReader::Limits limits;
    std::vector<char> buffer;  ///< What is read passes through here.
};

/// One connection to one origin, which carries one call after another.
///
/// Ownership: shared by whoever uses it and the event loop, which holds it while it waits for the
/// socket. `parts` must live until it is closed. Threads: the loop's.
class HttpConnection final
    : public boost::intrusive_ref_counter<HttpConnection, boost::thread_unsafe_counter> {
 public:
    /// Over the socket `fd`, of which it becomes the owner.
    HttpConnection(HttpConnectionParts& parts, const Origin& origin, int fd);

    /// Connects, and sends `request` (to_bytes).
    void open(const Address& address, std::string request);
    /// Sends `request` over a connection that is idle.
    void send(std::string request);
    /// No event comes any more.
    void close();

    /// Whether it can be used again: idle, and nothing came meanwhile.
    Transport::Quiet is_quiet();
    /// The bytes that were not sent, after `not_sent` and before `close`.
    std::string take_request() { return std::move(request_); }

    bool was_connected() const { return state_ > State::Connecting; }
    /// A byte of the request was handed to the socket.
    bool is_sent() const { return is_sent_; }
    const Origin& origin() const { return origin_; }
    Instant opened_at() const { return opened_at_; }

    CallId call{};  ///< Whose request it carries; of the owner.

 private:
    enum class State : std::uint8_t { Connecting, ShakingHands, Exchanging, Idle };
    enum class Wait : std::uint8_t { Read, Write };
    using Descriptor =
        boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

    void wait_for(Wait wait);
    void advance();
    void forget_writability();
    void connected();
    void shake_hands();
    void write_request();
    void read_reply();
    void take(ReplyReader::Progress progress);

    template <typename Event>
    void report(Event event);
    void fail_unsent(std::string why);
    void fail_sent(std::string why);
    void end_exchange();

    // Constant after construction.
    HttpConnectionParts& parts_;
    const Origin origin_;
    const Instant opened_at_;

    Descriptor descriptor_;
    Transport transport_;
    ReplyReader reader_;
    std::string request_;
    std::size_t written_ = 0;  ///< Of `request_`.
    std::string why_not_written_;
    State state_ = State::Connecting;
    bool is_sent_ = false;
    bool is_starting_ = false;  ///< Inside `open` or `send`.
    bool is_closed_ = false;    ///< By the owner: nothing is reported any more.
    bool waits_to_read_ = false;
    bool waits_to_write_ = false;
};

using HttpConnectionPtr = boost::intrusive_ptr<HttpConnection>;

}  // namespace skald::engine
