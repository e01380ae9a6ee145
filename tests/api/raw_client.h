#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace skald::api {

/// A reply as it came over the wire.
struct RawReply {
    int status = 0;
    std::string status_line;
    std::map<std::string, std::string> headers;  ///< Names in lower case.
    std::string body;

    std::string header(const std::string& lower_case_name) const;
};

/// A TCP client that sends just the bytes it is told to. Nothing waits longer than 30 s, so that a
/// test fails and does not hang.
class RawClient {
 public:
    /// `receive_bytes`: the system keeps about so many for us, unread (0: as it likes).
    explicit RawClient(std::uint16_t port, int receive_bytes = 0);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void send(std::string_view bytes);
    void close_sending();
    /// Closes with a reset, as a client that was killed may.
    void reset();

    enum class Body : unsigned char { Expected, None };
    /// The next reply; none when the connection ends before it.
    std::optional<RawReply> read_reply(Body body = Body::Expected);
    /// Everything until the server closes.
    std::string read_to_end();
    /// Everything up to `end`, with it; less when the connection ends before.
    std::string read_until(std::string_view end);
    /// So many bytes; less when the connection ends before.
    std::string read_bytes(std::size_t count);
    /// Whether something came, or the end, within `time`.
    bool has_news(std::chrono::milliseconds time);
    /// Whether the server has closed, or closes within 30 s, without sending more.
    bool is_closed();

 private:
    bool fill();

    int socket_;
    std::string unread_;
};

/// GET with a good Host and the headers given ("Name: value\r\n"…).
std::string get(std::string_view target, std::string_view headers = "");
/// POST of JSON.
std::string post(std::string_view target, std::string_view body, std::string_view headers = "");

}  // namespace skald::api
