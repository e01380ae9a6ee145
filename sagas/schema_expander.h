#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sagas/json.h"
#include "sagas/lint.h"

namespace skald::sagas {

/// Parts of a schema, every `$ref` counted as often as it is used, and bytes of it as JSON text.
inline constexpr std::size_t kSchemaPartsMax = 10'000;
inline constexpr std::size_t kSchemaBytesMax = 1u << 20;

/// `schema` (JSON Schema, draft 7) with each `$ref` replaced by what it refers to and without
/// annotations, so that whoever compiles it need not resolve anything. A keyword that draft 7
/// doesn't know is an error: validators skip it silently, and a misspelt one guards nothing.
/// None: `problems` got one or more; their pointers begin with `pointer`.
std::optional<Json> expand_schema(const Json& schema, const std::string& pointer,
                                  std::vector<Problem>& problems);

}  // namespace skald::sagas
