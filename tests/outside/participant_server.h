#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "tests/outside/socket.h"

namespace skald::outside {

/// A call that waits for its answer. Answering one whose connection is gone does nothing.
struct Call {
    int descriptor = -1;
    std::uint32_t generation = 0;
};

struct ReceivedCall {
    Call call;
    std::size_t listener = 0;  ///< Position of the port that it came in by.
    std::string_view method;
    std::string_view target;
    std::string_view headers;
    std::string_view body;
};

/// An HTTP/1.1 server on 127.0.0.1 that costs little: plain epoll, one thread, kept connections.
///
/// Threads: `run`, the handler and the answers on one thread; `stop` from any.
class ParticipantServer {
 public:
    /// Called for each request; answers it now, later or never.
    using Handler = std::function<void(const ReceivedCall&)>;

    /// Listens on that many free ports. Throws std::system_error.
    explicit ParticipantServer(std::size_t listeners);
    /// Listens on those ports. Throws std::system_error.
    explicit ParticipantServer(const std::vector<std::uint16_t>& ports);

    const std::vector<std::uint16_t>& ports() const { return ports_; }

    /// Serves until `stop`.
    void run(const Handler& handler);
    void stop();

    /// `reply` is a whole message (make_reply).
    void answer(Call call, std::string_view reply);
    /// `reply` must outlive the server.
    void answer_after(Call call, std::chrono::milliseconds delay, std::string_view reply);
    /// Closes the call's connection without an answer.
    void hang_up(Call call);

 private:
    struct Connection {
        std::uint32_t generation = 0;
        std::size_t listener = 0;
        bool is_open = false;
        bool has_call = false;  ///< Its answer is still to come.
        std::string received;   ///< Of a request that is not whole yet, or waits for its turn.
        std::string unsent;
    };
    struct Timer {
        std::chrono::steady_clock::time_point due;
        Call call;
        std::string_view reply;
        bool operator>(const Timer& other) const { return due > other.due; }
    };

    void watch(int descriptor, std::uint32_t events, int operation);
    void accept_all(std::size_t listener);
    void on_readable(int descriptor, const Handler& handler);
    std::size_t serve(int descriptor, std::string_view bytes, const Handler& handler);
    void on_writable(int descriptor);
    void close(int descriptor);
    Connection* find(Call call);
    int answer_due();

    std::vector<Descriptor> listeners_;
    std::vector<std::uint16_t> ports_;
    Descriptor epoll_;
    Descriptor wake_;
    std::atomic<bool> is_stopping_ = false;
    std::vector<Connection> connections_;  ///< By descriptor.
    std::vector<int> resumed_;  ///< Were answered with a further request in their buffer.
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::vector<char> chunk_;
};

}  // namespace skald::outside
