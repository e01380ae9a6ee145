#include "tests/benchmark/event_services.h"

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tests/benchmark/json_scan.h"

namespace skald::benchmark {
namespace {

/// While one waits for its replies to be durable, another one fetches.
constexpr std::size_t kThreadsPerService = 2;
constexpr std::chrono::milliseconds kAfterFailure{20};
/// Nobody waits for it.
constexpr std::chrono::milliseconds kAcknowledgeEvery{20};
constexpr const char* kFetch = R"({"limit":100,"wait":"1s"})";
constexpr const char* kBatchType = "Content-Type: application/cloudevents-batch+json\r\n";

}  // namespace

CommandAnswers answer_commands(std::string_view page, std::string_view source) {
    const auto sagas = texts_of(page, "sagaid");
    const auto steps = texts_of(page, "sagastep");
    const auto keys = texts_of(page, "sagakey");
    const auto types = texts_of(page, "type");
    const auto leases = texts_of(page, "lease");
    CommandAnswers answers;
    if (leases.empty()) return answers;
    if (sagas.size() != leases.size() || steps.size() != leases.size() ||
        keys.size() != leases.size() || types.size() != leases.size()) {
        throw std::runtime_error("not a page of commands: " + std::string(page.substr(0, 500)));
    }
    answers.replies = "[";
    for (std::size_t i = 0; i < leases.size(); ++i) {
        answers.replies.append(i == 0 ? "" : ",").append(R"({"specversion":"1.0","id":")");
        answers.replies.append(keys[i]).append(R"(","source":")").append(source);
        answers.replies.append(R"(","type":"done","sagaid":")").append(sagas[i]);
        answers.replies.append(R"(","sagastep":")").append(steps[i]);
        answers.replies.append(R"(","data":{"id":"8d1c6f02"}})");
        answers.leases.append(i == 0 ? "\"" : ",\"").append(leases[i]).append("\"");
    }
    answers.replies += ']';
    return answers;
}

void put_subscription(outside::HttpClient& client, const std::string& name,
                      const std::string& json) {
    const auto reply = client.send("PUT", "/v1/subscriptions/" + name, json);
    if (!reply.has_value() || reply->status / 100 != 2) {
        throw std::runtime_error("PUT /v1/subscriptions/" + name + ": " +
                                 (reply.has_value() ? reply->body : "no answer"));
    }
}

EventServices::EventServices(std::uint16_t port) {
    outside::HttpClient client(port);
    for (const std::string name : {"reserve", "charge", "ship"}) {
        put_subscription(client, "bench-" + name,
                         R"({"topic":"bench.)" + name + R"(","pull":{"visibility":"60s"}})");
        Answered& answered = answered_.emplace_back();
        for (std::size_t i = 0; i < kThreadsPerService; ++i) {
            threads_.emplace_back([port, name, &answered](const std::stop_token& stop) {
                serve(stop, port, name, answered);
            });
        }
        threads_.emplace_back([port, name, &answered](const std::stop_token& stop) {
            acknowledge(stop, port, name, answered);
        });
    }
}

void EventServices::serve(const std::stop_token& stop, std::uint16_t port, const std::string& name,
                          Answered& answered) try {
    outside::HttpClient client(port);
    while (!stop.stop_requested()) {
        const auto page = client.send("POST", "/v1/subscriptions/bench-" + name + "/fetch", kFetch);
        if (!page.has_value() || page->status != 200) {
            std::this_thread::sleep_for(kAfterFailure);
            continue;
        }
        const CommandAnswers answers = answer_commands(page->body, "/bench/" + name);
        if (answers.replies.empty()) continue;
        const auto published =
            client.send("POST", "/v1/topics/bench.replies/events", answers.replies, kBatchType);
        // What is not acknowledged comes again.
        if (!published.has_value() || published->status != 202) continue;
        const std::lock_guard lock(answered.mutex);
        answered.leases.append(answered.leases.empty() ? "" : ",").append(answers.leases);
        answered.changed.notify_one();
    }
} catch (const std::exception& error) {
    std::cerr << "load: service " << name << ": " << error.what() << '\n';
}

void EventServices::acknowledge(const std::stop_token& stop, std::uint16_t port,
                                const std::string& name, Answered& answered) {
    outside::HttpClient client(port);
    while (true) {
        std::this_thread::sleep_for(kAcknowledgeEvery);
        std::string leases;
        {
            std::unique_lock lock(answered.mutex);
            answered.changed.wait(lock, stop, [&] { return !answered.leases.empty(); });
            leases = std::exchange(answered.leases, {});
        }
        if (leases.empty()) return;  // It was told to stop.
        client.send("POST", "/v1/subscriptions/bench-" + name + "/ack",
                    R"({"leases":[)" + leases + "]}");
    }
}

}  // namespace skald::benchmark
