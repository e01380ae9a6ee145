#pragma once

#include <string>
#include <string_view>

#include "api/http/head.h"
#include "api/route.h"

namespace skald::api::http {

enum class Persistence : unsigned char { Close, Keep };

/// False: a header of it holds a control character, and would split the reply.
bool is_sendable(const Reply& reply);
bool is_sendable(const Stream& stream);

/// Whether a reply of this status has a body at all (RFC 9110, section 6.4.1).
bool may_have_body(int status);

/// All that is sent before the body, the empty line included. `reply` must be sendable.
std::string reply_head(const Reply& reply, std::string_view request_id, HttpVersion version,
                       Persistence persistence);

/// The same for a stream, whose body is chunked, or to HTTP/1.0 lasts until the connection ends.
std::string stream_head(const Stream& stream, std::string_view request_id, HttpVersion version);

}  // namespace skald::api::http
