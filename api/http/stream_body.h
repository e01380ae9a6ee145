#pragma once

#include <string>
#include <variant>

#include "api/http/head.h"
#include "api/route.h"

namespace skald::api::http {

/// The body of a stream as it is sent: chunked (RFC 9112, section 7.1), or to HTTP/1.0 as it is.
/// Asks for one piece when the one before was taken, so that nothing gathers for a slow reader.
///
/// Threads: one at a time.
class StreamBody {
 public:
    StreamBody(Stream stream, HttpVersion version)
        : stream_(std::move(stream)), version_(version) {}

    /// Bytes to be sent (there may be none, this time), a wait, or the end, before which `last` is
    /// sent. Throws what the stream throws.
    std::variant<std::string, Stream::Wait, Stream::Over> next();
    /// What tells the reader that the stream was not cut off.
    std::string last() const;

 private:
    std::string take_chunk();

    const Stream stream_;
    const HttpVersion version_;
    std::string piece_;
    std::size_t taken_ = 0;  ///< Of piece_.
};

}  // namespace skald::api::http
