#include "tests/benchmark/event_load.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/outside/http_client.h"

namespace skald::benchmark {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kSubjects = 10'000;
constexpr std::chrono::seconds kDeliveryTime{30};
constexpr std::chrono::milliseconds kDeliveryLook{1};
constexpr microseconds kAheadLook{100};
constexpr std::chrono::milliseconds kAfterBusy{20};
constexpr std::uint64_t kEventErrorsMax = 100;
constexpr const char* kEventBatchType = "Content-Type: application/cloudevents-batch+json\r\n";

class EventLoad {
 public:
    explicit EventLoad(const EventLoadOptions& options)
        : options_(options),
          begun_at_(EventClock::now()),
          interval_(
              options.per_second == 0
                  ? std::chrono::nanoseconds(0)
                  : std::chrono::nanoseconds(1'000'000'000 * options.batch / options.per_second)) {
        result_.measuring_at = begun_at_ + options.warm_up;
        result_.measured_at = result_.measuring_at + options.measured;
    }

    EventLoadResult run() {
        {
            std::vector<std::jthread> publishers;
            for (std::size_t i = 0; i < options_.publishers; ++i) {
                publishers.emplace_back([this] { publish(); });
            }
            std::this_thread::sleep_until(result_.measuring_at);
            if (options_.on_measuring) options_.on_measuring();
            std::this_thread::sleep_until(result_.measured_at);
            if (options_.on_measured) options_.on_measured();
        }
        await_deliveries();
        return std::move(result_);
    }

 private:
    void publish() {
        outside::HttpClient client(options_.port);
        while (true) {
            const std::uint64_t number = batches_++ * options_.batch;
            const EventClock::time_point due_at = await_turn(number);
            if (due_at >= result_.measured_at || has_failed_) return;
            send(client, event_batch(number, options_.batch, due_at), due_at);
        }
    }

    /// When the batch that begins with that number is due, which is then.
    EventClock::time_point await_turn(std::uint64_t number) {
        if (options_.per_second != 0) {
            const EventClock::time_point due_at = begun_at_ + interval_ * (number / options_.batch);
            if (due_at < result_.measured_at) std::this_thread::sleep_until(due_at);
            return due_at;
        }
        while (EventClock::now() < result_.measured_at && !has_failed_ &&
               number > options_.delivered() + options_.ahead) {
            std::this_thread::sleep_for(kAheadLook);
        }
        return EventClock::now();
    }

    void send(outside::HttpClient& client, const std::string& batch,
              EventClock::time_point due_at) {
        while (!has_failed_) {
            const auto reply =
                client.send("POST", "/v1/topics/bench/events", batch, kEventBatchType);
            if (note(reply, due_at, EventClock::now())) return;
            std::this_thread::sleep_for(kAfterBusy);
        }
    }

    /// False: it must be sent again.
    bool note(const std::optional<outside::HttpReply>& reply, EventClock::time_point due_at,
              EventClock::time_point now) {
        const std::lock_guard lock(mutex_);
        if (reply.has_value() && reply->status == 202) {
            result_.published += options_.batch;
            if (due_at >= result_.measuring_at) note_answer(now - due_at);
            return true;
        }
        if (reply.has_value() && reply->status == 503) {
            ++result_.busy;
        } else {
            fail(reply.has_value() ? reply->body : "no answer");
        }
        return false;
    }

    void note_answer(EventClock::duration took) {
        const auto us = std::chrono::duration_cast<microseconds>(took).count();
        result_.posted_us.push_back(static_cast<std::uint32_t>(us));
    }

    void fail(const std::string& reason) {
        ++result_.errors;
        if (result_.first_error.empty()) result_.first_error = reason;
        has_failed_ = result_.errors > kEventErrorsMax;
    }

    void await_deliveries() {
        const auto until = EventClock::now() + kDeliveryTime;
        while (options_.delivered() < result_.published && EventClock::now() < until) {
            std::this_thread::sleep_for(kDeliveryLook);
        }
        result_.missing = result_.published - std::min(result_.published, options_.delivered());
    }

    const EventLoadOptions& options_;
    const EventClock::time_point begun_at_;
    const std::chrono::nanoseconds interval_;  ///< Between two batches of an open loop.
    std::atomic<std::uint64_t> batches_ = 0;
    std::atomic<bool> has_failed_ = false;
    std::mutex mutex_;
    EventLoadResult result_;  ///< Guarded by mutex_ while publishers run, but for its times.
};

}  // namespace

std::string event_batch(std::uint64_t first, std::size_t batch, EventClock::time_point at) {
    std::string body = "[";
    for (std::uint64_t number = first; number < first + batch; ++number) {
        const std::string order = "o-" + std::to_string(number % kSubjects);
        body.append(number == first ? "" : ",");
        body.append(R"({"specversion":"1.0","id":")").append(std::to_string(number));
        body.append(R"(","source":"/bench","type":"order.placed","subject":")").append(order);
        body.append(R"(","data":{"order_id":")").append(order);
        body.append(R"(","amount":4200,"stamp":")").append(stamp_text({number, at}));
        body.append("\"}}");
    }
    return body + ']';
}

EventLoadResult run_event_load(const EventLoadOptions& options) { return EventLoad(options).run(); }

}  // namespace skald::benchmark
