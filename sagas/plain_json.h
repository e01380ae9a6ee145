#pragma once

#include <optional>
#include <string_view>

#include "sagas/json.h"

namespace skald::sagas {

/// The value of a JSON text, where that is as most are: ASCII, without escapes, its numbers
/// integers of at most 18 digits, nested at most kJsonDepthMax levels, no member named twice.
/// Quicker than the parser, which also takes the rest and says what is wrong. None: it is none of
/// those; it may be JSON all the same.
std::optional<Json> read_plain_json(std::string_view text);

}  // namespace skald::sagas
