/// Requests a second of the HTTP server, and what each costs it: `http_benchmark [SECONDS]`.
///
/// The clients are one epoll loop in a process of its own, each with one request in flight on a
/// connection that it keeps. The server is the parent process, so that its CPU time is told apart.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/http_server.h"

namespace {

using namespace skald::api;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequest =
    "POST /v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "User-Agent: benchmark\r\nAccept: */*\r\nIdempotency-Key: \"0123456789abcdef\"\r\n"
    "Content-Length: 41\r\n\r\n{\"definition\":\"order\",\"input\":{\"n\":1234}}";

int connect_to(std::uint16_t port) {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        std::perror("connect");
        std::exit(1);
    }
    return client;
}

/// Replies that came within `time`; each is taken for whole when it comes in one piece.
std::uint64_t run_clients(std::uint16_t port, int count, std::chrono::seconds time) {
    const int poll = ::epoll_create1(0);
    for (int i = 0; i < count; ++i) {
        const int client = connect_to(port);
        epoll_event event{EPOLLIN, {.fd = client}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
        if (::send(client, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) std::exit(1);
    }
    std::uint64_t replies = 0;
    std::array<epoll_event, 64> events{};
    std::array<char, 4096> reply{};
    for (const auto end = Clock::now() + time; Clock::now() < end;) {
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < ready; ++i) {
            const int client = events.at(static_cast<std::size_t>(i)).data.fd;
            if (::recv(client, reply.data(), reply.size(), 0) <= 0) {
                std::fprintf(stderr, "a connection was closed\n");
                std::exit(1);
            }
            ++replies;
            if (::send(client, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) std::exit(1);
        }
    }
    return replies;
}

rusage usage_of_server() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage;
}

double cpu_seconds() {
    const rusage usage = usage_of_server();
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Measures in a new pair of processes, so that the runs don't share threads or memory.
void measure(int clients, std::chrono::seconds time) {
    std::array<int, 2> to_clients{};
    std::array<int, 2> to_server{};
    if (::pipe(to_clients.data()) != 0 || ::pipe(to_server.data()) != 0) std::exit(1);
    const pid_t child = ::fork();  // Before there is any thread.
    if (child == 0) {
        std::uint16_t port = 0;
        if (::read(to_clients[0], &port, sizeof(port)) != sizeof(port)) std::exit(1);
        const std::uint64_t replies = run_clients(port, clients, time);
        const bool is_told = ::write(to_server[1], &replies, sizeof(replies)) == sizeof(replies);
        ::_exit(is_told ? 0 : 1);
    }
    const Handler handler = [](const Request& request) -> Answer {
        Reply reply;
        reply.status = 201;
        reply.body = R"({"id":")" + request.id + R"("})";
        return reply;
    };
    const RouteTable table({{"POST", "/v1/things", "makeThing", {}, {}, {}, handler}});
    HttpServerOptions options;
    options.port = 0;
    auto server = start_http_server(table, options, {});
    if (!server) std::exit(1);
    const std::uint16_t port = (*server)->port();
    const double before = cpu_seconds();
    if (::write(to_clients[1], &port, sizeof(port)) != sizeof(port)) std::exit(1);
    std::uint64_t replies = 0;
    if (::read(to_server[0], &replies, sizeof(replies)) != sizeof(replies)) std::exit(1);
    const double used = cpu_seconds() - before;
    ::waitpid(child, nullptr, 0);
    std::printf("%7d %10.0f %14.1f %10.1f\n", clients,
                static_cast<double>(replies) / static_cast<double>(time.count()),
                used * 1e6 / static_cast<double>(replies),
                static_cast<double>(usage_of_server().ru_maxrss) / 1024);
    std::fflush(stdout);
    (*server)->stop(std::chrono::seconds(1));
    for (const int end : {to_clients[0], to_clients[1], to_server[0], to_server[1]}) ::close(end);
}

}  // namespace

int main(int argc, char** argv) {
    const std::chrono::seconds time(argc > 1 ? std::max(1, std::atoi(argv[1])) : 3);
    std::printf("clients requests/s CPU us/request  RSS max MB\n");
    std::fflush(stdout);  // Not once more by each child.
    for (const int clients : {1, 16, 64, 256}) {
        const pid_t child = ::fork();
        if (child == 0) {
            measure(clients, time);
            return 0;
        }
        ::waitpid(child, nullptr, 0);
    }
    return 0;
}
