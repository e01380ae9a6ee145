#include "tests/outside/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace skald::outside {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void share_port(const Descriptor& socket) {
    const int on = 1;
    ::setsockopt(socket.value(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

void bind_to_loopback(const Descriptor& socket, std::uint16_t port) {
    const sockaddr_in address = loopback(port);
    require(::bind(socket.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "bind");
}

}  // namespace

Descriptor::~Descriptor() { close(); }

void Descriptor::close() {
    if (value_ >= 0) {
        ::close(std::exchange(value_, -1));
    }
}

int require(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

Descriptor listen_on_loopback(std::uint16_t port) {
    Descriptor socket(
        require(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    if (port != 0) share_port(socket);
    bind_to_loopback(socket, port);
    require(::listen(socket.value(), 4096), "listen");
    return socket;
}

Descriptor hold_port() {
    Descriptor socket(require(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    share_port(socket);
    bind_to_loopback(socket, 0);
    return socket;
}

std::uint16_t port_of(const Descriptor& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    require(::getsockname(socket.value(), reinterpret_cast<sockaddr*>(&address), &size),
            "getsockname");
    return ntohs(address.sin_port);
}

Descriptor connect_to_loopback(std::uint16_t port) {
    Descriptor socket(
        require(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    const int on = 1;
    ::setsockopt(socket.value(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (::connect(socket.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) <
            0 &&
        errno != EINPROGRESS) {
        socket.close();
    }
    return socket;
}

bool await_socket(const Descriptor& socket, short events,
                  std::chrono::steady_clock::time_point until) {
    using std::chrono::milliseconds;
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
        pollfd entry{socket.value(), events, 0};
        const int wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        const int ready = ::poll(&entry, 1, wait_ms);
        if (ready > 0) {
            return true;
        }
        if (left.count() <= 0 && ready == 0) {
            return false;
        }
    }
}

void raise_descriptor_limit() {
    rlimit limit{};
    require(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    require(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

}  // namespace skald::outside
