#pragma once

#include <cstdint>
#include <string>

#include "engine/origin.h"
#include "sagas/request.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::engine {

/// `request` as it goes over the wire (HTTP/1.1, RFC 9112), with what every call carries: Host,
/// Content-Length, User-Agent, Accept, Skald-Attempt, Skald-Deadline and traceparent (the middle
/// two and the last unless the request has its own). Pure.
///
/// Errors: InvalidArgument: a target or header that would not be one request (spaces or control
/// characters, a header that is ours to set). The message holds no value of a header.
sagas::Result<std::string> to_bytes(const sagas::Request& request, std::uint32_t attempt,
                                    sagas::Timestamp deadline);

/// "POST https://api.example.com/refunds": for what people read. Without the query, which may hold
/// secrets, and not longer than some 300 bytes.
std::string described(const sagas::Request& request);

Origin origin_of(const sagas::Request& request);

}  // namespace skald::engine
