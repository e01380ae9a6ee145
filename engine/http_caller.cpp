#include "engine/http_caller.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/call_queue.h"
#include "engine/connection_pool.h"
#include "engine/http_connection.h"
#include "engine/request_bytes.h"
#include "engine/resolver.h"
#include "sagas/check.h"

namespace skald::engine {
namespace {

namespace asio = boost::asio;
using sagas::Answer;
using sagas::Lost;
using sagas::Milliseconds;
using sagas::NotSent;

// File descriptors that are left to everything else in the process: the API's connections first.
constexpr std::size_t kDescriptorsReserved = 6'000;
constexpr std::size_t kReadBytes = 64u << 10;

/// Raises the soft limit of file descriptors to the hard one and gives it.
std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kDescriptorsReserved * 2;
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t lower_to_descriptors(std::size_t calls_max) {
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t reserved = std::min(kDescriptorsReserved, descriptors / 2);
    return std::max<std::size_t>(std::min(calls_max, descriptors - reserved), 1);
}

class HttpCaller final : public Caller, private HttpConnectionEvents {
 public:
    HttpCaller(Loop& loop, const Clock& clock, HttpCallerOptions options, SslContext tls,
               Answered answered)
        : loop_(loop),
          clock_(clock),
          options_(std::move(options)),
          calls_max_(lower_to_descriptors(options_.calls_max)),
          answered_(std::move(answered)),
          tls_(std::move(tls)),
          queue_({options_.calls_per_origin, calls_max_}),
          resolver_(loop, {.threads = options_.resolver_threads, .found_ttl = options_.resolve_ttl},
                    look_up),
          parts_{context(loop),
                 *this,
                 clock_,
                 *tls_,
                 {options_.header_bytes_max, options_.header_count_max, options_.reply_bytes_max},
                 std::vector<char>(kReadBytes)},
          timer_(context(loop)),
          pool_({calls_max_, options_.idle_max, options_.connection_age_max}) {}

    ~HttpCaller() override {
        for (auto& [id, call] : calls_) {
            if (call.connection) call.connection->close();
        }
    }

    void call(CallId id, sagas::Request request, std::uint32_t attempt) override {
        const auto [place, is_new] = calls_.try_emplace(id);
        SKALD_CHECK(is_new);
        Call& call = place->second;
        call.origin = origin_of(request);
        call.request = std::move(request);
        call.attempt = attempt;
        queue_.push(call.origin, id);
        pump_soon();
    }

    void recall(CallId id) override {
        if (queue_.recall(id) == CallQueue::Recalled::WasNotWaiting) return;
        const auto found = calls_.find(id);
        std::string reason = described(found->second.request) + ": taken back before it was sent";
        calls_.erase(found);
        later([this, id, answer = NotSent{std::move(reason)}] { answered_(id, answer); });
    }

    CallerStats stats() const override { return queue_.stats(); }

 private:
    using Timers = std::multimap<Instant, CallId>;

    struct Call {
        sagas::Request request;  ///< Once it has left the queue, without headers and body.
        std::uint32_t attempt = 0;
        Origin origin;
        Instant ends_at{};
        std::optional<Timers::iterator> timer{};
        std::string bytes{};    ///< The request while no connection has it.
        Addresses addresses{};  ///< Null: they were not needed.
        std::size_t first = 0;  ///< Of `addresses`; the others follow in a circle.
        std::size_t tried = 0;  ///< Of them, before the present one.
        HttpConnectionPtr connection{};
        bool is_reusing = false;  ///< `connection` has carried other calls.

        std::size_t addresses_left() const { return addresses->size() - tried; }
        const Address& address() const { return (*addresses)[(first + tried) % addresses->size()]; }
    };
    using Calls = std::unordered_map<CallId, Call>;

    static asio::io_context& context(Loop& loop) {
        return *static_cast<asio::io_context*>(loop.native());
    }

    /// Runs `work` on the loop unless this is destroyed before.
    template <typename Work>
    void later(Work work) {
        loop_.post([work = std::move(work), alive = std::weak_ptr<int>(alive_)] {
            if (!alive.expired()) work();
        });
    }

    // ---- From the queue to a connection ----

    void pump_soon() {
        if (is_pump_coming_) return;
        is_pump_coming_ = true;
        later([this] {
            is_pump_coming_ = false;
            while (const std::optional<CallId> id = queue_.take()) start(*id);
        });
    }

    void start(CallId id) {
        Call& call = calls_.at(id);
        const Milliseconds timeout = call.request.timeout;
        call.ends_at = steady_now() + timeout;
        sagas::Result<std::string> bytes =
            to_bytes(call.request, call.attempt, clock_.now() + timeout);
        if (!bytes) return not_sent(id, bytes.error().message);
        call.request.headers = decltype(call.request.headers)();  // Frees them.
        call.request.body = std::string();
        set_timer(id, call, call.ends_at);
        if (HttpConnectionPtr connection = pool_.take(call.origin)) {
            call.is_reusing = true;
            call.connection = std::move(connection);
            call.connection->call = id;
            return call.connection->send(std::move(*bytes));
        }
        call.bytes = std::move(*bytes);
        resolve(id, call);
    }

    void resolve(CallId id, const Call& call) {
        resolver_.resolve(call.request.host, [this, id, alive = std::weak_ptr<int>(alive_)](
                                                 const Resolver::Found& found) {
            if (alive.expired()) return;
            const auto waiting = calls_.find(id);
            if (waiting == calls_.end()) return;  // It timed out meanwhile.
            if (!found) return not_sent(id, found.error().message);
            Call& resolved = waiting->second;
            resolved.addresses = *found;
            resolved.tried = 0;
            resolved.first = 0;
            if (const auto good = pool_.good_address(resolved.origin)) {
                const auto place = std::find((*found)->begin(), (*found)->end(), *good);
                if (place != (*found)->end()) {
                    resolved.first = static_cast<std::size_t>(place - (*found)->begin());
                }
            }
            open_next(id, resolved, "no address of " + resolved.request.host);
        });
    }

    /// Tries the next address; where none is left, the call ends for `why` the last one failed.
    void open_next(CallId id, Call& call, std::string why) {
        if (call.addresses_left() == 0) return not_sent(id, std::move(why));
        const Address address = call.address().at(call.request.port);
        pool_.make_room();
        const sagas::Result<int> fd = Transport::open_socket(address);
        if (!fd) return not_sent(id, fd.error().message);
        // An address that doesn't answer leaves time for those behind it.
        const Instant now = steady_now();
        set_timer(id, call, now + (call.ends_at - now) / call.addresses_left());
        call.is_reusing = false;
        call.connection = new HttpConnection(parts_, call.origin, *fd);
        call.connection->call = id;
        pool_.add();
        call.connection->open(address, std::move(call.bytes));
    }

    // ---- What becomes of it (HttpConnectionEvents) ----

    void not_sent(HttpConnection& connection, std::string why) override {
        const CallId id = connection.call;
        Call& call = calls_.at(id);
        call.bytes = connection.take_request();
        const bool was_connected = connection.was_connected();
        pool_.drop(std::exchange(call.connection, nullptr));
        if (call.is_reusing) return resolve(id, call);  // It was stale.
        // Who answers but fails in TLS would do so at its other addresses.
        if (was_connected) return not_sent(id, std::move(why));
        ++call.tried;
        open_next(id, call, std::move(why));
    }

    void replied(HttpConnection& connection, sagas::Reply reply, Reuse reuse) override {
        const CallId id = connection.call;
        Call& call = calls_.at(id);
        HttpConnectionPtr kept = std::exchange(call.connection, nullptr);
        if (reuse == Reuse::Yes) {
            if (!call.is_reusing) pool_.set_good_address(call.origin, call.address());
            pool_.keep(std::move(kept));
            arm_timer();
        } else {
            pool_.drop(std::move(kept));
        }
        finish(id, std::move(reply));
    }

    void lost(HttpConnection& connection, std::string why) override {
        lost(connection.call, std::move(why));
    }

    void idle_ended(HttpConnection& connection) override { pool_.drop_idle(connection); }

    // ---- Ends ----

    void not_sent(CallId id, std::string why) {
        finish(id, NotSent{described(calls_.at(id).request) + ": " + std::move(why)});
    }

    void lost(CallId id, std::string why) {
        finish(id, Lost{described(calls_.at(id).request) + ": " + std::move(why)});
    }

    void time_out(CallId id, Call& call) {
        const std::string time = sagas::to_duration_text(call.request.timeout);
        if (call.connection && call.connection->is_sent())
            return lost(id, "no reply within " + time);
        const Origin& origin = call.origin;
        not_sent(id, call.connection
                         ? "timed out connecting to " + authority(origin) + " after " + time
                         : "timed out looking up " + origin.host + " after " + time);
    }

    /// Last of all, for whoever is told may make calls at once.
    void finish(CallId id, Answer answer) {
        const auto found = calls_.find(id);
        Call& call = found->second;
        if (call.connection) pool_.drop(std::move(call.connection));
        if (call.timer) timers_.erase(*call.timer);
        queue_.release(call.origin);
        calls_.erase(found);
        if (queue_.stats().queued > 0) pump_soon();
        answered_(id, std::move(answer));
    }

    // ---- Time ----

    void set_timer(CallId id, Call& call, Instant at) {
        if (call.timer) timers_.erase(*call.timer);
        call.timer = timers_.emplace(at, id);
        arm_timer();
    }

    /// One timer of Asio's serves all. It isn't set later when the call that it was for has ended:
    /// that costs less than it saves.
    void arm_timer() {
        Instant due = pool_.next_sweep().value_or(Instant::max());
        if (!timers_.empty()) due = std::min(due, timers_.begin()->first);
        if (due >= armed_for_) return;
        armed_for_ = due;
        timer_.expires_at(due);
        timer_.async_wait(
            [this, alive = std::weak_ptr<int>(alive_)](const boost::system::error_code& error) {
                if (error || alive.expired()) return;
                armed_for_ = Instant::max();
                on_time(steady_now());
                arm_timer();
            });
    }

    void on_time(Instant now) {
        while (!timers_.empty() && timers_.begin()->first <= now) {
            const CallId id = timers_.begin()->second;
            Call& call = calls_.at(id);
            const bool is_connecting = call.connection && !call.connection->was_connected();
            if (call.ends_at <= now) {
                time_out(id, call);
            } else if (is_connecting && call.addresses_left() > 1) {
                call.bytes = call.connection->take_request();
                pool_.drop(std::exchange(call.connection, nullptr));
                ++call.tried;
                open_next(id, call, "timed out");
            } else {
                set_timer(id, call, call.ends_at);
            }
        }
        if (pool_.next_sweep() && *pool_.next_sweep() <= now) pool_.sweep(now);
    }

    // Constant after construction.
    Loop& loop_;
    const Clock& clock_;
    const HttpCallerOptions options_;
    const std::size_t calls_max_;
    const Answered answered_;
    const SslContext tls_;

    // Of the loop's thread.
    CallQueue queue_;
    Resolver resolver_;
    HttpConnectionParts parts_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        timer_;
    Instant armed_for_ = Instant::max();
    ConnectionPool pool_;
    Calls calls_;
    Timers timers_;  ///< One for each call in flight.
    bool is_pump_coming_ = false;
    /// Dies with this: what the loop still holds for it then does nothing.
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace

sagas::Result<std::unique_ptr<Caller>> make_http_caller(Loop& loop, const Clock& clock,
                                                        HttpCallerOptions options,
                                                        Caller::Answered answered) {
    sagas::Result<SslContext> tls = make_tls_context(options.ca_file);
    if (!tls) return tl::unexpected(std::move(tls.error()));
    return std::make_unique<HttpCaller>(loop, clock, std::move(options), std::move(*tls),
                                        std::move(answered));
}

}  // namespace skald::engine
