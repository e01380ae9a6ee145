#include "engine/nats/server.h"

#include <algorithm>
#include <charconv>

#include "sagas/ascii.h"

namespace skald::engine {
namespace {

constexpr std::uint16_t kPortDefault = 4222;
constexpr std::string_view kPlainScheme = "nats://";
constexpr std::string_view kTlsScheme = "tls://";

bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](char byte) {
               const char lower = sagas::to_lower(byte);
               return (lower >= 'a' && lower <= 'z') || sagas::is_digit(byte) || byte == '-' ||
                      byte == '.' || byte == '_';
           });
}

bool is_ipv6(std::string_view host) {
    return host.size() >= 2 && host.size() <= 45 &&
           host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
           host.find(':') != std::string_view::npos;
}

}  // namespace

std::string NatsUrl::text() const {
    const bool is_bare = host.find(':') == std::string::npos;
    return std::string(security == Security::Tls ? kTlsScheme : kPlainScheme) +
           (is_bare ? host : '[' + host + ']') + ':' + std::to_string(port);
}

tl::expected<NatsUrl, std::string> parse_nats_url(std::string_view text) {
    NatsUrl url{NatsUrl::Security::Plain, {}, kPortDefault};
    if (text.starts_with(kTlsScheme)) {
        url.security = NatsUrl::Security::Tls;
        text.remove_prefix(kTlsScheme.size());
    } else if (text.starts_with(kPlainScheme)) {
        text.remove_prefix(kPlainScheme.size());
    } else {
        return tl::unexpected<std::string>("must begin with nats:// or tls://");
    }
    if (text.find('@') != std::string_view::npos) {
        return tl::unexpected<std::string>(
            "holds a user or a secret, which do not stand in a URL: they have members of their "
            "own");
    }
    if (text.ends_with('/')) text.remove_suffix(1);
    const bool has_brackets = text.starts_with('[');
    const std::size_t end = has_brackets ? text.find(']') : text.find(':');
    const std::string_view host = has_brackets ? text.substr(1, end - 1) : text.substr(0, end);
    if (!(has_brackets ? end != std::string_view::npos && is_ipv6(host) : is_host(host))) {
        return tl::unexpected<std::string>("names no host");
    }
    url.host = sagas::to_lower(host);
    std::string_view rest = end == std::string_view::npos ? std::string_view() : text.substr(end);
    if (has_brackets) rest.remove_prefix(1);
    if (rest.empty()) return url;
    const bool has_colon = rest.front() == ':';
    rest.remove_prefix(1);
    const char* const last = rest.data() + rest.size();
    const auto read = std::from_chars(rest.data(), last, url.port);
    const bool is_port = has_colon && read.ec == std::errc() && read.ptr == last && url.port != 0;
    if (!is_port) return tl::unexpected<std::string>("must end with a port from 1 to 65535");
    return url;
}

}  // namespace skald::engine
