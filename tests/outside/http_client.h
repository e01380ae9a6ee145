#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/outside/socket.h"

namespace skald::outside {

struct HttpReply {
    int status = 0;
    std::string headers;
    std::string body;
};

/// A blocking HTTP/1.1 client with one kept connection to 127.0.0.1. Threads: one.
class HttpClient {
 public:
    explicit HttpClient(std::uint16_t port) : port_(port) {}

    std::uint16_t port() const { return port_; }

    /// Sends the request and waits for its whole reply; none when there is no connection, it broke
    /// or `time` is over. Sends it a second time when a kept connection turns out to be closed, so
    /// send only what may be repeated. `headers` are whole lines that end in CR LF; where they
    /// name no Content-Type, it is JSON.
    std::optional<HttpReply> send(std::string_view method, std::string_view target,
                                  std::string_view json = {}, std::string_view headers = {},
                                  std::chrono::milliseconds time = std::chrono::seconds(60));
    std::optional<HttpReply> get(std::string_view target) { return send("GET", target); }

 private:
    using Instant = std::chrono::steady_clock::time_point;

    enum class Received : std::uint8_t { Whole, Nothing, Broken };

    bool connect(Instant until);
    bool write_all(std::string_view bytes, Instant until);
    Received read_reply(HttpReply& reply, Instant until);

    const std::uint16_t port_;
    Descriptor socket_;
};

}  // namespace skald::outside
