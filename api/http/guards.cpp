#include "api/http/guards.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <utility>

#include "api/http/text.h"
#include "sagas/ascii.h"
#include "sagas/utf8.h"

namespace skald::api::http {
namespace {

/// What the client sent, for a message.
std::string quoted(std::string_view value) {
    return sagas::is_utf8(value) ? sagas::in_quotes(value) : "something that is not UTF-8";
}

/// "host:80", "[::1]:80": the host without brackets and closing dot, and the port ("" when there
/// is none).
struct Authority {
    std::string_view host;
    std::string_view port;
};

std::optional<Authority> parse_authority(std::string_view text) {
    Authority authority;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        authority.host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
    } else {
        const std::size_t end = std::min(text.find(':'), text.size());
        authority.host = text.substr(0, end);
        text.remove_prefix(end);
        if (authority.host.ends_with('.')) authority.host.remove_suffix(1);
    }
    if (!text.empty()) {
        if (text.front() != ':') return std::nullopt;
        authority.port = text.substr(1);
    }
    if (authority.host.empty() ||
        !std::all_of(authority.port.begin(), authority.port.end(), sagas::is_digit)) {
        return std::nullopt;
    }
    return authority;
}

bool is_local_name(std::string_view host) {
    constexpr std::array<std::string_view, 3> kNames{"localhost", "127.0.0.1", "::1"};
    return std::any_of(kNames.begin(), kNames.end(), [host](std::string_view name) {
        return sagas::are_equal_texts(host, name);
    });
}

bool is_ip_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

/// The "host:port" of "https://host:port/path"; none where there is no such scheme.
std::optional<std::string_view> authority_of_origin(std::string_view origin) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!sagas::are_equal_texts(origin.substr(0, scheme.size()), scheme)) continue;
        origin.remove_prefix(scheme.size());
        return origin.substr(0, origin.find('/'));
    }
    return std::nullopt;
}

/// An origin without the path, for `--public-url` may have one.
std::string_view without_path(std::string_view url) {
    const std::size_t scheme = url.find("://");
    return scheme == std::string_view::npos ? url : url.substr(0, url.find('/', scheme + 3));
}

bool is_same_authority(std::string_view a, const Authority& b) {
    const auto parsed = parse_authority(a);
    return parsed && sagas::are_equal_texts(parsed->host, b.host) &&
           (parsed->port.empty() || parsed->port == b.port);
}

constexpr std::array<std::string_view, 4> kWritingMethods{"POST", "PUT", "PATCH", "DELETE"};

/// `type`: without parameters. Anything else that begins like the types of events is an event in a
/// format that isn't known here.
bool is_cloud_event(const RequestHead& head, std::string_view type) {
    constexpr std::string_view kAnyFormat = "application/cloudevents";
    if (sagas::are_equal_texts(type.substr(0, kAnyFormat.size()), kAnyFormat)) {
        return sagas::are_equal_texts(type, "application/cloudevents+json") ||
               sagas::are_equal_texts(type, "application/cloudevents-batch+json");
    }
    return head.field("ce-specversion").has_value();
}

}  // namespace

Guards::Guards(GuardOptions options)
    : options_(std::move(options)),
      listens_everywhere_(options_.listen_host.empty() || options_.listen_host == "0.0.0.0" ||
                          options_.listen_host == "::") {
    // What an allowed origin names is a host of ours, too.
    for (const std::string& origin : options_.allowed_origins) {
        if (const auto authority = authority_of_origin(origin)) {
            options_.allowed_hosts.emplace_back(*authority);
        }
    }
}

bool Guards::is_ours(std::string_view text, LocalPort local_port) const {
    const auto authority = parse_authority(text);
    if (!authority) return false;
    for (const std::string& allowed : options_.allowed_hosts) {
        if (is_same_authority(allowed, *authority)) return true;
    }
    const bool is_port_ours =
        authority->port.empty() || authority->port == std::to_string(options_.listen_port);
    if (is_local_name(authority->host)) return local_port == LocalPort::Any || is_port_ours;
    if (listens_everywhere_) return is_ip_address(std::string(authority->host));
    return is_port_ours && sagas::are_equal_texts(authority->host, options_.listen_host);
}

std::optional<Problem> Guards::check_host(const RequestHead& head) const {
    const auto host = head.field("host");
    for (const auto& name :
         {host, head.authority.empty() ? std::nullopt : std::optional(head.authority)}) {
        if (!name || is_ours(*name, LocalPort::Any)) continue;
        return make_problem(ProblemType::MisdirectedRequest,
                            "this server is not " + quoted(*name) +
                                ": use its listen address, or start it with --allow-host or "
                                "--public-url");
    }
    return std::nullopt;
}

std::optional<Problem> Guards::check_origin(const RequestHead& head) const {
    const auto origin = head.field("origin");
    if (!origin) return std::nullopt;
    if (const auto authority = authority_of_origin(*origin)) {
        const auto host = head.field("host");
        if (host && sagas::are_equal_texts(*authority, *host)) return std::nullopt;
        if (is_ours(*authority, LocalPort::Ours)) return std::nullopt;
    }
    for (const std::string& allowed : options_.allowed_origins) {
        if (sagas::are_equal_texts(without_path(allowed), *origin)) return std::nullopt;
    }
    return make_problem(ProblemType::OriginNotAllowed,
                        "pages of " + quoted(*origin) + " may not call this server");
}

std::optional<Problem> Guards::check_token(const RequestHead& head) const {
    if (options_.token.empty()) return std::nullopt;
    constexpr std::string_view kScheme = "bearer ";
    const auto given = head.field("authorization");
    if (!given) {
        return make_problem(ProblemType::Unauthorized,
                            "send the header Authorization: Bearer TOKEN");
    }
    if (sagas::are_equal_texts(given->substr(0, kScheme.size()), kScheme)) {
        const std::string_view token = trim(given->substr(kScheme.size()));
        if (token.size() == options_.token.size() &&
            CRYPTO_memcmp(token.data(), options_.token.data(), token.size()) == 0) {
            return std::nullopt;
        }
    }
    return make_problem(ProblemType::Unauthorized,
                        "header authorization: not \"Bearer\" with the token of this server");
}

std::optional<Problem> check_content_type(const RequestHead& head, BodyKind kind) {
    if (std::find(kWritingMethods.begin(), kWritingMethods.end(), head.method) ==
        kWritingMethods.end()) {
        return std::nullopt;
    }
    const auto type = head.field("content-type");
    const auto name = trim(type ? type->substr(0, type->find(';')) : std::string_view());
    const bool is_taken = kind == BodyKind::Json ? sagas::are_equal_texts(name, "application/json")
                                                 : is_cloud_event(head, name);
    if (is_taken) return std::nullopt;
    const std::string needed =
        kind == BodyKind::Json
            ? " needs the header Content-Type: application/json, also without a body"
            : " of events needs the header Content-Type: application/cloudevents+json or "
              "application/cloudevents-batch+json, or those of a binary event (ce-specversion, "
              "ce-id, ce-source, ce-type and Content-Type)";
    return make_problem(
        ProblemType::UnsupportedMediaType,
        std::string(head.method) + needed + (type ? ", not " + quoted(*type) : std::string()));
}

}  // namespace skald::api::http
