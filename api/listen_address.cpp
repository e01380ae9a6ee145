#include "api/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "api/query_parameters.h"

namespace skald::api {

sagas::Result<ListenAddress> parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto port = colon == std::string_view::npos ? std::nullopt
                                                      : to_number(text.substr(colon + 1), 0, 65535);
    std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
    const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    const bool has_stray_colon = !is_bracketed && host.find(':') != std::string_view::npos;
    if (!port || host.empty() || has_stray_colon) {
        return sagas::fail(sagas::ErrorCode::InvalidArgument,
                           "\"" + std::string(text) +
                               "\" must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080");
    }
    return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_text(const ListenAddress& address) {
    const bool is_ipv6 = address.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback(std::string_view host) {
    const std::string text(host);
    in_addr ipv4{};
    if (inet_pton(AF_INET, text.c_str(), &ipv4) == 1) {
        return ntohl(ipv4.s_addr) >> 24 == 127;
    }
    in6_addr ipv6{};
    if (inet_pton(AF_INET6, text.c_str(), &ipv6) == 1) return IN6_IS_ADDR_LOOPBACK(&ipv6);
    return text == "localhost";
}

}  // namespace skald::api
