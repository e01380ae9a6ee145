#include <malloc.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "api/awaited.h"
#include "api/http_server.h"
#include "api/port_file.h"
#include "api/request_body.h"
#include "api/stop_signals.h"
#include "api/uuid.h"
#include "engine/clock.h"
#include "engine/http_caller.h"
#include "engine/loop.h"

/// The limit that Skald is measured against: its own API server and its own caller, which make the
/// same three calls for each start, but no machine and no store between them. Nothing is checked,
/// tried again or remembered.
namespace skald::benchmark {
namespace {

using sagas::Json;
using sagas::Milliseconds;

constexpr std::size_t kCalls = 3;
constexpr Milliseconds kCallTime{10'000};
constexpr Milliseconds kWaitTime{30'000};
constexpr Milliseconds kStopTime{5'000};
constexpr int kArenasMax = 4;  // As skald has them.

/// A start and what became of it. With the API's thread until it is posted, then the loop's.
struct Order {
    std::string id;
    std::array<sagas::Request, kCalls> calls;
    std::size_t next = 0;
    api::Awaited<bool> is_done;
};
using OrderPtr = std::shared_ptr<Order>;  // The loop and the client's wait: either may be last.

/// Makes the calls of each order, one after the other. On the loop's thread but for `start`.
class Calls {
 public:
    Calls(engine::Loop& loop, const engine::Clock& clock) : loop_(loop) {
        auto made = engine::make_http_caller(loop, clock, {},
                                             [this](engine::CallId id, sagas::Answer answer) {
                                                 answered(id, std::get_if<sagas::Reply>(&answer));
                                             });
        if (!made) throw std::runtime_error(made.error().message);
        caller_ = std::move(*made);
    }

    /// Threads: any.
    void start(OrderPtr order) {
        loop_.post([this, order = std::move(order)] { call(order); });
    }

 private:
    void call(OrderPtr order) {
        const engine::CallId id{++last_id_};
        sagas::Request request = std::move(order->calls.at(order->next++));
        open_.emplace(id, std::move(order));
        caller_->call(id, std::move(request), 1);
    }

    void answered(engine::CallId id, const sagas::Reply* reply) {
        const OrderPtr order = std::move(open_.extract(id).mapped());
        const bool is_good = reply != nullptr && reply->status == 200;
        if (is_good && order->next < kCalls) {
            call(order);
        } else {
            order->is_done.set(is_good);
        }
    }

    engine::Loop& loop_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<engine::CallId, OrderPtr> open_;
    std::unique_ptr<engine::Caller> caller_;
};

sagas::Request make_call(const std::string& id, const char* step, std::uint16_t port,
                         std::string body) {
    sagas::Request request{};
    request.method = "POST";
    request.scheme = sagas::HttpCall::Scheme::Http;
    request.host = "127.0.0.1";
    request.port = port;
    request.target = "/ok";
    request.headers = {{"Idempotency-Key", '"' + id + '/' + step + "/action\""},
                       {"Skald-Saga", id},
                       {"Skald-Step", step},
                       {"Skald-Phase", "action"},
                       {"Content-Type", "application/json"}};
    request.body = std::move(body);
    request.timeout = kCallTime;
    return request;
}

/// The three calls of scenario.h's `bench`, with bodies of the same size.
OrderPtr make_order(std::string id, const Json& input, const std::vector<std::uint16_t>& ports) {
    auto order = std::make_shared<Order>();
    order->id = std::move(id);
    const std::string body = input.dump();
    const std::string shipped =
        Json{{"order_id", input.at("order_id")}, {"reservation", "8d1c6f02"}}.dump();
    order->calls = {make_call(order->id, "reserve", ports.at(0), body),
                    make_call(order->id, "charge", ports.at(1), body),
                    make_call(order->id, "ship", ports.at(2), shipped)};
    return order;
}

api::Answer finish(const Order& order) {
    const bool* is_done = order.is_done.get();
    if (is_done == nullptr || !*is_done) {
        return api::make_problem(api::ProblemType::Internal, "a call failed, or took too long");
    }
    api::Reply reply;
    reply.body = Json{{"id", order.id},
                      {"definition", "bench"},
                      {"status", "completed"},
                      {"output", {{"shipment", "8d1c6f02"}}}}
                     .dump();
    return reply;
}

class NullCoordinator {
 public:
    explicit NullCoordinator(std::vector<std::uint16_t> participants)
        : participants_(std::move(participants)) {}

    /// Serves until a signal.
    void run(const std::string& port_file) {
        api::StopSignals signals(kStopTime);
        const std::unique_ptr<engine::Clock> clock = make_clock();
        const std::unique_ptr<engine::Loop> loop = engine::make_loop();
        api::UuidSource uuids(*clock);
        Calls calls(*loop, *clock);
        const api::RouteTable table(routes(uuids, calls));
        api::HttpServerOptions options;
        options.port = 0;
        const auto server = api::start_http_server(
            table, options,
            [this](std::string_view, std::string_view, int code) { answered_ += code == 200; });
        if (!server) throw std::runtime_error(server.error().message);
        if (const auto written = api::write_port_file(port_file, (*server)->port()); !written) {
            throw std::runtime_error(written.error().message);
        }
        signals.on_stop([&] {
            (*server)->stop(kStopTime);
            loop->stop();
        });
        loop->run();
        signals.await_stopped();
        std::cerr << "null coordinator: " << answered_ << " requests were answered with 200\n";
    }

 private:
    static std::unique_ptr<engine::Clock> make_clock() {
        auto clock =
            engine::make_engine_clock(engine::system_time(), std::nullopt, engine::AcceptClock::No);
        if (!clock) throw std::runtime_error(clock.error().message);
        return std::move(*clock);
    }

    std::vector<api::Route> routes(api::UuidSource& uuids, Calls& calls) const {
        return {{"GET",
                 "/readyz",
                 "getReadiness",
                 api::Audience::Ops,
                 {},
                 {},
                 [](const api::Request&) -> api::Answer { return api::Reply{}; }},
                {"POST",
                 "/v1/sagas",
                 "startSaga",
                 api::Audience::Clients,
                 {"wait"},
                 {api::ProblemType::MalformedJson},
                 [&](const api::Request& request) { return start(uuids, calls, request); }}};
    }

    api::Answer start(api::UuidSource& uuids, Calls& calls, const api::Request& request) const {
        const auto body = api::read_object(request, api::EmptyBody::IsRefused);
        if (!body) return body.error();
        OrderPtr order = make_order(uuids.next(), body->at("input"), participants_);
        calls.start(order);
        api::Later later;
        later.kind = api::Later::Kind::Long;
        later.time = kWaitTime;
        later.arm = [order](std::function<void()> ready) {
            order->is_done.when_set(std::move(ready));
        };
        later.finish = [order] { return finish(*order); };
        return later;
    }

    const std::vector<std::uint16_t> participants_;
    std::atomic<std::uint64_t> answered_{0};
};

}  // namespace
}  // namespace skald::benchmark

int main(int argc, char** argv) try {
    CLI::App app(
        "What Skald is measured against: its API server and its caller with nothing between them. "
        "Is started as skald is");
    std::string ignored;
    std::string port_file;
    std::vector<std::uint16_t> participants;
    CLI::App* serve = app.add_subcommand("serve", "On a free port of 127.0.0.1");
    serve->add_option("--db", ignored, "Ignored: there is no store");
    serve->add_option("--listen", ignored, "Ignored");
    serve->add_option("--port-file", port_file, "Where the port is written")->required();
    serve->add_option("--participants", participants, "Three ports")
        ->delimiter(',')
        ->expected(3)
        ->required();
    app.require_subcommand(1);
    CLI11_PARSE(app, argc, argv);
    mallopt(M_ARENA_MAX,
            skald::benchmark::kArenasMax);  // NOLINT(concurrency-mt-unsafe): one thread so far.
    skald::benchmark::NullCoordinator(participants).run(port_file);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "null coordinator: " << error.what() << '\n';
    return 1;
}
