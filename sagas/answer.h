#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sagas/json.h"
#include "sagas/time.h"

namespace skald::sagas {

struct Header {
    std::string name;  ///< Lower case.
    std::string value;
};

/// Why the bytes of a reply's body are no value: broken or deep JSON, oversize, encoded, not UTF-8.
/// An output error (docs/definitions.md), never *unknown*: the effect of a 2xx stands whatever its
/// body is.
struct BodyError {
    std::string message;
};

/// A complete reply of a participant.
struct Reply {
    int status = 0;                           ///< 100 to 599.
    std::vector<Header> headers;              ///< As received; trailers left out.
    std::variant<Value, BodyError> body;      ///< An empty body is the JSON null.
    std::optional<Milliseconds> retry_after;  ///< From now, at most an hour.
};

/// Surely nothing reached the participant: DNS, connection refused, TLS, or taken back unsent.
struct NotSent {
    std::string reason;
};

/// The first byte was sent and no complete reply came: time-out, reset, broken or truncated reply;
/// or nobody knows, after a restart.
struct Lost {
    std::string reason;
};

/// How a child saga ended; or that it, completed before, is undone now (Compensated).
struct ChildEnd {
    enum class How : std::uint8_t { Completed, Compensated, Abandoned } how;
    Value output;       ///< Of a completed one.
    std::string error;  ///< Why it did not complete.
};

/// What became of one call.
using Answer = std::variant<Reply, NotSent, Lost, ChildEnd>;

/// The value of a reply's body: empty is null, `application/json` and `+json` are parsed, other
/// UTF-8 text is a string. A BodyError: broken JSON, text that is not UTF-8, a `content_encoding`
/// other than empty or "identity", more than kBodyBytesMax bytes.
std::variant<Value, BodyError> read_body(std::string_view content_type,
                                         std::string_view content_encoding, std::string_view bytes);

/// What Retry-After (RFC 9110, 10.2.3: seconds, or an HTTP-date) asks for, counted from `now`: 0 to
/// 1 h. None when it is malformed.
std::optional<Milliseconds> read_retry_after(std::string_view field, Timestamp now);

}  // namespace skald::sagas
