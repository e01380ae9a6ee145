#include <poll.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/events/ledger.h"
#include "tests/events/published_event.h"
#include "tests/events/webhook.h"
#include "tests/outside/http_client.h"
#include "tests/outside/http_message.h"
#include "tests/outside/nats_client.h"
#include "tests/outside/participant_server.h"

/// A subscriber that may be killed at any moment, and started again: it enters what it sees into
/// its ledger before it acknowledges it.
namespace skald::events {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr int kAfterFailureMs = 20;
constexpr std::size_t kAtOnce = 100;
constexpr milliseconds kNatsWait{1'000};

struct Options {
    std::string way;
    std::string ledger;
    std::uint16_t port = 0;    ///< skald's or nats-server's; of a push its own.
    std::string subscription;  ///< Of a pull.
    std::string stream, consumer;
    std::string secret;
    std::uint64_t refuse = 0;  ///< Of a push: one of so many is refused at first; 0: none.
    std::uint64_t forget = 0;  ///< One of so many is acknowledged and not entered; 0: none.
};

void pause_a_little() { ::poll(nullptr, 0, kAfterFailureMs); }

class Subscriber {
 public:
    explicit Subscriber(Options options) : options_(std::move(options)), ledger_(options_.ledger) {}

    void pull() {
        outside::HttpClient client(options_.port);
        const std::string target = "/v1/subscriptions/" + options_.subscription;
        const std::string wanted = json{{"limit", kAtOnce}, {"wait", "5s"}}.dump();
        while (true) {
            const auto page = client.send("POST", target + "/fetch", wanted);
            if (!page.has_value() || page->status != 200) {
                pause_a_little();
                continue;
            }
            const json events = json::parse(page->body).at("events");
            if (!events.empty()) acknowledge(client, target + "/ack", events);
        }
    }

    void push() {
        outside::ParticipantServer server(std::vector<std::uint16_t>{options_.port});
        const std::string taken = outside::make_reply(200, "{}");
        const std::string refused = outside::make_reply(500, "{}");
        std::uint64_t calls = 0;
        server.run([&](const outside::ReceivedCall& received) {
            const std::string id(outside::find_header(received.headers, "webhook-id").value_or(""));
            const EventName event = enter(json::parse(received.body, nullptr, false), 0, id);
            if (!is_signed(options_.secret, received.headers, received.body)) {
                ledger_.add({Saw::Wrong, event, 0, "wrong-signature"});
            }
            const bool is_refused = options_.refuse != 0 && ++calls % options_.refuse == 0;
            if (!is_refused) ledger_.add({Saw::Acknowledging, event, 0, {}});
            ledger_.write();
            server.answer(received.call, is_refused ? refused : taken);
        });
    }

    void relayed() {
        outside::NatsClient client(options_.port);
        while (true) {
            const auto messages =
                client.pull(options_.stream, options_.consumer, kAtOnce, kNatsWait);
            if (!messages.has_value()) {
                pause_a_little();
                continue;
            }
            for (const outside::NatsMessage& message : *messages) take(client, message);
        }
    }

 private:
    /// Enters what came; what is no event of ours is entered as such.
    EventName enter(const json& event, std::uint64_t place, const std::string& note) {
        const auto name = name_of(event);
        if (!name.has_value()) {
            ledger_.add({Saw::Wrong, {"none", 0}, place, "not-an-event-of-ours"});
            return {"none", 0};
        }
        const bool is_forgotten = options_.forget != 0 && ++entered_ % options_.forget == 0;
        if (!is_forgotten) ledger_.add({Saw::Given, *name, place, note});
        return *name;
    }

    void acknowledge(outside::HttpClient& client, const std::string& target, const json& events) {
        std::vector<std::pair<std::string, EventName>> leased;
        json leases = json::array();
        for (const json& each : events) {
            leases.push_back(each.at("lease"));
            leased.emplace_back(
                each.at("lease"),
                enter(each.at("event"), each.at("offset").get<std::uint64_t>(), {}));
        }
        ledger_.write();
        for (const auto& [lease, event] : leased) ledger_.add({Saw::Acknowledging, event, 0, {}});
        ledger_.write();
        const auto answer = client.send("POST", target, json{{"leases", std::move(leases)}}.dump());
        if (!answer.has_value() || answer->status != 200) return;
        const auto stale = json::parse(answer->body).at("stale").get<std::set<std::string>>();
        for (const auto& [lease, event] : leased) {
            if (!stale.contains(lease)) ledger_.add({Saw::Settled, event, 0, {}});
        }
        ledger_.write();
    }

    void take(outside::NatsClient& client, const outside::NatsMessage& message) {
        const EventName event = enter(json::parse(message.payload, nullptr, false),
                                      outside::stream_sequence(message), {});
        const auto type = outside::find_header(message.headers, "content-type");
        if (!type.has_value() || !type->starts_with("application/cloudevents+json")) {
            ledger_.add({Saw::Wrong, event, 0, "no-content-type"});
        }
        ledger_.add({Saw::Acknowledging, event, 0, {}});
        ledger_.write();
        client.publish(message.reply, "+ACK");
    }

    const Options options_;
    LedgerWriter ledger_;
    std::uint64_t entered_ = 0;
};

}  // namespace
}  // namespace skald::events

int main(int argc, char** argv) try {
    skald::events::Options options;
    CLI::App app("A subscriber that enters what it sees into a ledger, until it is killed");
    app.add_option("way", options.way)
        ->required()
        ->check(CLI::IsMember({"pull", "push", "relayed"}));
    app.add_option("--ledger", options.ledger)->required();
    app.add_option("--port", options.port, "skald's or nats-server's; of a push its own")
        ->required();
    app.add_option("--subscription", options.subscription);
    app.add_option("--stream", options.stream);
    app.add_option("--consumer", options.consumer);
    app.add_option("--secret", options.secret);
    app.add_option("--refuse", options.refuse, "One of so many is refused at first");
    app.add_option("--forget", options.forget, "One of so many is acknowledged, but not entered");
    CLI11_PARSE(app, argc, argv);

    const std::string way = options.way;
    skald::events::Subscriber subscriber(std::move(options));
    if (way == "pull") {
        subscriber.pull();
    } else if (way == "push") {
        subscriber.push();
    } else {
        subscriber.relayed();
    }
    return 0;
} catch (const std::exception& error) {
    std::cerr << "subscriber: " << error.what() << '\n';
    return 1;
}
