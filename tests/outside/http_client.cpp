#include "tests/outside/http_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "tests/outside/http_message.h"

namespace skald::outside {

bool HttpClient::connect(Instant until) {
    socket_ = connect_to_loopback(port_);
    if (!socket_.is_open() || !await_socket(socket_, POLLOUT, until)) {
        return false;
    }
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket_.value(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

bool HttpClient::write_all(std::string_view bytes, Instant until) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(socket_.value(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EAGAIN || !await_socket(socket_, POLLOUT, until)) {
            return false;
        }
    }
    return true;
}

HttpClient::Received HttpClient::read_reply(HttpReply& reply, Instant until) {
    std::string bytes;
    std::array<char, 16384> chunk;
    HttpMessage message;
    while (true) {
        const ssize_t count = ::recv(socket_.value(), chunk.data(), chunk.size(), 0);
        if (count > 0) {
            bytes.append(chunk.data(), static_cast<std::size_t>(count));
            const Parsed parsed = parse_message(bytes, message);
            if (parsed == Parsed::Whole) {
                break;
            }
            if (parsed == Parsed::Broken) {
                return Received::Broken;
            }
        } else if (count == 0 || errno != EAGAIN) {
            return bytes.empty() ? Received::Nothing : Received::Broken;
        } else if (!await_socket(socket_, POLLIN, until)) {
            return Received::Broken;
        }
    }
    reply = {status_code(message.start_line), std::string(message.headers),
             std::string(message.body)};
    if (message.is_closing) {
        socket_.close();
    }
    return Received::Whole;
}

std::optional<HttpReply> HttpClient::send(std::string_view method, std::string_view target,
                                          std::string_view json, std::string_view headers,
                                          std::chrono::milliseconds time) {
    std::string request(method);
    request.append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1:");
    request.append(std::to_string(port_)).append("\r\n").append(headers);
    if (method != "GET") {
        if (!find_header(headers, "content-type").has_value()) {
            request.append("Content-Type: application/json\r\n");
        }
        request.append("Content-Length: ").append(std::to_string(json.size())).append("\r\n");
    }
    request.append("\r\n").append(json);

    const Instant until = std::chrono::steady_clock::now() + time;
    bool is_kept = socket_.is_open();
    while (true) {
        HttpReply reply;
        Received received = Received::Nothing;
        if (is_kept || connect(until)) {
            if (write_all(request, until)) {
                received = read_reply(reply, until);
            }
        }
        if (received == Received::Whole) {
            return reply;
        }
        socket_.close();
        // A server may close a connection that idles just when the next request goes out.
        if (!is_kept || received == Received::Broken) {
            return std::nullopt;
        }
        is_kept = false;
    }
}

}  // namespace skald::outside
