#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "sagas/ascii.h"

/// How a document names a secret of the server: "$secrets.NAME".
namespace skald::sagas {

/// As long as a file's name.
inline constexpr std::size_t kSecretNameBytesMax = 255;

/// Letters, digits and "_", and no digit first: nothing that leads out of a folder.
constexpr bool is_secret_name(std::string_view name) {
    return !name.empty() && name.size() <= kSecretNameBytesMax && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char byte) {
               const char low = to_lower(byte);
               return is_digit(byte) || (low >= 'a' && low <= 'z') || byte == '_';
           });
}

/// The NAME of a text that is "$secrets.NAME" and nothing else; none: it is something else.
constexpr std::optional<std::string_view> secret_named_by(std::string_view text) {
    constexpr std::string_view kRoot = "$secrets.";
    if (!text.starts_with(kRoot) || !is_secret_name(text.substr(kRoot.size()))) return std::nullopt;
    return text.substr(kRoot.size());
}

}  // namespace skald::sagas
