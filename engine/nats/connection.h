#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/loop.h"
#include "engine/nats/server.h"

namespace skald::engine {

/// What came from the broker.
struct NatsMessage {
    std::string subject;
    std::string reply;  ///< Empty: no answer is wanted.
    std::vector<std::pair<std::string, std::string>> headers;
    int status = 0;           ///< Of the server's own messages: 503, 408 ...; else 0.
    std::string description;  ///< Of the status.
    std::string data;
};

/// What goes to it.
struct NatsSending {
    std::string subject;
    std::string reply;  ///< Empty: none.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string data;
    std::uint64_t number = 0;  ///< By which `unsent` tells of it; 0: nobody wants to hear of it.
};

/// A connection to a broker that is made again for ever, after waits of 0.1 s to 5 s. Each one
/// listens to an inbox of its own, and knows nothing of the one before it: what was not answered by
/// then never will be.
///
/// A thread of its own sends, another one connects, 10 s long at most; the library (cnats) has
/// others, on one of which `received` is called. Everything else comes on the loop's thread.
///
/// Threads: made and used on the loop's thread; destroyed on it or while nobody is in it.
/// Ownership: `loop` must outlive it.
class NatsConnection {
 public:
    struct Events {
        /// `server`: its URL. `payload_max`: bytes that it takes in one message.
        std::function<void(const std::string& server, std::size_t payload_max)> connected;
        /// It ended, or could not be made. Ends with nothing on the way: what was sent may have
        /// arrived or not.
        std::function<void(const std::string& why)> disconnected;
        /// What was to be sent surely did not leave.
        std::function<void(std::uint64_t number, const std::string& why)> unsent;
        /// Called on a thread of the library's, one message at a time; what it gives runs on the
        /// loop's thread.
        std::function<std::function<void()>(NatsMessage)> received;
    };

    NatsConnection(Loop& loop, NatsServer server, std::string name, Events events);
    /// No event comes any more. Waits for `received` to return, and at most a second for what is
    /// to be sent to leave.
    ~NatsConnection();
    NatsConnection(const NatsConnection&) = delete;
    NatsConnection& operator=(const NatsConnection&) = delete;

    /// Never blocks. Dropped where there is no connection.
    void send(NatsSending sending);

    /// A subject to which answers come, as long as the present connection lasts: the inbox, and
    /// `ending`. Empty: there is no connection.
    std::string inbox(std::string_view ending) const;

    /// The part of a message's subject behind the inbox; empty: it is no answer.
    std::string_view ending_of(const NatsMessage& message) const;

    /// Sends what is left, and then closes it for good.
    void end();
    bool has_ended() const;  ///< The destructor won't wait.

    /// What the server complained of last over this connection, as "Permissions Violation ...";
    /// empty: nothing.
    std::string last_complaint() const;

 private:
    struct Desk;
    const std::shared_ptr<Desk> desk_;  // The thread's too, which may be left behind.
    std::thread thread_;
};

}  // namespace skald::engine
