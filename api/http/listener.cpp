#include "api/http/listener.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "engine/mutex.h"
#include "engine/thread_name.h"

namespace skald::api::http {
namespace {

/// Connections that the kernel keeps until they are accepted. The library's own is 5, so that of a
/// burst of clients most would wait a second for their next SYN.
constexpr int kBacklog = 1024;
/// After a failed accept.
constexpr std::chrono::milliseconds kAcceptPause{100};

/// The library would hand connections to threads of its own.
class NoQueue : public httplib::TaskQueue {
 public:
    void enqueue(std::function<void()> task) override { task(); }
    void shutdown() override {}
};

/// Not the library's own options: SO_REUSEPORT would let a second server take the same port, and
/// half of the connections, in silence.
void set_options(socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

class HttplibListener final : public Listener, private httplib::Server {
 public:
    explicit HttplibListener(Accept accept) : accept_(std::move(accept)) {
        new_task_queue = [] { return new NoQueue; };
        set_socket_options(set_options);
        set_tcp_nodelay(true);  // On the listening socket; accepted ones inherit it.
    }
    ~HttplibListener() override {
        HttplibListener::stop();
        close_sockets();
    }

    /// 0, or what went wrong.
    std::error_code bind(const std::string& host, std::uint16_t port) {
        errno = 0;
        if (port != 0) {
            port_ = bind_to_port(host, port) ? port : -1;
        } else {
            port_ = bind_to_any_port(host);
        }
        if (port_ > 0 && ::listen(svr_sock_, kBacklog) == 0) {
            spare_ = ::fcntl(svr_sock_, F_DUPFD_CLOEXEC, 0);
            if (spare_ >= 0) return {};
        }
        // The library says no more than "no"; when the host's name is unknown, nor does the system.
        return {errno == 0 ? EADDRNOTAVAIL : errno, std::generic_category()};
    }

    std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }

    void start() override {
        accepting_ = std::jthread([this] { accept_until_stopped(); });
    }

    void stop() override {
        {
            const engine::MutexLock lock(mutex_);
            if (is_stopping_) return;
            is_stopping_ = true;
            // Not httplib::Server::stop(), which closes the socket while accept() may be about to
            // use its number.
            closed_later_ = svr_sock_.exchange(INVALID_SOCKET);
            ::shutdown(spare_, SHUT_RDWR);
        }
        stopped_.notify_all();
        if (accepting_.joinable()) accepting_.join();
        close_sockets();
    }

 private:
    /// The library gives up listening at any failure of accept() but EMFILE, and a connection that
    /// broke while it was queued is one: so go on with another descriptor of the same socket.
    void accept_until_stopped() {
        engine::name_this_thread("skald-accept");
        for (;;) {
            listen_after_bind();
            const engine::MutexLock lock(mutex_);
            if (is_stopping_) return;
            spdlog::warn("accept on port {}: {}; goes on", port_,
                         std::generic_category().message(errno));
            stopped_.wait_until(mutex_, std::chrono::steady_clock::now() + kAcceptPause);
            if (is_stopping_) return;
            svr_sock_ = ::fcntl(spare_, F_DUPFD_CLOEXEC, 0);
        }
    }

    bool process_and_close_socket(socket_t socket) override {
        accept_(socket);
        return true;
    }

    void close_sockets() {
        for (int* descriptor : {&spare_, &closed_later_}) {
            if (*descriptor >= 0) ::close(*descriptor);
            *descriptor = -1;
        }
    }

    const Accept accept_;
    int port_ = -1;
    int spare_ = -1;         ///< A second descriptor of the listening socket.
    int closed_later_ = -1;  ///< The first one, once accepting ended.
    std::jthread accepting_;

    engine::Mutex mutex_;
    engine::ConditionVariable stopped_;
    bool is_stopping_ SKALD_GUARDED_BY(mutex_) = false;
};

/// "[::1]:8080"
std::string to_text(const std::string& host, std::uint16_t port) {
    const bool is_ip6 = host.find(':') != std::string::npos;
    return (is_ip6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

sagas::Result<std::unique_ptr<Listener>> bind_listener(const std::string& host, std::uint16_t port,
                                                       Listener::Accept accept) {
    auto listener = std::make_unique<HttplibListener>(std::move(accept));
    if (const std::error_code error = listener->bind(host, port)) {
        std::string what = error.message();
        what.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(what.front())));
        return sagas::fail(sagas::ErrorCode::Unavailable,
                           "listen on " + to_text(host, port) + ": " + what);
    }
    return listener;
}

}  // namespace skald::api::http
