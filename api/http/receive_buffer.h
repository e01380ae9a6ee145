#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/http/head.h"
#include "api/http/socket.h"

namespace skald::api::http {

/// Takes requests' bytes from a socket, and keeps those that came too early.
///
/// Threads: one at a time. Ownership: borrows the socket and the limits.
class ReceiveBuffer {
 public:
    ReceiveBuffer(Socket& socket, const HeadLimits& limits);

    bool is_empty() const { return begin_ == end_; }
    /// A new request begins with what is there. Memory that a large one needed is given back.
    void begin();

    enum class Received : std::uint8_t { Some, NothingYet, Gone };
    /// More of a head.
    Received receive();
    /// The head's size, or 0 while its end has not come. Refused: what can't become one.
    Parsed<std::size_t> scan();
    /// The head, of the size that `scan` found; there until `receive` or `begin`.
    std::span<char> head(std::size_t size);

    /// The head is done with: moves what is there of a body of `size` bytes into `body`.
    void take(std::size_t head_size, std::string& body, std::size_t size);
    /// More of the body.
    Received receive(std::string& body, std::size_t size);

 private:
    Socket& socket_;
    const HeadLimits& limits_;
    std::optional<HeadScanner> scanner_;
    std::vector<char> buffer_;  ///< [begin_, end_) arrived and was not taken yet.
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace skald::api::http
