#include "tests/outside/nats_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace skald::outside {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeaderStart = "NATS/1.0";

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end != 0) words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// "NATS/1.0[ CODE …]", then lines, then an empty one.
void take_headers(std::string_view bytes, NatsMessage& message) {
    const std::size_t line_end = std::min(bytes.find(kLineEnd), bytes.size());
    const std::string_view first = bytes.substr(0, line_end);
    if (first.size() > kHeaderStart.size()) {
        message.status = static_cast<int>(number_of(first.substr(kHeaderStart.size() + 1)));
    }
    bytes.remove_prefix(std::min(line_end + kLineEnd.size(), bytes.size()));
    if (bytes.ends_with(kLineEnd)) bytes.remove_suffix(kLineEnd.size());
    message.headers = bytes;
}

}  // namespace

void NatsClient::disconnect() {
    socket_.close();
    received_.clear();
    demand_ = 0;
}

bool NatsClient::write(std::string_view bytes, Instant until) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(socket_.value(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EAGAIN || !await_socket(socket_, POLLOUT, until)) {
            disconnect();
            return false;
        }
    }
    return true;
}

/// False: nothing came in time (the connection stays), or it broke (it is closed).
bool NatsClient::fill(Instant until) {
    std::array<char, 65536> chunk;
    while (true) {
        const ssize_t count = ::recv(socket_.value(), chunk.data(), chunk.size(), 0);
        if (count > 0) {
            received_.append(chunk.data(), static_cast<std::size_t>(count));
            return true;
        }
        if (count == 0 || errno != EAGAIN) {
            disconnect();
            return false;
        }
        if (!await_socket(socket_, POLLIN, until)) return false;
    }
}

std::optional<std::string> NatsClient::read_line(Instant until) {
    while (true) {
        const std::size_t end = received_.find(kLineEnd);
        if (end != std::string::npos) {
            std::string line = received_.substr(0, end);
            received_.erase(0, end + kLineEnd.size());
            return line;
        }
        if (!fill(until)) return std::nullopt;
    }
}

bool NatsClient::shake_hands(Instant until) {
    const auto info = read_line(until);
    if (!info.has_value() || !info->starts_with("INFO ")) return false;
    inbox_ = "_INBOX." + std::to_string(::getpid()) + '-' +
             std::to_string(reinterpret_cast<std::uintptr_t>(this)) + '.';
    const std::string hello =
        "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,"
        "\"lang\":\"cpp\",\"version\":\"0\",\"protocol\":1}\r\nSUB " +
        inbox_ + "* 1\r\nPING\r\n";
    if (!write(hello, until)) return false;
    while (const auto line = read_line(until)) {
        if (*line == "PONG") return true;
        if (line->starts_with("-ERR")) return false;
    }
    return false;
}

bool NatsClient::ensure_connected(Instant until) {
    if (socket_.is_open()) return true;
    disconnect();
    socket_ = connect_to_loopback(port_);
    if (!socket_.is_open() || !await_socket(socket_, POLLOUT, until) || !shake_hands(until)) {
        disconnect();
        return false;
    }
    return true;
}

NatsClient::Read NatsClient::read(NatsMessage& message, Instant until) {
    while (true) {
        const std::size_t end = received_.find(kLineEnd);
        if (end != std::string::npos) {
            const std::string line = received_.substr(0, end);
            if (line.starts_with("MSG ") || line.starts_with("HMSG ")) {
                const Read taken = take_message(line, end + kLineEnd.size(), message);
                if (taken != Read::Nothing) return taken;
            } else {
                received_.erase(0, end + kLineEnd.size());
                if (line.starts_with("-ERR") || (line == "PING" && !write("PONG\r\n", until))) {
                    disconnect();
                    return Read::Broken;
                }
                return Read::Other;
            }
        }
        if (!fill(until)) return socket_.is_open() ? Read::Nothing : Read::Broken;
    }
}

/// "MSG subject sid [reply] size" or "HMSG subject sid [reply] head-size size". Nothing: it is not
/// whole yet.
NatsClient::Read NatsClient::take_message(std::string_view line, std::size_t line_size,
                                          NatsMessage& message) {
    const auto words = split(line, ' ');
    const bool has_headers = words[0] == "HMSG";
    const std::size_t plain = has_headers ? 5 : 4;
    if (words.size() < plain || words.size() > plain + 1) {
        disconnect();
        return Read::Broken;
    }
    const std::size_t size = number_of(words.back());
    if (received_.size() < line_size + size + kLineEnd.size()) return Read::Nothing;
    const std::size_t head = has_headers ? number_of(words[words.size() - 2]) : 0;
    message = {};
    message.subject = words[1];
    if (words.size() == plain + 1) message.reply = words[3];
    const std::string_view body = std::string_view(received_).substr(line_size, size);
    if (has_headers) take_headers(body.substr(0, head), message);
    message.payload = body.substr(head);
    received_.erase(0, line_size + size + kLineEnd.size());
    return Read::Message;
}

std::optional<NatsMessage> NatsClient::request(std::string_view subject, std::string_view payload,
                                               std::string_view headers,
                                               std::chrono::milliseconds time) {
    const Instant until = std::chrono::steady_clock::now() + time;
    if (!ensure_connected(until)) return std::nullopt;
    const std::string inbox = inbox_ + std::to_string(++requests_);
    std::string bytes(headers.empty() ? "PUB " : "HPUB ");
    bytes.append(subject).append(" ").append(inbox).append(" ");
    std::string head;
    if (!headers.empty()) {
        head.append(kHeaderStart).append(kLineEnd).append(headers).append(kLineEnd);
        bytes.append(std::to_string(head.size())).append(" ");
    }
    bytes.append(std::to_string(head.size() + payload.size())).append(kLineEnd);
    bytes.append(head).append(payload).append(kLineEnd);
    if (!write(bytes, until)) return std::nullopt;
    NatsMessage message;
    while (true) {
        switch (read(message, until)) {
            case Read::Message:
                if (message.subject != inbox) break;
                if (message.status == 503) return std::nullopt;
                return message;
            case Read::Other:
                break;
            case Read::Nothing:
            case Read::Broken:
                return std::nullopt;
        }
    }
}

bool NatsClient::publish(std::string_view subject, std::string_view payload) {
    const Instant until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    if (!ensure_connected(until)) return false;
    std::string bytes = "PUB ";
    bytes.append(subject).append(" ").append(std::to_string(payload.size())).append(kLineEnd);
    bytes.append(payload).append(kLineEnd);
    return write(bytes, until);
}

std::optional<std::vector<NatsMessage>> NatsClient::pull(std::string_view stream,
                                                         std::string_view consumer,
                                                         std::size_t limit,
                                                         std::chrono::milliseconds time) {
    const Instant until = std::chrono::steady_clock::now() + time;
    if (!ensure_connected(until)) return std::nullopt;
    const std::string inbox = inbox_ + "pull";
    if (demand_ == 0) {
        const auto expires = std::chrono::nanoseconds(time).count();
        const std::string ask =
            "{\"batch\":" + std::to_string(limit) + ",\"expires\":" + std::to_string(expires) + '}';
        std::string bytes = "PUB $JS.API.CONSUMER.MSG.NEXT.";
        bytes.append(stream).append(".").append(consumer).append(" ").append(inbox).append(" ");
        bytes.append(std::to_string(ask.size())).append(kLineEnd).append(ask).append(kLineEnd);
        if (!write(bytes, until)) return std::nullopt;
        demand_ = limit;
    }
    std::vector<NatsMessage> messages;
    while (true) {
        // What is there already comes without waiting.
        const Instant latest = messages.empty() ? until : Instant{};
        NatsMessage message;
        switch (read(message, latest)) {
            case Read::Message:
                if (message.subject == inbox && message.status != 0) {
                    demand_ = 0;  // Expired, or no such consumer.
                    return messages;
                }
                // It has the subject under which it was published.
                if (stream_sequence(message) == 0) break;
                demand_ -= std::min<std::size_t>(demand_, 1);
                messages.push_back(std::move(message));
                if (demand_ == 0) return messages;
                break;
            case Read::Other:
                break;
            case Read::Nothing:
                // A server that says nothing at all may have forgotten what was asked.
                if (messages.empty()) demand_ = 0;
                return messages;
            case Read::Broken:
                return std::nullopt;
        }
    }
}

std::uint64_t stream_sequence(const NatsMessage& message) {
    // $JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE…, or with a domain and an account before STREAM.
    constexpr std::size_t kShort = 9;
    const auto words = split(message.reply, '.');
    if (words.size() < kShort || words[0] != "$JS" || words[1] != "ACK") return 0;
    return number_of(words[words.size() == kShort ? 5 : 7]);
}

}  // namespace skald::outside
