#include "api/cursor.h"

#include <cstdint>
#include <cstdio>

#include "api/base64url.h"

namespace skald::api {
namespace {

std::string check_of(std::string_view list, std::string_view position) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::string_view part : {list, std::string_view("\n"), position}) {
        for (const char c : part) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
    }
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

}  // namespace

std::string make_cursor(std::string_view list, std::string_view position) {
    return to_base64url(std::string(position) + "\n" + check_of(list, position));
}

std::optional<std::string> read_cursor(std::string_view list, std::string_view cursor) {
    const auto bytes = from_base64url(cursor);
    if (!bytes) return std::nullopt;
    const auto newline = bytes->rfind('\n');
    if (newline == std::string::npos) return std::nullopt;
    std::string position = bytes->substr(0, newline);
    if (bytes->substr(newline + 1) != check_of(list, position)) return std::nullopt;
    return position;
}

}  // namespace skald::api
