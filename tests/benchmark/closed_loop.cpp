#include "tests/benchmark/closed_loop.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tests/benchmark/json_scan.h"
#include "tests/outside/http_message.h"
#include "tests/outside/socket.h"

namespace skald::benchmark {
namespace {

using Clock = std::chrono::steady_clock;
using outside::Descriptor;
using outside::require;

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr int kEventsPerTurn = 256;
constexpr int kTurnMs = 50;
constexpr std::uint64_t kErrorsMax = 1000;
constexpr std::chrono::milliseconds kBusyPause{20};
constexpr std::chrono::seconds kLastAnswerTime{60};

class Loop {
 public:
    explicit Loop(const LoopOptions& options)
        : options_(options),
          epoll_(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          clients_(options.clients),
          chunk_(kChunkBytes) {
        request_ = "POST " + options.target +
                   " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) +
                   "\r\nContent-Type: " + options.content_type +
                   "\r\nContent-Length: " + std::to_string(options.body.size()) + "\r\n\r\n" +
                   options.body;
        for (std::size_t at = request_.find(kNumberMark); at != std::string::npos;
             at = request_.find(kNumberMark, at + 1)) {
            numbers_at_.push_back(at);
        }
        if (options.count == 0) {
            result_.latencies_us.reserve(1u << 20);
        }
    }

    LoopResult run();

 private:
    enum class Phase : std::uint8_t { WarmUp, Measuring, Ending };

    struct Client {
        Descriptor socket;
        bool has_request = false;
        bool is_paused = false;
        Clock::time_point sent_at;
        std::string received;
    };

    void enter_phases(Clock::time_point now);
    bool may_send() const;
    bool is_over(Clock::time_point now) const;
    void send(std::size_t index);
    void on_ready(std::size_t index);
    void on_answer(Client& client, const outside::HttpMessage& message);
    void fail(Client& client, std::string reason);
    void resume_paused(Clock::time_point now);

    const LoopOptions& options_;
    Descriptor epoll_;
    std::vector<Client> clients_;
    std::vector<char> chunk_;
    std::string request_;
    std::vector<std::size_t> numbers_at_;
    std::uint64_t last_number_ = 0;
    std::size_t waiting_ = 0;  ///< Clients whose answer is still to come.
    Phase phase_ = Phase::WarmUp;
    Clock::time_point measuring_since_;
    Clock::time_point ending_since_;
    Clock::time_point resumed_at_;
    LoopResult result_;
};

void Loop::enter_phases(Clock::time_point now) {
    if (phase_ == Phase::WarmUp && now >= measuring_since_) {
        phase_ = Phase::Measuring;
        measuring_since_ = now;
        if (options_.on_measuring) {
            options_.on_measuring();
        }
    }
    const bool is_done = options_.count != 0 ? result_.total >= options_.count
                                             : now - measuring_since_ >= options_.measured;
    if (phase_ == Phase::Measuring && (is_done || result_.errors > kErrorsMax)) {
        phase_ = Phase::Ending;
        ending_since_ = now;
        result_.seconds = std::chrono::duration<double>(now - measuring_since_).count();
        if (options_.on_measured) {
            options_.on_measured();
        }
    }
}

bool Loop::may_send() const {
    const bool is_wanted = options_.count == 0 ||
                           result_.total + static_cast<std::uint64_t>(waiting_) < options_.count;
    return phase_ != Phase::Ending && is_wanted;
}

bool Loop::is_over(Clock::time_point now) const {
    return phase_ == Phase::Ending && (waiting_ == 0 || now - ending_since_ > kLastAnswerTime);
}

LoopResult Loop::run() {
    measuring_since_ = Clock::now() + options_.warm_up;
    std::array<epoll_event, kEventsPerTurn> events;
    enter_phases(Clock::now());
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        send(i);
    }
    for (Clock::time_point now = Clock::now(); !is_over(now); now = Clock::now()) {
        const int count = ::epoll_wait(epoll_.value(), events.data(), kEventsPerTurn, kTurnMs);
        for (int i = 0; i < count; ++i) {
            on_ready(events[static_cast<std::size_t>(i)].data.u64);
        }
        now = Clock::now();
        enter_phases(now);
        resume_paused(now);
    }
    return std::move(result_);
}

/// The next request of a client, on a new connection where it has none. A request always fits
/// into the empty buffer of its socket; one that doesn't counts as an error.
void Loop::send(std::size_t index) {
    Client& client = clients_[index];
    if (!may_send()) {
        return;
    }
    for (const std::size_t at : numbers_at_) {
        std::uint64_t number = ++last_number_;
        for (std::size_t digit = std::strlen(kNumberMark); digit-- > 0; number /= 10) {
            request_[at + digit] = static_cast<char>('0' + number % 10);
        }
    }
    if (!client.socket.is_open()) {
        client.socket = outside::connect_to_loopback(options_.port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        if (!client.socket.is_open() ||
            !outside::await_socket(client.socket, POLLOUT,
                                   Clock::now() + std::chrono::seconds(5))) {
            fail(client, "no connection");
            return;
        }
        require(::epoll_ctl(epoll_.value(), EPOLL_CTL_ADD, client.socket.value(), &event),
                "epoll_ctl");
    }
    client.sent_at = Clock::now();
    const ssize_t written =
        ::send(client.socket.value(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (written != static_cast<ssize_t>(request_.size())) {
        fail(client, std::string("send: ") + std::strerror(errno));
        return;
    }
    client.has_request = true;
    ++waiting_;
}

void Loop::on_ready(std::size_t index) {
    Client& client = clients_[index];
    if (!client.socket.is_open()) {
        return;
    }
    const ssize_t count = ::recv(client.socket.value(), chunk_.data(), chunk_.size(), 0);
    if (count <= 0) {
        if (count < 0 && errno == EAGAIN) {
            return;
        }
        if (client.has_request) {
            fail(client, "the connection was closed before the answer");
        }
        client.socket.close();
        return;
    }
    std::string_view bytes(chunk_.data(), static_cast<std::size_t>(count));
    if (!client.received.empty()) {
        bytes = client.received.append(bytes);
    }
    outside::HttpMessage message;
    switch (outside::parse_message(bytes, message)) {
        case outside::Parsed::Partial:
            if (client.received.empty()) {
                client.received = bytes;
            }
            return;
        case outside::Parsed::Broken:
            fail(client, "not HTTP: " + std::string(bytes.substr(0, 200)));
            return;
        case outside::Parsed::Whole:
            on_answer(client, message);
            client.received.clear();
            break;
    }
    if (!client.is_paused) {
        send(index);
    }
}

void Loop::on_answer(Client& client, const outside::HttpMessage& message) {
    client.has_request = false;
    --waiting_;
    const int code = outside::status_code(message.start_line);
    const bool is_expected = code == options_.expected_code &&
                             (options_.expected_status.empty() ||
                              top_level_text(message.body, "status") == options_.expected_status);
    if (is_expected) {
        ++result_.total;
        if (phase_ == Phase::Measuring) {
            ++result_.measured;
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() -
                                                                                    client.sent_at);
            result_.latencies_us.push_back(static_cast<std::uint32_t>(took.count()));
        }
    } else if (code == 503) {
        ++result_.busy;
        client.is_paused = true;
    } else {
        ++result_.errors;
        if (result_.first_error.empty()) {
            result_.first_error =
                std::string(message.start_line) + ' ' + std::string(message.body.substr(0, 500));
        }
    }
    if (message.is_closing) {
        client.socket.close();
    }
}

void Loop::fail(Client& client, std::string reason) {
    ++result_.errors;
    if (result_.first_error.empty()) {
        result_.first_error = std::move(reason);
    }
    if (client.has_request) {
        client.has_request = false;
        --waiting_;
    }
    client.received.clear();
    client.socket.close();
    client.is_paused = true;
}

/// Those that were told to come later, or that lost their connection, or that idle because the
/// count seemed to be reached before another one's answer turned out to be an error.
void Loop::resume_paused(Clock::time_point now) {
    if (now - resumed_at_ < kBusyPause) {
        return;
    }
    resumed_at_ = now;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        clients_[i].is_paused = false;
        if (!clients_[i].has_request) {
            send(i);
        }
    }
}

}  // namespace

LoopResult run_closed_loop(const LoopOptions& options) { return Loop(options).run(); }

}  // namespace skald::benchmark
