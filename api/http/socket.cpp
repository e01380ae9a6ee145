#include "api/http/socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace skald::api::http {
namespace {

/// What `drain` takes in: a peer that sends more than this isn't about to read our reply.
constexpr std::size_t kDrainBytesMax = 8u << 20;

}  // namespace

Socket::~Socket() { ::close(descriptor_); }

std::size_t Socket::receive(std::span<char> place) {
    for (;;) {
        const ssize_t got = ::recv(descriptor_, place.data(), place.size(), 0);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) return 0;
    }
}

std::size_t Socket::receive(std::span<char> place, Deadline until) {
    for (;;) {
        const ssize_t got = ::recv(descriptor_, place.data(), place.size(), MSG_DONTWAIT);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == EINTR) continue;
        if (errno != EAGAIN || !wait_for(POLLIN, until)) return 0;
    }
}

Socket::Sent Socket::send(std::string_view head, std::string_view body, Deadline until) {
    std::array<iovec, 2> pieces{iovec{const_cast<char*>(head.data()), head.size()},
                                iovec{const_cast<char*>(body.data()), body.size()}};
    std::size_t left = head.size() + body.size();
    while (left > 0) {
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        const ssize_t result = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (result < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN || !wait_for(POLLOUT, until)) return Sent::Failed;
            continue;
        }
        auto sent = static_cast<std::size_t>(result);
        left -= sent;
        for (iovec& piece : pieces) {
            const std::size_t part = std::min(sent, piece.iov_len);
            piece.iov_base = static_cast<char*>(piece.iov_base) + part;
            piece.iov_len -= part;
            sent -= part;
        }
    }
    return Sent::Whole;
}

bool Socket::is_peer_gone() const {
    pollfd end{descriptor_, POLLRDHUP, 0};
    return ::poll(&end, 1, 0) > 0;  // Hang-ups and errors are told unasked.
}

void Socket::limit_unread(int bytes) {
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

void Socket::drain(Deadline until) {
    ::shutdown(descriptor_, SHUT_WR);
    std::array<char, 16384> forgotten{};
    for (std::size_t total = 0; total < kDrainBytesMax;) {
        const std::size_t got = receive(forgotten, until);
        if (got == 0) return;
        total += got;
    }
}

bool Socket::wait_for(short events, Deadline until) const {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd wanted{descriptor_, events, 0};
        const int ready =
            ::poll(&wanted, 1, static_cast<int>(std::min<long long>(left.count(), INT_MAX)));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

}  // namespace skald::api::http
