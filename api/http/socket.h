#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "api/http/descriptor.h"

namespace skald::api::http {

/// One end of a TCP connection that was accepted. Nothing here waits.
///
/// Threads: one at a time. Ownership: closes the socket.
class Socket {
 public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}

    int descriptor() const { return descriptor_.number(); }

    /// Bytes that were there, 0: the peer has sent its last, or is gone; none: there are none yet.
    std::optional<std::size_t> receive(std::span<char> place);

    enum class Sent : std::uint8_t { Whole, Partly, Failed };
    /// Sends both, one after the other, in one system call, and takes away what was sent.
    Sent send(std::string_view& head, std::string_view& body);

    /// Whether the peer has closed its side, or the connection is broken.
    bool is_peer_gone() const;

    /// How much of what was sent the system keeps for a peer that doesn't read, about.
    void limit_unread(int bytes);

    /// Sends nothing more.
    void end_sending();

 private:
    const Descriptor descriptor_;
};

}  // namespace skald::api::http
