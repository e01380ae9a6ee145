#include "api/http/receive_buffer.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace skald::api::http {
namespace {

/// Holds most requests whole. Grown for larger heads, and given back after them.
constexpr std::size_t kBufferBytes = 8u << 10;
/// A body's memory is taken as it arrives, in pieces, and not on the word of its Content-Length.
constexpr std::size_t kBodyPieceBytes = 64u << 10;

ReceiveBuffer::Received received(std::optional<std::size_t> got) {
    if (!got) return ReceiveBuffer::Received::NothingYet;
    return *got == 0 ? ReceiveBuffer::Received::Gone : ReceiveBuffer::Received::Some;
}

}  // namespace

ReceiveBuffer::ReceiveBuffer(Socket& socket, const HeadLimits& limits)
    : socket_(socket), limits_(limits), scanner_(limits), buffer_(kBufferBytes) {}

void ReceiveBuffer::begin() {
    scanner_.emplace(limits_);
    if (is_empty() && buffer_.size() > kBufferBytes) buffer_ = std::vector<char>(kBufferBytes);
}

ReceiveBuffer::Received ReceiveBuffer::receive() {
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    // Bounded, for the scanner refuses a head that is too large.
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    const auto got = socket_.receive({buffer_.data() + end_, buffer_.size() - end_});
    end_ += got.value_or(0);
    return received(got);
}

Parsed<std::size_t> ReceiveBuffer::scan() {
    return scanner_->scan(std::string_view(buffer_.data() + begin_, end_ - begin_));
}

std::span<char> ReceiveBuffer::head(std::size_t size) { return {buffer_.data() + begin_, size}; }

void ReceiveBuffer::take(std::size_t head_size, std::string& body, std::size_t size) {
    begin_ += head_size;
    const std::size_t here = std::min(size, end_ - begin_);
    body.assign(buffer_.data() + begin_, here);
    begin_ += here;
}

ReceiveBuffer::Received ReceiveBuffer::receive(std::string& body, std::size_t size) {
    const std::size_t filled = body.size();
    body.resize(std::min(size, filled + kBodyPieceBytes));
    const auto got = socket_.receive({body.data() + filled, body.size() - filled});
    body.resize(filled + got.value_or(0));
    return received(got);
}

}  // namespace skald::api::http
