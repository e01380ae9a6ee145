#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What tests and measurements use that drive the real `skald` from outside: its process, a client,
/// and a server for the participants. None of it uses the product's own code.
namespace skald::outside {

/// A whole HTTP/1.1 message; its views point into the bytes that were parsed.
struct HttpMessage {
    std::string_view start_line;
    std::string_view headers;  ///< Lines that end in CR LF.
    std::string_view body;
    std::size_t size = 0;     ///< Of the whole message, in bytes.
    bool is_closing = false;  ///< `Connection: close`.
};

enum class Parsed : std::uint8_t {
    Whole,
    Partial,  ///< More bytes must come.
    Broken,   ///< Not HTTP/1.1, or with a Transfer-Encoding, which nobody sends here.
};

/// Reads the message at the front of `bytes`; sets `message` when it is whole. (RFC 9112)
Parsed parse_message(std::string_view bytes, HttpMessage& message);

/// The value of the first header of that name, without blanks around it.
std::optional<std::string_view> find_header(std::string_view headers, std::string_view name);

/// The code of a status line, or 0.
int status_code(std::string_view start_line);

/// A whole reply with a JSON body.
std::string make_reply(int status, std::string_view json);

}  // namespace skald::outside
