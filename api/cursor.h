#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skald::api {

/// Where a list goes on, as an opaque text for clients: base64url of the position and a check of
/// which list it belongs to. `list` names the list with its filters, so that a cursor is not used
/// with others, where it would skip rows without a word.
///
///   cursor   = base64url( position "\n" check )
///   check    = 16 hexadecimal digits, FNV-1a of `list`, then of position
std::string make_cursor(std::string_view list, std::string_view position);

/// The position, or none: it isn't one that make_cursor gave for `list`.
std::optional<std::string> read_cursor(std::string_view list, std::string_view cursor);

}  // namespace skald::api
