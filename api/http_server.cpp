#include "api/http_server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "api/http/connection.h"
#include "api/http/connections.h"
#include "api/http/dispatcher.h"
#include "api/http/listener.h"
#include "api/http/worker_threads.h"

namespace skald::api {
namespace {

using http::Listener;
using http::WorkerThreads;

constexpr std::size_t kOpsThreads = 2;

HttpServerOptions with_defaults(HttpServerOptions options) {
    if (options.serve == HttpServerOptions::Serve::OpsOnly) options.threads = kOpsThreads;
    options.threads = std::max(options.threads, std::size_t{2});
    return options;
}

/// Threads that may be held by Later::Long and Stream: a fifth is kept for requests that don't
/// wait.
std::size_t long_max(const HttpServerOptions& options) {
    const std::size_t kept = std::max(options.threads / 5, std::size_t{1});
    return std::min(options.waiting_max, options.threads - kept);
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
          connections_(options_.waiting_max, long_max(options_), options_.streams_max),
          threads_(options_.threads, options_.queue) {}
    ~BoundServer() override { BoundServer::stop(sagas::Milliseconds(0)); }

    sagas::Result<void> start() {
        auto listener = http::bind_listener(options_.host, options_.port, options_.idle_time,
                                            {.submit = [this](auto& task) { return submit(task); },
                                             .serve = [this](int socket) { serve(socket); },
                                             .turn_away = [this](int socket) { turn_away(socket); },
                                             .idle = [this] { relieve(); }});
        if (!listener) return tl::unexpected(listener.error());
        listener_ = std::move(*listener);
        dispatcher_.emplace(table_, guards_of(options_, listener_->port()));
        shared_.emplace(http::Shared{options_, *dispatcher_, observer_, connections_, threads_,
                                     draw_id_prefix()});
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
        threads_.wait_until_free(until);
        connections_.close_all();
        threads_.wait_until_free(std::chrono::steady_clock::time_point::max());
    }

 private:
    bool submit(WorkerThreads::Task& task) {
        const auto submitted = threads_.submit(task);
        if (submitted != WorkerThreads::Submitted::Started) connections_.free_one();
        return submitted != WorkerThreads::Submitted::Refused;
    }

    void serve(int socket) { http::Connection(*shared_, socket, ++connection_count_).serve(); }

    void turn_away(int socket) { http::turn_away(*shared_, socket, ++connection_count_); }

    /// Connections that came when all others were busy find a thread once some have become idle or
    /// late.
    void relieve() {
        for (std::size_t queued = threads_.queued(); queued > 0; --queued) connections_.free_one();
    }

    const HttpServerOptions options_;
    const std::optional<RouteTable> ops_table_;
    const RouteTable& table_;
    const RequestObserver observer_;
    std::optional<http::Dispatcher> dispatcher_;  ///< Needs the port that was bound.
    std::optional<http::Shared> shared_;
    std::atomic<std::uint64_t> connection_count_{0};
    http::Connections connections_;
    WorkerThreads threads_;
    std::unique_ptr<Listener> listener_;

    std::mutex stop_mutex_;
    bool is_stopped_ = false;  ///< Guarded by stop_mutex_.
};

}  // namespace

sagas::Result<std::unique_ptr<HttpServer>> start_http_server(const RouteTable& table,
                                                             HttpServerOptions options,
                                                             RequestObserver observer) {
    auto server = std::make_unique<BoundServer>(table, std::move(options), std::move(observer));
    if (const auto started = server->start(); !started) return tl::unexpected(started.error());
    return server;
}

}  // namespace skald::api
