#include "tests/api/raw_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace skald::api {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

std::string RawReply::header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? "" : found->second;
}

RawClient::RawClient(std::uint16_t port, int receive_bytes)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (receive_bytes > 0) {
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw std::runtime_error("connect failed");
    }
}

RawClient::~RawClient() { ::close(socket_); }

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // The server may have closed already; the test reads what it said.
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void RawClient::close_sending() { ::shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
    const linger abrupt{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
    ::close(socket_);
    socket_ = -1;
}

bool RawClient::fill() {
    std::array<char, 65536> bytes{};
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got > 0) unread_.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
}

std::optional<RawReply> RawClient::read_reply(Body body) {
    std::size_t end = std::string::npos;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return std::nullopt;
    }
    RawReply reply;
    std::string head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);
    reply.status_line = head.substr(0, head.find("\r\n"));
    reply.status = std::atoi(reply.status_line.substr(9, 3).c_str());
    for (std::size_t at = reply.status_line.size() + 2; at < head.size();) {
        const std::size_t stop = head.find("\r\n", at);
        const std::size_t colon = head.find(": ", at);
        reply.headers[lower(head.substr(at, colon - at))] =
            head.substr(colon + 2, stop - colon - 2);
        at = stop + 2;
    }
    if (body == Body::None) return reply;
    const auto size = static_cast<std::size_t>(std::atoll(reply.header("content-length").c_str()));
    while (unread_.size() < size) {
        if (!fill()) return std::nullopt;
    }
    reply.body = unread_.substr(0, size);
    unread_.erase(0, size);
    return reply;
}

std::string RawClient::read_to_end() {
    while (fill()) {
    }
    return std::exchange(unread_, {});
}

std::string RawClient::read_until(std::string_view end) {
    std::size_t found = std::string::npos;
    while ((found = unread_.find(end)) == std::string::npos) {
        if (!fill()) return std::exchange(unread_, {});
    }
    std::string text = unread_.substr(0, found + end.size());
    unread_.erase(0, text.size());
    return text;
}

std::string RawClient::read_bytes(std::size_t count) {
    while (unread_.size() < count) {
        if (!fill()) return std::exchange(unread_, {});
    }
    std::string bytes = unread_.substr(0, count);
    unread_.erase(0, count);
    return bytes;
}

bool RawClient::has_news(std::chrono::milliseconds time) {
    pollfd wanted{socket_, POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

bool RawClient::is_closed() {
    std::array<char, 1> byte{};
    const ssize_t got = unread_.empty() ? ::recv(socket_, byte.data(), 1, 0) : 1;
    // A reset is a close as well; only having run out of patience is none.
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

std::string get(std::string_view target, std::string_view headers) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
           std::string(headers) + "\r\n";
}

std::string post(std::string_view target, std::string_view body, std::string_view headers) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace skald::api
