#include "api/http/stream_sender.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <variant>

#include <spdlog/spdlog.h>

namespace skald::api::http {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The write time is given for so many bytes, so that slow is not what only has much to take.
constexpr std::size_t kChunkBytesMax = 32u << 10;
/// The system would keep megabytes for each reader that doesn't read.
constexpr int kUnreadBytesMax = 64 << 10;
/// The longest single wait: steady times can't be added to without end.
constexpr sagas::Milliseconds kWaitTimeMax{24 * 3600 * 1000};

constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// RFC 9112, section 7.1.
std::string chunk_head(std::size_t bytes) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%zx\r\n", bytes);
    return text.data();
}

}  // namespace

void StreamSender::send(const Stream& stream, std::string_view request_id) {
    socket_.limit_unread(kUnreadBytesMax);
    try {
        Sent sent = Sent::GoesOn;
        while (sent == Sent::GoesOn) sent = send_next(stream);
        if (sent == Sent::TooSlow) {
            spdlog::info("request {}: dropped its reader, who did not keep up ({} for a piece)",
                         request_id, sagas::to_duration_text(write_time_));
        }
    } catch (const std::exception& error) {
        spdlog::error("request {}: cut its stream off: {}", request_id, error.what());
    }
}

StreamSender::Sent StreamSender::send_next(const Stream& stream) {
    if (all_.is_stopping()) return send_end();
    const Stream::Next next = stream.next();
    if (const auto* piece = std::get_if<std::string>(&next)) return send_piece(*piece);
    if (const auto* wait = std::get_if<Stream::Wait>(&next)) return wait_for(*wait);
    return send_end();
}

StreamSender::Sent StreamSender::send_piece(std::string_view piece) {
    Sent sent = Sent::GoesOn;
    while (!piece.empty() && sent == Sent::GoesOn) {
        const std::string_view part = piece.substr(0, kChunkBytesMax);
        piece.remove_prefix(part.size());
        if (version_ == HttpVersion::Http10) {
            sent = transmit({}, part);
        } else {
            sent = transmit(chunk_head(part.size()), std::string(part).append("\r\n"));
        }
    }
    return sent;
}

StreamSender::Sent StreamSender::send_end() {
    if (version_ == HttpVersion::Http11) transmit({}, kLastChunk);
    return Sent::Ended;
}

StreamSender::Sent StreamSender::wait_for(const Stream::Wait& wait) {
    const Deadline until =
        SteadyClock::now() + std::clamp(wait.time, sagas::Milliseconds(0), kWaitTimeMax);
    const auto ready = member_.wakeup().begin();
    if (wait.arm) wait.arm(ready);
    for (;;) {
        // After `begin`, which forgets an end that came before; send_next sees that one, too.
        if (all_.is_stopping()) return Sent::GoesOn;
        const Deadline look = std::min(until, SteadyClock::now() + kLookTime);
        const auto woken = member_.wakeup().wait(look);
        if (socket_.is_peer_gone()) return Sent::Ended;
        if (woken == Wakeup::Woken::Ended || look == until) return Sent::GoesOn;
    }
}

StreamSender::Sent StreamSender::transmit(std::string_view head, std::string_view body) {
    if (socket_.send(head, body, SteadyClock::now() + write_time_) == Socket::Sent::Whole) {
        return Sent::GoesOn;
    }
    return socket_.is_peer_gone() || all_.is_stopping() ? Sent::Ended : Sent::TooSlow;
}

}  // namespace skald::api::http
