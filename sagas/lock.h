#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sagas/definition.h"
#include "sagas/json.h"
#include "sagas/result.h"

namespace skald::sagas {

/// Bytes of a lock's value.
inline constexpr std::size_t kLockBytesMax = 256;

/// The value of the lock that a saga which starts with `input` wants; none: its definition has no
/// lock. Errors: InvalidArgument (an expression error; a value that is null, empty, or over
/// kLockBytesMax).
Result<std::optional<std::string>> render_lock(const Definition& definition, const Json& input);

}  // namespace skald::sagas
