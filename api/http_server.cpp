#include "api/http_server.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "api/http/connection.h"
#include "api/http/connections.h"
#include "api/http/dispatcher.h"
#include "api/http/listener.h"
#include "api/http/poller.h"
#include "api/http/worker_threads.h"

namespace skald::api {
namespace {

constexpr std::size_t kOpsThreads = 2;
constexpr std::size_t kOpsConnections = 256;

/// That the process may have at most: the caller raises its limit to that.
std::size_t descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
    return static_cast<std::size_t>(limit.rlim_max);
}

HttpServerOptions with_defaults(HttpServerOptions options) {
    if (options.serve == HttpServerOptions::Serve::OpsOnly) {
        options.threads = kOpsThreads;
        options.connections_max = std::min(options.connections_max, kOpsConnections);
    }
    options.threads = std::max(options.threads, std::size_t{2});
    options.connections_max = std::min(options.connections_max, descriptors() / 4);
    options.waiting_max = std::min(options.waiting_max, options.connections_max);
    return options;
}

std::optional<RouteTable> ops_only(const RouteTable& table, const HttpServerOptions& options) {
    if (options.serve != HttpServerOptions::Serve::OpsOnly) return std::nullopt;
    std::vector<Route> routes;
    for (const Route& route : table.routes()) {
        if (route.audience == Audience::Ops) routes.push_back(route);
    }
    return RouteTable(std::move(routes));
}

http::GuardOptions guards_of(const HttpServerOptions& options, std::uint16_t port) {
    return {options.host, port, options.allowed_hosts, options.allowed_origins, options.token};
}

/// Ids are unique as far as logs are kept: 32 random bits for the process, then its connections and
/// their requests, counted.
std::string draw_id_prefix() {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%08x-", std::random_device()());
    return text.data();
}

class BoundServer final : public HttpServer {
 public:
    BoundServer(const RouteTable& table, HttpServerOptions options, RequestObserver observer)
        : options_(with_defaults(std::move(options))),
          ops_table_(ops_only(table, options_)),
          table_(ops_table_ ? *ops_table_ : table),
          observer_(std::move(observer)),
          connections_(poller_,
                       {options_.connections_max, options_.waiting_max, options_.streams_max}),
          threads_(poller_, options_.threads) {}
    ~BoundServer() override { BoundServer::stop(sagas::Milliseconds(0)); }

    sagas::Result<void> start() {
        auto listener = http::bind_listener(options_.host, options_.port,
                                            [this](int socket) { accept(socket); });
        if (!listener) return tl::unexpected(listener.error());
        listener_ = std::move(*listener);
        dispatcher_.emplace(table_, guards_of(options_, listener_->port()));
        shared_.emplace(http::Shared{
            options_,
            {options_.target_bytes_max, options_.header_bytes_max, options_.header_count_max},
            *dispatcher_,
            observer_,
            connections_,
            poller_,
            draw_id_prefix()});
        threads_.start();
        listener_->start();
        return {};
    }

    std::uint16_t port() const override { return listener_->port(); }

    void stop(sagas::Milliseconds time) override {
        const std::lock_guard lock(stop_mutex_);
        if (!listener_ || is_stopped_) return;
        is_stopped_ = true;
        const auto until = std::chrono::steady_clock::now() + time;
        listener_->stop();
        connections_.begin_stop();
        connections_.wait_until_empty(until);
        connections_.close_all();
        connections_.wait_until_empty(std::chrono::steady_clock::time_point::max());
    }

 private:
    void accept(int socket) {
        const std::uint64_t number = ++connection_count_;
        if (!connections_.make_place()) return http::turn_away(*shared_, socket, number);
        const http::Poller::Id id = poller_.next_id();
        auto connection = std::make_unique<http::Connection>(*shared_, id, socket, number);
        const http::Wait wait = connection->first_wait();
        poller_.add(id, std::move(connection), socket, wait);
    }

    const HttpServerOptions options_;
    const std::optional<RouteTable> ops_table_;
    const RouteTable& table_;
    const RequestObserver observer_;
    std::optional<http::Dispatcher> dispatcher_;  ///< Needs the port that was bound.
    std::optional<http::Shared> shared_;
    std::uint64_t connection_count_ = 0;  ///< The accepting thread's.
    http::Poller poller_;
    http::Connections connections_;
    http::WorkerThreads threads_;
    std::unique_ptr<http::Listener> listener_;

    std::mutex stop_mutex_;
    bool is_stopped_ = false;  ///< Guarded by stop_mutex_.
};

}  // namespace

sagas::Result<std::unique_ptr<HttpServer>> start_http_server(const RouteTable& table,
                                                             HttpServerOptions options,
                                                             RequestObserver observer) {
    try {
        auto server = std::make_unique<BoundServer>(table, std::move(options), std::move(observer));
        if (const auto started = server->start(); !started) return tl::unexpected(started.error());
        return server;
    } catch (const std::system_error& error) {
        return sagas::fail(sagas::ErrorCode::Unavailable,
                           std::string("serve HTTP: ") + error.what());
    }
}

}  // namespace skald::api
