#include "api/http/stream_body.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace skald::api::http {
namespace {

/// The write time is given for so many bytes, so that slow is not what only has much to take.
constexpr std::size_t kChunkBytesMax = 32u << 10;

std::string in_hex(std::size_t number) {
    std::array<char, 16> text{};
    const auto end = std::to_chars(text.begin(), text.end(), number, 16).ptr;
    return {text.begin(), end};
}

}  // namespace

std::variant<std::string, Stream::Wait, Stream::Over> StreamBody::next() {
    if (taken_ < piece_.size()) return take_chunk();
    Stream::Next next = stream_.next();
    if (auto* wait = std::get_if<Stream::Wait>(&next)) return std::move(*wait);
    if (std::holds_alternative<Stream::Over>(next)) return Stream::Over{};
    piece_ = std::move(std::get<std::string>(next));
    taken_ = 0;
    return piece_.empty() ? std::string() : take_chunk();
}

std::string StreamBody::take_chunk() {
    const std::string_view chunk = std::string_view(piece_).substr(taken_, kChunkBytesMax);
    taken_ += chunk.size();
    if (version_ == HttpVersion::Http10) return std::string(chunk);
    return in_hex(chunk.size()).append("\r\n").append(chunk).append("\r\n");
}

std::string StreamBody::last() const {
    return version_ == HttpVersion::Http11 ? "0\r\n\r\n" : std::string();
}

}  // namespace skald::api::http
