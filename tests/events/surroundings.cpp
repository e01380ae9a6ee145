#include "tests/events/surroundings.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/outside/nats_client.h"

namespace skald::events {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kUpTime{60};
constexpr milliseconds kUpLook{20};
constexpr std::int64_t kAckWaitNs = 2'000'000'000;

void put(Course& course, outside::HttpClient& client, const std::string& target,
         const json& document) {
    const auto reply = ask(course, client, "PUT", target, document.dump());
    if (!reply.has_value() || reply->status / 100 != 2) {
        throw std::runtime_error("PUT " + target + ": " +
                                 (reply.has_value() ? reply->body : course.failure()));
    }
}

void tell_nats(outside::NatsClient& client, const std::string& subject, const json& request) {
    const auto answer = client.request("$JS.API." + subject, request.dump());
    if (!answer.has_value() || json::parse(answer->payload, nullptr, false).contains("error")) {
        throw std::runtime_error(subject + ": " + (answer ? answer->payload : "no answer"));
    }
}

/// A step that asks the services by an event and waits for theirs.
json step(const std::string& name, const std::string& undoing) {
    const json reply = {{"topic", "work.replies"},
                        {"success", {{"type", "done"}}},
                        {"failure", {{"type", "refused"}}},
                        {"timeout", "60s"}};
    const auto event = [&](const std::string& type) {
        return json{{"event",
                     {{"topic", "work"},
                      {"type", type},
                      {"subject", "$input.name"},
                      {"data", {{"order", "$input.order"}}},
                      {"reply", reply}}}};
    };
    json made = {{"name", name}, {"action", event(name)}};
    if (!undoing.empty()) made["compensation"] = event(undoing);
    return made;
}

json definition() {
    json ship = step("ship", "");
    ship["pivot"] = true;
    return {{"name", "fulfil"},
            {"triggers",
             {{{"topic", "orders"},
               {"type", "order.placed"},
               {"input", {{"order", "$event.data.order"}, {"name", "$event.subject"}}}}}},
            {"steps", {step("reserve", "release"), step("charge", "refund"), ship}}};
}

}  // namespace

void prepare_nats(Course& course, std::uint16_t nats) {
    outside::NatsClient client(nats);
    const auto until = std::chrono::steady_clock::now() + kUpTime;
    while (!client.request("$JS.API.INFO", "", {}, kUpLook).has_value()) {
        if (std::chrono::steady_clock::now() > until || !course.pause(kUpLook)) {
            throw std::runtime_error("nats-server did not get ready");
        }
    }
    tell_nats(client, "STREAM.CREATE.IN",
              {{"name", "IN"}, {"subjects", {"in.>"}}, {"storage", "file"}, {"num_replicas", 1}});
    tell_nats(
        client, "STREAM.CREATE.OUT",
        {{"name", kOutStream}, {"subjects", {"out.>"}}, {"storage", "file"}, {"num_replicas", 1}});
    tell_nats(client, std::string("CONSUMER.DURABLE.CREATE.OUT.") + kOutConsumer,
              {{"stream_name", kOutStream},
               {"config",
                {{"durable_name", kOutConsumer},
                 {"ack_policy", "explicit"},
                 {"deliver_policy", "all"},
                 {"ack_wait", kAckWaitNs}}}});
}

void prepare_skald(Course& course, std::uint16_t skald, std::uint16_t push, std::uint16_t nats) {
    outside::HttpClient client(skald);
    const auto ready = ask(course, client, "GET", "/readyz");
    if (!ready.has_value()) throw std::runtime_error("skald did not get ready");
    put(course, client, "/v1/subscriptions/puller",
        {{"topic", "lines"}, {"from", "start"}, {"pull", {{"visibility", "2s"}}}});
    put(course, client, "/v1/subscriptions/pushed",
        {{"topic", "lines"},
         {"from", "start"},
         {"push",
          {{"url", "http://127.0.0.1:" + std::to_string(push) + "/events"},
           {"secret", "$secrets.PUSHED"}}},
         {"retry", {{"initial_interval", "50ms"}, {"maximum_interval", "500ms"}}}});
    put(course, client, "/v1/subscriptions/services",
        {{"topic", "work"}, {"from", "start"}, {"pull", {{"visibility", "2s"}}}});
    if (nats != 0) {
        put(course, client, "/v1/bridges/broker",
            {{"nats", {{"url", "nats://127.0.0.1:" + std::to_string(nats)}}},
             {"out", {{{"topic", "lines"}, {"subject", "out.lines"}, {"from", "start"}}}},
             {"in", {{{"stream", "IN"}, {"subject", "in.>"}, {"topic", "lines"}}}}});
    }
    put(course, client, "/v1/definitions/fulfil", definition());
}

}  // namespace skald::events
