#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/parsed.h"
#include "api/route.h"
#include "sagas/json.h"
#include "sagas/saga.h"

namespace skald::api {

inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;

/// The request's Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a structured-field
/// string in quotes, or its text bare; 1 to 255 printable ASCII characters. None: it has none.
Parsed<std::optional<std::string>> read_idempotency_key(const Request& request);

/// Whether `text` may be one.
bool is_idempotency_key(std::string_view text);

/// SHA-256 of `body` in canonical JSON (members sorted, no blanks): equal for equal requests,
/// however they were written.
std::string canonical_hash(const sagas::Json& body);

}  // namespace skald::api
