#include "examples/events/event_client.h"

#include <httplib.h>

namespace events {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWaitMax{60};

/// The body of an answer, if it is a good one.
json body_of(const std::string& what, const httplib::Result& result) {
    if (!result) {
        throw Trouble(0, what + ": " + httplib::to_string(result.error()));
    }
    json body = json::parse(result->body, nullptr, /*allow_exceptions=*/false);
    if (result->status < 200 || result->status > 299 || body.is_discarded()) {
        const std::string detail = body.is_object() ? body.value("detail", "") : result->body;
        throw Trouble(result->status,
                      what + ": HTTP " + std::to_string(result->status) + " " + detail);
    }
    return body;
}

std::string seconds(std::chrono::seconds wait) { return std::to_string(wait.count()) + "s"; }

std::string of(const std::string& subscription, const char* what) {
    return "/v1/subscriptions/" + subscription + "/" + what;
}

}  // namespace

struct EventClient::Connection {
    explicit Connection(const std::string& server) : http(server) {
        http.set_keep_alive(true);
        http.set_tcp_nodelay(true);
        http.set_connection_timeout(std::chrono::seconds{5});
        http.set_read_timeout(kWaitMax + std::chrono::seconds{10});
    }
    httplib::Client http;
};

EventClient::EventClient(const std::string& server)
    : connection_(std::make_unique<Connection>(server)) {}

EventClient::~EventClient() = default;

json EventClient::post(const std::string& path, const char* type, const json& body) {
    return body_of("POST " + path, connection_->http.Post(path, body.dump(), type));
}

std::vector<Delivery> EventClient::fetch(const std::string& subscription, int limit,
                                         std::chrono::seconds wait) {
    const json answer = post(of(subscription, "fetch"), "application/json",
                             {{"limit", limit}, {"wait", seconds(wait)}});
    std::vector<Delivery> deliveries;
    for (const json& row : answer.at("events")) {
        deliveries.push_back({row.at("offset").get<std::uint64_t>(), row.at("event"),
                              row.at("lease").get<std::string>(),
                              row.at("attempt").get<std::uint32_t>()});
    }
    return deliveries;
}

bool EventClient::acknowledge(const std::string& subscription, const Delivery& delivery) {
    const json answer = post(of(subscription, "ack"), "application/json",
                             {{"leases", json::array({delivery.lease})}});
    return answer.at("stale").empty();
}

void EventClient::publish(const std::string& topic, const json& events) {
    const char* const type =
        events.is_array() ? "application/cloudevents-batch+json" : "application/cloudevents+json";
    post("/v1/topics/" + topic + "/events", type, events);
}

Page EventClient::read(const std::string& topic, std::uint64_t after, std::chrono::seconds wait) {
    const std::string path =
        "/v1/topics/" + topic + "/events?after=" + std::to_string(after) + "&wait=" + seconds(wait);
    const json answer = body_of("GET " + path, connection_->http.Get(path));
    Page page{{}, answer.at("next").get<std::uint64_t>()};
    for (const json& row : answer.at("events")) {
        page.events.push_back({row.at("offset").get<std::uint64_t>(), row.at("event")});
    }
    return page;
}

}  // namespace events
