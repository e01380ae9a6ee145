#include "api/http/socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace skald::api::http {

std::optional<std::size_t> Socket::receive(std::span<char> place) {
    for (;;) {
        const ssize_t got = ::recv(descriptor(), place.data(), place.size(), MSG_DONTWAIT);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == EAGAIN) return std::nullopt;
        if (errno != EINTR) return 0;
    }
}

Socket::Sent Socket::send(std::string_view& head, std::string_view& body) {
    while (!head.empty() || !body.empty()) {
        std::array<iovec, 2> pieces{iovec{const_cast<char*>(head.data()), head.size()},
                                    iovec{const_cast<char*>(body.data()), body.size()}};
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        const ssize_t result = ::sendmsg(descriptor(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (result < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN ? Sent::Partly : Sent::Failed;
        }
        const auto sent = static_cast<std::size_t>(result);
        const std::size_t of_head = std::min(sent, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(sent - of_head);
    }
    return Sent::Whole;
}

bool Socket::is_peer_gone() const {
    pollfd end{descriptor(), POLLRDHUP, 0};
    return ::poll(&end, 1, 0) > 0;  // Hang-ups and errors are told unasked.
}

void Socket::limit_unread(int bytes) {
    ::setsockopt(descriptor(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

void Socket::end_sending() { ::shutdown(descriptor(), SHUT_WR); }

}  // namespace skald::api::http
