#include "engine/request_bytes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/trace_context.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

constexpr std::size_t kDescribedPathMax = 200;  // Bytes.

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

bool is_target(std::string_view text) {
    return text.starts_with('/') && std::none_of(text.begin(), text.end(), [](char c) {
               return is_control(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
           });
}

bool is_same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [&](char x, char y) { return lower(x) == lower(y); });
}

/// What to_bytes adds itself; two of one would be read differently by different servers.
bool is_ours(std::string_view name) {
    constexpr std::array<std::string_view, 6> kOurs = {
        "host",       "content-length", "transfer-encoding",
        "connection", "skald-attempt",  "skald-deadline",
    };
    return std::any_of(kOurs.begin(), kOurs.end(),
                       [&](std::string_view ours) { return is_same_name(name, ours); });
}

std::optional<std::string_view> header(const sagas::Request& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
        if (is_same_name(key, name)) return value;
    }
    return std::nullopt;
}

Result<void> check(const sagas::Request& request) {
    if (!is_token(request.method)) {
        return sagas::fail(ErrorCode::InvalidArgument, "the method is no HTTP token");
    }
    if (!is_target(request.target)) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "the path and query must start with / and hold visible ASCII only");
    }
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name)) {
            return sagas::fail(ErrorCode::InvalidArgument, "a header's name is no HTTP token");
        }
        if (is_ours(name)) {
            return sagas::fail(ErrorCode::InvalidArgument,
                               "header " + name + " is set by skald and can't be given");
        }
        if (std::any_of(value.begin(), value.end(),
                        [](char c) { return is_control(c) && c != '\t'; })) {
            return sagas::fail(ErrorCode::InvalidArgument,
                               "the value of header " + name + " has control characters");
        }
    }
    return {};
}

bool has_length(const sagas::Request& request) {
    // RFC 9110, 8.6: a method that expects content says 0 rather than nothing.
    return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

}  // namespace

std::string authority(const Origin& origin) {
    const bool is_ipv6 = origin.host.find(':') != std::string::npos;
    std::string text = is_ipv6 ? "[" + origin.host + "]" : origin.host;
    const std::uint16_t usual = origin.scheme == sagas::HttpCall::Scheme::Https ? 443 : 80;
    if (origin.port != usual) text += ":" + std::to_string(origin.port);
    return text;
}

std::string to_text(const Origin& origin) {
    return (origin.scheme == sagas::HttpCall::Scheme::Https ? "https://" : "http://") +
           authority(origin);
}

Origin origin_of(const sagas::Request& request) {
    return {request.scheme, request.host, request.port};
}

std::string described(const sagas::Request& request) {
    std::string path = request.target.substr(0, request.target.find('?'));
    if (path.size() > kDescribedPathMax) path = path.substr(0, kDescribedPathMax) + "...";
    return request.method + " " + to_text(origin_of(request)) + path;
}

Result<std::string> to_bytes(const sagas::Request& request, std::uint32_t attempt,
                             sagas::Timestamp deadline) {
    if (const Result<void> checked = check(request); !checked) {
        return tl::unexpected(checked.error());
    }
    std::string bytes;
    bytes.reserve(512 + request.target.size() + request.body.size());
    const auto add = [&bytes](std::string_view name, std::string_view value) {
        bytes.append(name).append(": ").append(value).append("\r\n");
    };
    bytes.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    add("Host", authority(origin_of(request)));
    for (const auto& [name, value] : request.headers) add(name, value);
    if (!header(request, "user-agent")) add("User-Agent", "skald/" SKALD_VERSION);
    if (!header(request, "accept")) add("Accept", "application/json");
    add("Skald-Attempt", std::to_string(attempt));
    add("Skald-Deadline", sagas::to_rfc3339(deadline));
    if (!header(request, "traceparent")) {
        add("traceparent", traceparent(header(request, "skald-saga").value_or(""),
                                       header(request, "skald-step").value_or(""),
                                       header(request, "skald-phase").value_or(""), attempt));
    }
    if (has_length(request)) add("Content-Length", std::to_string(request.body.size()));
    bytes.append("\r\n").append(request.body);
    return bytes;
}

}  // namespace skald::engine
