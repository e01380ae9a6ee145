#include "sagas/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "sagas/ascii.h"
#include "sagas/definition_limits.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kHostBytesMax = 253;

bool is_lower(char byte) { return byte >= 'a' && byte <= 'z'; }
bool is_hex(char byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

tl::unexpected<UrlFault> bad(std::string detail, std::string hint = {}) {
    return tl::unexpected<UrlFault>(UrlFault{"bad-url", std::move(detail), std::move(hint)});
}

/// A name or an IPv4 address.
bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > kHostBytesMax || host.front() == '.') return false;
    if (host.find("..") != host.npos) return false;
    return std::all_of(host.begin(), host.end(), [](char byte) {
        return is_lower(byte) || is_digit(byte) || byte == '-' || byte == '.' || byte == '_';
    });
}

bool is_ipv6(const std::string& host) {
    in6_addr address{};
    return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    if (text.empty() || text.size() > 5) return std::nullopt;
    unsigned port = 0;
    for (const char byte : text) {
        if (!is_digit(byte)) return std::nullopt;
        port = port * 10 + static_cast<unsigned>(byte - '0');
    }
    if (port == 0 || port > 65'535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

/// "host", "host:port", "[ipv6]" or "[ipv6]:port".
tl::expected<void, UrlFault> read_authority(std::string_view authority, Url& url) {
    if (authority.find('@') != authority.npos) {
        return bad("a URL holds no user or password",
                   "send an Authorization header with {$secrets.NAME}");
    }
    const bool is_bracketed = authority.starts_with('[');
    const std::size_t host_end =
        is_bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
    if (host_end == authority.npos) return bad("the \"]\" of the IPv6 address is missing");
    url.host = to_lower(authority.substr(is_bracketed ? 1 : 0, host_end - (is_bracketed ? 1 : 0)));
    if (is_bracketed ? !is_ipv6(url.host) : !is_host_name(url.host)) {
        return bad(in_quotes(url.host) + " is no host name or address",
                   "non-ASCII names are written in their xn-- form");
    }
    const std::string_view rest = authority.substr(host_end + (is_bracketed ? 1 : 0));
    if (rest.empty()) return {};
    const std::optional<std::uint16_t> port =
        rest.front() == ':' ? parse_port(rest.substr(1)) : std::nullopt;
    if (!port) return bad(in_quotes(rest) + " is no port", "a port is a number from 1 to 65535");
    url.port = *port;
    return {};
}

bool is_target_byte(char byte) {
    return is_lower(byte) || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
           std::string_view("-._~!$&'()*+,;=:@/?").find(byte) != std::string_view::npos;
}

/// Why this byte of a literal part can't stand in a target.
tl::unexpected<UrlFault> bad_byte(std::string_view rest) {
    if (rest.front() == '#') return bad("a URL of a call has no fragment (\"#\")");
    if (rest.front() == '{' || rest.front() == '}') {
        return bad("a brace at " + in_quotes(rest, 20), "a value is inserted with {$input.NAME}");
    }
    return bad("a character that must be percent-encoded at " + in_quotes(rest, 20));
}

}  // namespace

tl::expected<Url, UrlFault> parse_url(std::string_view text) {
    Url url{HttpCall::Scheme::Http, {}, 80, {}};
    const std::string start = to_lower(text.substr(0, 8));
    if (start.starts_with("https://")) {
        url.scheme = HttpCall::Scheme::Https;
        url.port = 443;
        text.remove_prefix(8);
    } else if (start.starts_with("http://")) {
        text.remove_prefix(7);
    } else if (text.starts_with("$") || text.starts_with("{$")) {
        return tl::unexpected<UrlFault>(
            UrlFault{"host-not-literal", "scheme, host and port must be written out",
                     "insert values behind the host only: no input may choose whom Skald calls"});
    } else {
        return bad(in_quotes(text) + " doesn't start with http:// or https://");
    }
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    const std::string_view authority = text.substr(0, end);
    if (authority.find_first_of("${}") != authority.npos) {
        return tl::unexpected<UrlFault>(
            UrlFault{"host-not-literal", "scheme, host and port must be written out",
                     "insert values behind the host only: no input may choose whom Skald calls"});
    }
    if (tl::expected<void, UrlFault> read = read_authority(authority, url); !read) {
        return tl::unexpected<UrlFault>(std::move(read.error()));
    }
    url.target = text.substr(end);
    if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
    return url;
}

namespace {

/// The error of a failed call names the path, and errors are journaled and shown.
tl::unexpected<UrlFault> secret_in_path() {
    return tl::unexpected<UrlFault>(
        UrlFault{"secret-shown", "a secret in the path would be seen in the errors of the call",
                 "put it into a header, the query or the body"});
}

}  // namespace

tl::expected<void, UrlFault> check_target(const std::vector<TextPart>& parts) {
    std::string target;
    for (const TextPart& part : parts) {
        const auto* literal = std::get_if<std::string>(&part);
        if (literal == nullptr) {
            const bool is_secret = std::get<Path>(part).root.kind == RootKind::Secret;
            if (is_secret && target.find('?') == target.npos) return secret_in_path();
            target += 'x';
            continue;
        }
        const std::string_view text = *literal;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (is_target_byte(text[i])) continue;
            const bool is_escape =
                text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
            if (!is_escape) return bad_byte(text.substr(i));
        }
        target += text;
    }
    if (has_dot_segment(target)) return bad("a \".\" or \"..\" segment in the path");
    return {};
}

tl::expected<Url, UrlFault> parse_literal_url(std::string_view text) {
    if (text.size() > kUrlBytesMax) {
        return bad(std::to_string(text.size()) + " bytes; at most " + std::to_string(kUrlBytesMax) +
                   " are allowed");
    }
    if (text.find_first_of("{}") != text.npos || text.find("$secrets.") != text.npos) {
        return bad("nothing is inserted into this URL", "write it out");
    }
    tl::expected<Url, UrlFault> url = parse_url(text);
    if (!url) return url;
    if (auto good = check_target({url->target}); !good) {
        return tl::unexpected<UrlFault>(std::move(good.error()));
    }
    return url;
}

bool has_dot_segment(std::string_view target) {
    if (target.find("/.") == target.npos && target.find("/%2") == target.npos) return false;
    std::string path = to_lower(target.substr(0, target.find('?')));
    for (std::size_t at = path.find("%2e"); at != path.npos; at = path.find("%2e", at)) {
        path.replace(at, 3, ".");
    }
    path += '/';
    return path.find("/./") != path.npos || path.find("/../") != path.npos;
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
           (host.starts_with("127.") && std::all_of(host.begin(), host.end(), [](char byte) {
                return is_digit(byte) || byte == '.';
            }));
}

}  // namespace skald::sagas
