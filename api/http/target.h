#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Decoding of request targets (RFC 3986).
namespace skald::api::http {

enum class Plus : unsigned char { Literal, Blank };

/// `text` with its %-escapes decoded; none when an escape is broken or stands for NUL, or the whole
/// is not UTF-8.
std::optional<std::string> decode(std::string_view text, Plus plus = Plus::Literal);

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The parameters of a raw query ("a=1&b=x%20y"), decoded as HTML forms are ("+" is a blank);
/// empty pieces ("a=1&&") are left out. None as for `decode`.
std::optional<Parameters> parse_query(std::string_view query);

}  // namespace skald::api::http
