#include "tests/events/publishers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/events/published_event.h"
#include "tests/outside/nats_client.h"

namespace skald::events {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kPublishers = 4;
constexpr std::size_t kSubjectsEach = 50;
constexpr std::uint64_t kBatchMax = 100;
constexpr std::uint64_t kOrdersMax = 20;
constexpr std::uint64_t kBehindMax = 2'000;
constexpr std::uint64_t kSagasBehindMax = 200;
constexpr std::uint64_t kTwiceOf = 20;  ///< One batch of so many is sent again though it was taken.
constexpr std::size_t kOutsideSubjects = 20;
constexpr milliseconds kRoomLook{2};
constexpr milliseconds kNatsAgainAfter{20};
constexpr milliseconds kNatsTime{2'000};
constexpr const char* kBatchHeader = "Content-Type: application/cloudevents-batch+json\r\n";

}  // namespace

Publishers::Publishers(Course& course, const PublisherOptions& options)
    : course_(course), options_(options) {
    const auto start = [this](auto work) {
        ++running_;
        threads_.emplace_back([this, work] {
            work();
            --running_;
        });
    };
    for (std::size_t i = 0; i < kPublishers; ++i) start([this, i] { publish(i); });
    if (options_.nats != 0) start([this] { publish_outside(); });
    start([this] { publish_orders(); });
}

Published Publishers::over_http() const {
    const std::lock_guard lock(mutex_);
    return over_http_;
}
Published Publishers::by_outsider() const {
    const std::lock_guard lock(mutex_);
    return by_outsider_;
}

/// Waits until those who receive are no more than so far behind; false: the run is over.
bool Publishers::await_room(const std::atomic<std::uint64_t>& behind, std::uint64_t most) {
    while (behind > most) {
        if (!course_.pause(kRoomLook)) return false;
    }
    return !course_.is_over();
}

/// Waits until those over HTTP are as far, so that it lasts as long; false: the run is over.
bool Publishers::await_others(std::uint64_t done, std::uint64_t all) {
    const auto is_ahead = [&] {
        const std::uint64_t published = course_.published;
        return published < options_.events && done * options_.events > published * all;
    };
    while (is_ahead()) {
        if (!course_.pause(kRoomLook)) return false;
    }
    return !course_.is_over();
}

/// Until it is acknowledged, and `again` times more: which must be answered as the first time.
bool Publishers::send(outside::HttpClient& client, const std::string& topic,
                      const std::string& batch, std::uint64_t again) {
    std::string first;
    for (std::uint64_t i = 0; i <= again; ++i) {
        const auto reply =
            ask(course_, client, "POST", "/v1/topics/" + topic + "/events", batch, kBatchHeader);
        if (!reply.has_value()) return false;
        if (reply->status != 202) {
            course_.fail("an event was not taken: " + reply->body);
            return false;
        }
        if (i > 0 && reply->body != first) {
            course_.fail("a batch that was sent again has other offsets: " + first + ", then " +
                         reply->body);
            return false;
        }
        first = reply->body;
    }
    return true;
}

void Publishers::publish(std::size_t publisher) {
    std::mt19937_64 random(options_.seed + publisher);
    outside::HttpClient client(options_.skald);
    Published last;
    while (await_room(course_.behind, kBehindMax)) {
        const std::uint64_t wanted = 1 + random() % kBatchMax;
        const std::uint64_t from = reserved_.fetch_add(wanted);
        if (from >= options_.events) break;
        json batch = json::array();
        for (std::uint64_t i = from; i < std::min(from + wanted, options_.events); ++i) {
            const std::string subject =
                "h-" + std::to_string(publisher) + '-' + std::to_string(random() % kSubjectsEach);
            batch.push_back(published_event({subject, ++last[subject]},
                                            "/publishers/" + std::to_string(publisher)));
        }
        const std::size_t size = batch.size();
        if (!send(client, "lines", batch.dump(), random() % kTwiceOf == 0 ? 1 : 0)) return;
        course_.published += size;
    }
    const std::lock_guard lock(mutex_);
    over_http_.merge(last);
}

void Publishers::publish_outside() {
    outside::NatsClient client(options_.nats);
    Published last;
    std::uint64_t number = 0;
    while (number < options_.inbound && await_room(course_.behind, kBehindMax) &&
           await_others(number, options_.inbound)) {
        const EventName name{"i-" + std::to_string(number % kOutsideSubjects),
                             number / kOutsideSubjects + 1};
        const json event = published_event(name, "/outsider");
        const std::string headers = "Content-Type: application/cloudevents+json\r\nNats-Msg-Id: " +
                                    event.at("id").get<std::string>() + "\r\n";
        const auto answer = client.request("in.lines", event.dump(), headers, kNatsTime);
        if (!answer.has_value() || json::parse(answer->payload, nullptr, false).contains("error")) {
            ++course_.sent_again;
            course_.pause(kNatsAgainAfter);
            continue;
        }
        last[name.subject] = name.number;
        ++course_.inbound;
        ++number;
    }
    const std::lock_guard lock(mutex_);
    by_outsider_ = last;
}

void Publishers::publish_orders() {
    std::mt19937_64 random(options_.seed + kPublishers);
    outside::HttpClient client(options_.skald);
    std::uint64_t last = 0;
    while (last < options_.orders && await_room(course_.sagas_behind, kSagasBehindMax) &&
           await_others(last, options_.orders)) {
        json batch = json::array();
        const std::uint64_t until = std::min(last + 1 + random() % kOrdersMax, options_.orders);
        for (std::uint64_t order = last + 1; order <= until; ++order) {
            const std::string name = "order-" + std::to_string(order);
            batch.push_back({{"specversion", "1.0"},
                             {"id", name},
                             {"source", "/shop"},
                             {"type", "order.placed"},
                             {"subject", name},
                             {"data", {{"order", order}}}});
        }
        if (!send(client, "orders", batch.dump(), random() % kTwiceOf == 0 ? 1 : 0)) return;
        course_.orders += until - last;
        last = until;
    }
}

}  // namespace skald::events
