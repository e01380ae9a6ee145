#include "tests/outside/participant_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tests/outside/http_message.h"

namespace skald::outside {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr int kEventsPerTurn = 512;

}  // namespace

ParticipantServer::ParticipantServer(std::size_t listeners)
    : ParticipantServer(std::vector<std::uint16_t>(listeners, 0)) {}

ParticipantServer::ParticipantServer(const std::vector<std::uint16_t>& ports)
    : epoll_(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(require(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      chunk_(kChunkBytes) {
    for (const std::uint16_t port : ports) {
        listeners_.push_back(listen_on_loopback(port));
        ports_.push_back(port_of(listeners_.back()));
        watch(listeners_.back().value(), EPOLLIN, EPOLL_CTL_ADD);
    }
    watch(wake_.value(), EPOLLIN, EPOLL_CTL_ADD);
}

void ParticipantServer::watch(int descriptor, std::uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    require(::epoll_ctl(epoll_.value(), operation, descriptor, &event), "epoll_ctl");
}

void ParticipantServer::run(const Handler& handler) {
    std::array<epoll_event, kEventsPerTurn> events;
    while (!is_stopping_) {
        const int wait_ms = answer_due();
        const int count = ::epoll_wait(epoll_.value(), events.data(), kEventsPerTurn, wait_ms);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const int descriptor = event.data.fd;
            const auto listener =
                std::find_if(listeners_.begin(), listeners_.end(),
                             [&](const Descriptor& one) { return one.value() == descriptor; });
            if (listener != listeners_.end()) {
                accept_all(static_cast<std::size_t>(listener - listeners_.begin()));
            } else if (descriptor != wake_.value()) {
                if ((event.events & EPOLLOUT) != 0) {
                    on_writable(descriptor);
                }
                if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) {
                    on_readable(descriptor, handler);
                }
            }
        }
        for (const int descriptor : std::exchange(resumed_, {})) {
            std::string bytes =
                std::exchange(connections_[static_cast<std::size_t>(descriptor)].received, {});
            const std::size_t used = serve(descriptor, bytes, handler);
            Connection& connection = connections_[static_cast<std::size_t>(descriptor)];
            if (connection.is_open) {
                connection.received.assign(bytes, used);
            }
        }
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        close(static_cast<int>(i));
    }
}

void ParticipantServer::stop() {
    is_stopping_ = true;
    const std::uint64_t one = 1;
    require(static_cast<int>(::write(wake_.value(), &one, sizeof one)), "write to an eventfd");
}

void ParticipantServer::accept_all(std::size_t listener) {
    while (true) {
        const int descriptor =
            ::accept4(listeners_[listener].value(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            return;
        }
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const auto index = static_cast<std::size_t>(descriptor);
        if (index >= connections_.size()) {
            connections_.resize(index + 1);
        }
        Connection& connection = connections_[index];
        connection.listener = listener;
        connection.is_open = true;
        watch(descriptor, EPOLLIN, EPOLL_CTL_ADD);
    }
}

void ParticipantServer::on_readable(int descriptor, const Handler& handler) {
    if (!connections_[static_cast<std::size_t>(descriptor)].is_open) {
        return;
    }
    const ssize_t count = ::recv(descriptor, chunk_.data(), chunk_.size(), 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) {
            close(descriptor);
        }
        return;
    }
    std::string_view bytes(chunk_.data(), static_cast<std::size_t>(count));
    std::string gathered =
        std::exchange(connections_[static_cast<std::size_t>(descriptor)].received, {});
    if (!gathered.empty()) {
        gathered += bytes;
        bytes = gathered;
    }
    const std::size_t used = serve(descriptor, bytes, handler);
    Connection& connection = connections_[static_cast<std::size_t>(descriptor)];
    if (connection.is_open && used < bytes.size()) {
        connection.received = bytes.substr(used);
    }
}

/// Hands the whole requests at the front of `bytes` over, one at a time; gives how much it took.
std::size_t ParticipantServer::serve(int descriptor, std::string_view bytes,
                                     const Handler& handler) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        Connection& connection = connections_[static_cast<std::size_t>(descriptor)];
        if (!connection.is_open || connection.has_call) {
            break;
        }
        HttpMessage message;
        const Parsed parsed = parse_message(bytes.substr(used), message);
        if (parsed == Parsed::Partial) {
            break;
        }
        const std::size_t method_end = message.start_line.find(' ');
        const std::size_t target_end = message.start_line.rfind(' ');
        if (parsed == Parsed::Broken || method_end >= target_end) {
            close(descriptor);
            break;
        }
        used += message.size;
        connection.has_call = true;
        handler({{descriptor, connection.generation},
                 connection.listener,
                 message.start_line.substr(0, method_end),
                 message.start_line.substr(method_end + 1, target_end - method_end - 1),
                 message.headers,
                 message.body});
    }
    return used;
}

ParticipantServer::Connection* ParticipantServer::find(Call call) {
    const auto index = static_cast<std::size_t>(call.descriptor);
    if (index >= connections_.size()) {
        return nullptr;
    }
    Connection& connection = connections_[index];
    const bool is_same = connection.is_open && connection.generation == call.generation;
    return is_same && connection.has_call ? &connection : nullptr;
}

void ParticipantServer::answer(Call call, std::string_view reply) {
    Connection* connection = find(call);
    if (connection == nullptr) {
        return;
    }
    connection->has_call = false;
    if (!connection->received.empty()) {
        resumed_.push_back(call.descriptor);
    }
    if (connection->unsent.empty()) {
        const ssize_t sent = ::send(call.descriptor, reply.data(), reply.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            close(call.descriptor);
            return;
        }
        reply.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    }
    if (!reply.empty()) {
        connection->unsent += reply;
        watch(call.descriptor, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
}

void ParticipantServer::answer_after(Call call, std::chrono::milliseconds delay,
                                     std::string_view reply) {
    timers_.push({std::chrono::steady_clock::now() + delay, call, reply});
}

void ParticipantServer::hang_up(Call call) {
    if (find(call) != nullptr) {
        close(call.descriptor);
    }
}

/// Answers what is due; gives the time until the next, in milliseconds, or -1.
int ParticipantServer::answer_due() {
    if (timers_.empty()) {
        return resumed_.empty() ? -1 : 0;
    }
    const auto now = std::chrono::steady_clock::now();
    while (!timers_.empty() && timers_.top().due <= now) {
        const Timer timer = timers_.top();
        timers_.pop();
        answer(timer.call, timer.reply);
    }
    if (!resumed_.empty()) {
        return 0;
    }
    return timers_.empty()
               ? -1
               : static_cast<int>(
                     std::chrono::ceil<std::chrono::milliseconds>(timers_.top().due - now).count());
}

void ParticipantServer::on_writable(int descriptor) {
    Connection& connection = connections_[static_cast<std::size_t>(descriptor)];
    if (!connection.is_open) {
        return;
    }
    const ssize_t sent =
        ::send(descriptor, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            close(descriptor);
        }
        return;
    }
    connection.unsent.erase(0, static_cast<std::size_t>(sent));
    if (connection.unsent.empty()) {
        watch(descriptor, EPOLLIN, EPOLL_CTL_MOD);
    }
}

void ParticipantServer::close(int descriptor) {
    Connection& connection = connections_[static_cast<std::size_t>(descriptor)];
    if (!connection.is_open) {
        return;
    }
    ::close(descriptor);
    connection = Connection{.generation = connection.generation + 1,
                            .listener = 0,
                            .is_open = false,
                            .has_call = false,
                            .received = {},
                            .unsent = {}};
}

}  // namespace skald::outside
