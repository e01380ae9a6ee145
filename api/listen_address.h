#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sagas/result.h"

namespace skald::api {

struct ListenAddress {
    std::string host;  ///< A name or an address; IPv6 without brackets.
    std::uint16_t port;
};

/// "127.0.0.1:8080", "[::1]:8080", "localhost:0". Errors: InvalidArgument.
sagas::Result<ListenAddress> parse_listen_address(std::string_view text);

/// "127.0.0.1:8080", "[::1]:8080".
std::string to_text(const ListenAddress& address);

/// Whether only this machine can reach it: 127.0.0.0/8, ::1 and localhost.
bool is_loopback(std::string_view host);

}  // namespace skald::api
