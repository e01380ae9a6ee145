#include "tests/outside/http_message.h"

#include <strings.h>

#include <charconv>

namespace skald::outside {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool is_same_name(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit(name, value)` for each line until it gives false.
template <typename Visit>
void for_each_header(std::string_view headers, Visit visit) {
    while (!headers.empty()) {
        const std::size_t end = headers.find("\r\n");
        const std::string_view line = headers.substr(0, end);
        headers.remove_prefix(end == std::string_view::npos ? headers.size() : end + 2);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos &&
            !visit(line.substr(0, colon), trimmed(line.substr(colon + 1)))) {
            return;
        }
    }
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 409:
            return "Conflict";
        case 500:
            return "Internal Server Error";
        default:
            return "Other";
    }
}

}  // namespace

Parsed parse_message(std::string_view bytes, HttpMessage& message) {
    const std::size_t head_size = bytes.find(kHeadEnd);
    if (head_size == std::string_view::npos) {
        return Parsed::Partial;
    }
    const std::string_view head = bytes.substr(0, head_size + 2);
    const std::size_t line_end = head.find("\r\n");
    HttpMessage found;
    found.start_line = head.substr(0, line_end);
    found.headers = head.substr(line_end + 2);
    std::size_t body_size = 0;
    bool is_broken = found.start_line.find("HTTP/1.1") == std::string_view::npos;
    for_each_header(found.headers, [&](std::string_view name, std::string_view value) {
        if (is_same_name(name, "content-length")) {
            const char* end = value.data() + value.size();
            is_broken |= std::from_chars(value.data(), end, body_size).ptr != end;
        } else if (is_same_name(name, "connection")) {
            found.is_closing = is_same_name(value, "close");
        } else if (is_same_name(name, "transfer-encoding")) {
            is_broken = true;
        }
        return true;
    });
    if (is_broken) {
        return Parsed::Broken;
    }
    found.size = head_size + kHeadEnd.size() + body_size;
    if (bytes.size() < found.size) {
        return Parsed::Partial;
    }
    found.body = bytes.substr(head_size + kHeadEnd.size(), body_size);
    message = found;
    return Parsed::Whole;
}

std::optional<std::string_view> find_header(std::string_view headers, std::string_view name) {
    std::optional<std::string_view> found;
    for_each_header(headers, [&](std::string_view candidate, std::string_view value) {
        if (is_same_name(candidate, name)) {
            found = value;
        }
        return !found.has_value();
    });
    return found;
}

int status_code(std::string_view start_line) {
    constexpr std::string_view kVersion = "HTTP/1.1 ";
    int code = 0;
    if (start_line.starts_with(kVersion)) {
        start_line.remove_prefix(kVersion.size());
        std::from_chars(start_line.data(), start_line.data() + start_line.size(), code);
    }
    return code;
}

std::string make_reply(int status, std::string_view json) {
    std::string reply = "HTTP/1.1 " + std::to_string(status) + ' ';
    reply += reason_phrase(status);
    reply += "\r\nContent-Type: application/json\r\nContent-Length: ";
    reply += std::to_string(json.size());
    reply += kHeadEnd;
    reply += json;
    return reply;
}

}  // namespace skald::outside
