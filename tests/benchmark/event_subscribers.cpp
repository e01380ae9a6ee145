#include "tests/benchmark/event_subscribers.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "tests/benchmark/event_services.h"
#include "tests/benchmark/json_scan.h"
#include "tests/outside/http_client.h"
#include "tests/outside/http_message.h"

namespace skald::benchmark {
namespace {

constexpr std::size_t kPullers = 3;
constexpr const char* kPage = R"({"limit":100,"wait":"1s"})";
constexpr std::chrono::milliseconds kAfterBadPage{20};

}  // namespace

std::string stamp_text(const EventStamp& stamp) {
    char text[40];
    const auto since = std::chrono::nanoseconds(stamp.at.time_since_epoch()).count();
    const int size =
        std::snprintf(text, sizeof text, "%012llu/%019lld",
                      static_cast<unsigned long long>(stamp.number), static_cast<long long>(since));
    return std::string(text, static_cast<std::size_t>(size));
}

EventStamp read_stamp(std::string_view text) {
    std::uint64_t number = 0;
    std::int64_t since = 0;
    const char* const end = text.data() + text.size();
    const auto [slash, bad_number] = std::from_chars(text.data(), end, number);
    if (bad_number != std::errc() || slash == end || *slash != '/' ||
        std::from_chars(slash + 1, end, since).ec != std::errc()) {
        throw std::runtime_error("not a stamp: " + std::string(text));
    }
    return {number, EventClock::time_point(std::chrono::nanoseconds(since))};
}

void Deliveries::note(const std::vector<std::string_view>& stamps, EventClock::time_point now) {
    const std::lock_guard lock(mutex_);
    for (const std::string_view text : stamps) {
        const EventStamp stamp = read_stamp(text);
        if (stamp.number >= seen_.size()) seen_.resize(2 * stamp.number + 1);
        if (seen_[stamp.number]) {
            ++repeats_;
            continue;
        }
        seen_[stamp.number] = true;
        samples_.push_back({stamp.at, now});
        ++events_;
    }
}

std::uint64_t Deliveries::repeats() const {
    const std::lock_guard lock(mutex_);
    return repeats_;
}

std::vector<Deliveries::Sample> Deliveries::samples() const {
    const std::lock_guard lock(mutex_);
    return samples_;
}

void EventSubscribers::provide_secret() {
    ::setenv("SKALD_SECRET_BENCH", "whsec_c2thbGQgaXMgbWVhc3VyZWQgd2l0aCB0aGlzIQ==", 1);
}

EventSubscribers::EventSubscribers(std::uint16_t port) {
    outside::HttpClient client(port);
    put_subscription(client, "bench-push",
                     R"({"topic":"bench","push":{"url":"http://127.0.0.1:)" +
                         std::to_string(server_.ports().at(0)) +
                         R"(/events","secret":"$secrets.BENCH","max_parallel":64}})");
    put_subscription(client, "bench-pull", R"({"topic":"bench","pull":{"visibility":"60s"}})");
    threads_.emplace_back([this] { serve_pushes(); });
    for (std::size_t i = 0; i < kPullers; ++i) {
        threads_.emplace_back([this, port](const std::stop_token& stop) { pull(stop, port); });
    }
}

EventSubscribers::~EventSubscribers() { server_.stop(); }

std::uint64_t EventSubscribers::delivered() const {
    return std::min(pushed_.events(), pulled_.events());
}

void EventSubscribers::serve_pushes() try {
    const std::string taken = outside::make_reply(200, "{}");
    server_.run([&](const outside::ReceivedCall& received) {
        pushed_.note(texts_of(received.body, "stamp"), EventClock::now());
        server_.answer(received.call, taken);
    });
} catch (const std::exception& error) {
    std::cerr << "load: push subscriber: " << error.what() << '\n';
}

void EventSubscribers::pull(const std::stop_token& stop, std::uint16_t port) try {
    outside::HttpClient client(port);
    while (!stop.stop_requested()) {
        const auto page = client.send("POST", "/v1/subscriptions/bench-pull/fetch", kPage);
        if (!page.has_value() || page->status != 200) {
            std::this_thread::sleep_for(kAfterBadPage);
            continue;
        }
        pulled_.note(texts_of(page->body, "stamp"), EventClock::now());
        std::string leases;
        for (const std::string_view lease : texts_of(page->body, "lease")) {
            leases.append(leases.empty() ? "\"" : ",\"").append(lease).append("\"");
        }
        if (!leases.empty()) {
            client.send("POST", "/v1/subscriptions/bench-pull/ack",
                        R"({"leases":[)" + leases + "]}");
        }
    }
} catch (const std::exception& error) {
    std::cerr << "load: pull subscriber: " << error.what() << '\n';
}

}  // namespace skald::benchmark
