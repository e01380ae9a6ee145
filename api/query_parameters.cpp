#include "api/query_parameters.h"

#include <charconv>

#include "api/cursor.h"

namespace skald::api {

std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t least,
                                       std::uint64_t most) {
    std::uint64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number < least || number > most) {
        return std::nullopt;
    }
    return number;
}

Parsed<std::optional<std::string>> read_text(const Request& request, std::string_view name) {
    std::optional<std::string> found;
    for (const auto& [key, value] : request.query) {
        if (key != name) continue;
        if (found) {
            return refuse(ProblemType::InvalidRequest,
                          std::string(name) + ": was sent twice; send it once");
        }
        found = value;
    }
    return found;
}

Parsed<std::optional<std::uint32_t>> read_integer(const Request& request, std::string_view name,
                                                  std::uint32_t most) {
    auto text = read_text(request, name);
    if (!text) return tl::unexpected(text.error());
    if (!*text) return std::nullopt;
    const auto number = to_number(**text, 1, most);
    if (!number) {
        return refuse(ProblemType::InvalidRequest,
                      std::string(name) + ": must be a number from 1 to " + std::to_string(most));
    }
    return static_cast<std::uint32_t>(*number);
}

std::vector<std::string> read_list(const Request& request, std::string_view name) {
    std::vector<std::string> values;
    for (const auto& [key, value] : request.query) {
        if (key != name) continue;
        std::size_t from = 0;
        for (std::size_t comma; (comma = value.find(',', from)) != std::string::npos;) {
            values.push_back(value.substr(from, comma - from));
            from = comma + 1;
        }
        values.push_back(value.substr(from));
    }
    return values;
}

Parsed<std::optional<sagas::Milliseconds>> read_wait(const Request& request) {
    auto text = read_text(request, "wait");
    if (!text) return tl::unexpected(text.error());
    if (!*text) return std::nullopt;
    const auto duration = sagas::parse_duration(**text);
    if (!duration) {
        return refuse(ProblemType::InvalidRequest,
                      "wait: must be a duration such as 500ms or 10s: " + duration.error().message);
    }
    if (*duration > kWaitMax) {
        return refuse(ProblemType::InvalidRequest, "wait: at most " +
                                                       sagas::to_duration_text(kWaitMax) +
                                                       "; ask again when it has run out");
    }
    return *duration;
}

Parsed<store::Offset> to_offset(std::string_view name, std::string_view text) {
    constexpr std::uint64_t kOffsetMax = std::uint64_t{1} << 62;
    const auto number = to_number(text, 0, kOffsetMax);
    if (number) return store::Offset{static_cast<std::int64_t>(*number)};
    return refuse(ProblemType::InvalidRequest,
                  std::string(name) + ": must be the offset of an event, or 0");
}

Parsed<std::optional<std::string>> read_cursor_of(const Request& request, std::string_view list) {
    auto text = read_text(request, "cursor");
    if (!text) return tl::unexpected(text.error());
    if (!*text) return std::nullopt;
    auto position = read_cursor(list, **text);
    if (!position) {
        return refuse(ProblemType::InvalidRequest,
                      "cursor: isn't one that was given for this list with these filters; leave it "
                      "out to start from the beginning");
    }
    return position;
}

}  // namespace skald::api
