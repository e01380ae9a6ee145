// What one HTTP call costs the caller: a forked participant on epoll answers every request with 15
// bytes of JSON; N calls are in flight at all times until the total is done. Before that, N calls
// that are never answered show the memory of each.
//
//   caller_benchmark [in flight [total]]          (defaults: 64 and 200000)

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "engine/http_caller.h"

namespace {

using namespace skald;

constexpr std::string_view kReply =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    "{\"ok\":\"charge\"}";

int listen_on_loopback(std::uint16_t& port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener, 4096);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return listener;
}

bool is_right(const sagas::Answer& answer) {
    const auto* const reply = std::get_if<sagas::Reply>(&answer);
    return reply != nullptr && reply->status == 200 &&
           std::holds_alternative<sagas::Value>(reply->body);
}

/// Answers each read that has "/fast" in it; never returns. Requests are small and come one at a
/// time, so that a read is a request.
[[noreturn]] void serve(int listener) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int poller = ::epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    std::array<epoll_event, 256> events;
    std::array<char, 8192> buffer;
    for (;;) {
        const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                for (int peer;
                     (peer = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
                    const int on = 1;
                    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                    event.data.fd = peer;
                    ::epoll_ctl(poller, EPOLL_CTL_ADD, peer, &event);
                }
                continue;
            }
            const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                ::close(fd);
            } else if (std::string_view(buffer.data(), static_cast<std::size_t>(got))
                           .find("/fast") != std::string_view::npos) {
                ::send(fd, kReply.data(), kReply.size(), MSG_NOSIGNAL);
            }
        }
    }
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_kb() {
    std::ifstream file("/proc/self/statm");
    long size = 0;
    long resident = 0;
    file >> size >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

sagas::Request request(std::uint16_t port, const char* target) {
    return {"POST",
            sagas::HttpCall::Scheme::Http,
            "127.0.0.1",
            port,
            target,
            {{"Idempotency-Key", "\"0192f7c1-4b6e-7c3a-9d2e-5f8a1b2c3d4e/charge/action\""},
             {"Skald-Saga", "0192f7c1-4b6e-7c3a-9d2e-5f8a1b2c3d4e"},
             {"Skald-Step", "charge"},
             {"Skald-Phase", "action"},
             {"Content-Type", "application/json"}},
            R"({"order":"o-1234567","amount":4200,"currency":"EUR"})",
            sagas::Milliseconds{600'000}};
}

std::size_t argument(int count, char** arguments, int index, std::size_t otherwise) {
    if (index >= count) return otherwise;
    std::size_t value = otherwise;
    const char* const text = arguments[index];
    std::from_chars(text, text + std::strlen(text), value);
    return value;
}

/// How much memory `in_flight` calls take that nobody answers. Before anything else in the process
/// has left freed memory to be used again.
void measure_memory(const engine::Clock& clock, const engine::HttpCallerOptions& options,
                    std::uint16_t port, std::size_t in_flight) {
    const auto loop = engine::make_loop();
    auto caller = engine::make_http_caller(*loop, clock, options,
                                           [](engine::CallId, const sagas::Answer&) {});
    const double before = resident_kb();
    loop->post([&] {
        for (std::size_t i = 0; i < in_flight; ++i) {
            (*caller)->call(engine::CallId{i}, request(port, "/never"), 1);
        }
    });
    loop->set_timer(sagas::Milliseconds{3'000}, [&] { loop->stop(); });
    loop->run();
    std::printf("%zu in flight: %.2f KB resident per call\n", (*caller)->stats().in_flight,
                (resident_kb() - before) / static_cast<double>(in_flight));
}

/// What a call costs when `in_flight` are out at all times. Gives how many answers were wrong.
std::size_t measure_speed(const engine::Clock& clock, const engine::HttpCallerOptions& options,
                          std::uint16_t port, std::size_t in_flight, std::size_t total) {
    const auto loop = engine::make_loop();
    std::size_t made = 0;
    std::size_t answered = 0;
    std::size_t wrong = 0;
    engine::Caller* caller = nullptr;
    const auto call = [&] { caller->call(engine::CallId{++made}, request(port, "/fast"), 1); };
    auto owned = engine::make_http_caller(*loop, clock, options,
                                          [&](engine::CallId, const sagas::Answer& answer) {
                                              if (!is_right(answer)) ++wrong;
                                              ++answered;
                                              if (made < total) call();
                                              if (answered == total) loop->stop();
                                          });
    caller = owned->get();
    const double cpu = cpu_seconds();
    const engine::Instant from = engine::steady_now();
    loop->post([&] {
        for (std::size_t i = 0; i < in_flight && made < total; ++i) call();
    });
    loop->run();
    const double seconds = std::chrono::duration<double>(engine::steady_now() - from).count();
    const auto calls = static_cast<double>(total);
    std::printf("%zu in flight: %.0f calls/s, %.1f us CPU per call, %zu wrong\n", in_flight,
                calls / seconds, (cpu_seconds() - cpu) * 1e6 / calls, wrong);
    return wrong;
}

}  // namespace

int main(int count, char** arguments) {
    const std::size_t in_flight = argument(count, arguments, 1, 64);
    const std::size_t total = argument(count, arguments, 2, 200'000);
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    std::uint16_t port = 0;
    const int listener = listen_on_loopback(port);
    const pid_t participant = ::fork();
    if (participant == 0) serve(listener);
    ::close(listener);

    const auto clock =
        engine::make_engine_clock(engine::system_time(), std::nullopt, engine::AcceptClock::No);
    engine::HttpCallerOptions options;
    options.calls_per_origin = in_flight;
    measure_memory(**clock, options, port, in_flight);
    const std::size_t wrong = measure_speed(**clock, options, port, in_flight, total);
    ::kill(participant, SIGKILL);
    ::waitpid(participant, nullptr, 0);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
