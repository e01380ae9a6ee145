#include "engine/request_bytes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "engine/trace_context.h"
#include "sagas/ascii.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

constexpr std::size_t kDescribedPathMax = 200;  // Bytes.

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

constexpr sagas::ByteSet kOfValue = [] {
    sagas::ByteSet set{};
    for (std::size_t byte = 0; byte < set.size(); ++byte) {
        set[byte] = (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    }
    return set;
}();

bool is_target(std::string_view text) {
    return text.starts_with('/') && std::none_of(text.begin(), text.end(), [](char c) {
               return is_control(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
           });
}

/// The headers that to_bytes looks for.
enum class Known : std::uint8_t {
    No,    ///< Any other.
    Ours,  ///< It adds them itself; two of one would be read differently by different servers.
    UserAgent,
    Accept,
    Traceparent,
    Saga,
    Step,
    Phase,
};

Known known(std::string_view header) {
    struct Named {
        std::string_view name;
        Known known;
    };
    static constexpr std::array<Named, 12> kNames = {{{"host", Known::Ours},
                                                      {"content-length", Known::Ours},
                                                      {"transfer-encoding", Known::Ours},
                                                      {"connection", Known::Ours},
                                                      {"skald-attempt", Known::Ours},
                                                      {"skald-deadline", Known::Ours},
                                                      {"user-agent", Known::UserAgent},
                                                      {"accept", Known::Accept},
                                                      {"traceparent", Known::Traceparent},
                                                      {"skald-saga", Known::Saga},
                                                      {"skald-step", Known::Step},
                                                      {"skald-phase", Known::Phase}}};
    for (const Named& each : kNames) {
        if (sagas::are_equal_texts(header, each.name)) return each.known;
    }
    return Known::No;
}

/// The values of the headers that a request gives; of two the first. Borrows them.
class Given {
 public:
    void add(Known header, const std::string& value) {
        const std::string*& kept = values_[static_cast<std::size_t>(header)];
        if (kept == nullptr) kept = &value;
    }
    bool has(Known header) const { return values_[static_cast<std::size_t>(header)] != nullptr; }
    std::string_view value(Known header) const {
        return has(header) ? std::string_view(*values_[static_cast<std::size_t>(header)])
                           : std::string_view();
    }

 private:
    std::array<const std::string*, static_cast<std::size_t>(Known::Phase) + 1> values_{};
};

Result<void> check_line(const sagas::Request& request) {
    if (!sagas::is_http_token(request.method)) {
        return sagas::fail(ErrorCode::InvalidArgument, "the method is no HTTP token");
    }
    if (!is_target(request.target)) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "the path and query must start with / and hold visible ASCII only");
    }
    return {};
}

Result<Given> check_headers(const sagas::Request& request) {
    Given given;
    for (const auto& [name, value] : request.headers) {
        if (!sagas::is_http_token(name)) {
            return sagas::fail(ErrorCode::InvalidArgument, "a header's name is no HTTP token");
        }
        const Known header = known(name);
        if (header == Known::Ours) {
            return sagas::fail(ErrorCode::InvalidArgument,
                               "header " + name + " is set by skald and can't be given");
        }
        if (!sagas::has_all(kOfValue, value)) {
            return sagas::fail(ErrorCode::InvalidArgument,
                               "the value of header " + name + " has control characters");
        }
        given.add(header, value);
    }
    return given;
}

bool has_length(const sagas::Request& request) {
    // RFC 9110, 8.6: a method that expects content says 0 rather than nothing.
    return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

std::string authority(sagas::HttpCall::Scheme scheme, const std::string& host, std::uint16_t port) {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    std::string text = is_ipv6 ? "[" + host + "]" : host;
    const std::uint16_t usual = scheme == sagas::HttpCall::Scheme::Https ? 443 : 80;
    if (port != usual) text += ":" + std::to_string(port);
    return text;
}

}  // namespace

std::string authority(const Origin& origin) {
    return authority(origin.scheme, origin.host, origin.port);
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
    if (const Result<void> checked = check_line(request); !checked) {
        return tl::unexpected(checked.error());
    }
    const Result<Given> given = check_headers(request);
    if (!given) return tl::unexpected(given.error());
    std::string bytes;
    bytes.reserve(512 + request.target.size() + request.body.size());
    const auto add = [&bytes](std::string_view name, std::string_view value) {
        bytes.append(name).append(": ").append(value).append("\r\n");
    };
    bytes.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    add("Host", authority(request.scheme, request.host, request.port));
    for (const auto& [name, value] : request.headers) add(name, value);
    if (!given->has(Known::UserAgent)) add("User-Agent", "skald/" SKALD_VERSION);
    if (!given->has(Known::Accept)) add("Accept", "application/json");
    add("Skald-Attempt", std::to_string(attempt));
    add("Skald-Deadline", sagas::to_rfc3339(deadline));
    if (!given->has(Known::Traceparent)) {
        add("traceparent", traceparent(given->value(Known::Saga), given->value(Known::Step),
                                       given->value(Known::Phase), attempt));
    }
    if (has_length(request)) add("Content-Length", std::to_string(request.body.size()));
    bytes.append("\r\n").append(request.body);
    return bytes;
}

}  // namespace skald::engine
