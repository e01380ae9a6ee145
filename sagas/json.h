#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/result.h"

/// Compiled once, in json.cpp.
extern template class nlohmann::basic_json<>;

namespace skald::sagas {

using Json = nlohmann::json;

/// An immutable JSON value. Shared, for a saga in memory, the journal row on its way to the disk
/// and a reply that is being written hold the same tree, on different threads. Null pointer: absent
/// (which is not the JSON null).
using Value = std::shared_ptr<const Json>;

Value make_value(Json json);

/// Levels of nesting that are accepted from outside; nlohmann's dump and copy recurse, and overflow
/// the stack at some 10,000 levels.
inline constexpr std::size_t kJsonDepthMax = 64;

/// Bytes of an input, an output, and a request's or reply's body.
inline constexpr std::size_t kBodyBytesMax = 1u << 20;

/// Parses one JSON text (RFC 8259) from outside.
///
/// Refused: anything but exactly one value, nesting over kJsonDepthMax, an object that names a
/// member twice, invalid UTF-8 (also as an unpaired \u surrogate), a byte order mark, a zero byte,
/// and numbers beyond what a double or a 64-bit integer can hold (1e400, 2^64).
/// Errors: InvalidArgument; the message starts with where: `byte 17: ` (from 0) where the text is
/// no JSON, `"/items/3": ` (a JSON Pointer) where a value is refused. It is UTF-8 and short,
/// whatever `text` is.
Result<Json> parse_json(std::string_view text);

/// The JSON Pointer (RFC 6901) of the first integer in `json` beyond ±2^53 that other readers of
/// the document may round; none: there is no such integer. Input of sagas is refused when there is
/// one.
std::optional<std::string> find_imprecise_integer(const Json& json);

/// About how many bytes the text of `json` has; quicker than writing it.
std::size_t size_of(const Json& json);

/// One token of a JSON Pointer with `~` and `/` escaped.
std::string escape_pointer_token(std::string_view token);

}  // namespace skald::sagas
