#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace skald::api::http {

using Deadline = std::chrono::steady_clock::time_point;

/// One end of a TCP connection that was accepted. Every wait has an end.
///
/// Threads: one. Ownership: closes the socket.
class Socket {
 public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    int descriptor() const { return descriptor_; }

    /// Bytes that were received, or 0: the peer has sent its last, is gone, or time is over.
    /// The first form waits for as long as SO_RCVTIMEO says, in one system call.
    std::size_t receive(std::span<char> place);
    std::size_t receive(std::span<char> place, Deadline until);

    enum class Sent : std::uint8_t { Whole, Failed };
    /// Sends both, one after the other, in one system call if the socket's buffer takes them.
    Sent send(std::string_view head, std::string_view body, Deadline until);

    /// Whether the peer has closed its side, or the connection is broken.
    bool is_peer_gone() const;

    /// How much of what was sent the system keeps for a peer that doesn't read, about.
    void limit_unread(int bytes);

    /// Sends nothing more, and takes in (and forgets) what the peer still sends, until it closes or
    /// time is over: closing a socket with unread bytes resets the connection, and the peer would
    /// lose our last reply (RFC 9112, section 9.6).
    void drain(Deadline until);

 private:
    bool wait_for(short events, Deadline until) const;

    const int descriptor_;
};

}  // namespace skald::api::http
