#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/result.h"

/// Configuration files: the part of TOML that a flat list of settings needs, and bare values as in
/// INI files.
///
///   file    = *( blank / comment / "[serve]" / setting )
///   setting = key "=" value [ "#" comment ]
///   value   = "string" | 'literal string' | bare | "[" [ value *( "," value ) [","] ] "]"
///   key     = letters, digits, "_" and "-"
///   bare    = text up to a blank with "#", or the line's end; in an array up to "," or "]", too
///   comment = a line that starts with "#" or ";"
///
/// Strings in double quotes take TOML's escapes (\" \\ \b \t \n \f \r \uXXXX \UXXXXXXXX); arrays
/// may go over several lines.
namespace skald::cli {

struct Setting {
    std::string key;
    std::vector<std::string> values;
    std::size_t line;  ///< From 1.
};

inline constexpr std::size_t kConfigBytesMax = 1u << 20;

/// Reads the text of a file named `file`.
/// Errors: InvalidArgument ("FILE:LINE: …"), also for a key that comes twice.
sagas::Result<std::vector<Setting>> parse_config(std::string_view text, const std::string& file);

/// Errors: NotFound, InvalidArgument; the message starts with the file's name.
sagas::Result<std::vector<Setting>> read_config(const std::string& file);

/// A value that parse_config reads back: 320, true, or "text".
std::string config_value(std::string_view value);

}  // namespace skald::cli
