#include "api/bridge/intake.h"

#include <utility>

#include "api/cloud_event.h"
#include "api/cloud_event_request.h"
#include "api/event_contract.h"
#include "api/services.h"
#include "sagas/ascii.h"
#include "sagas/event_match.h"

namespace skald::api {
namespace {

/// As a request that publishes it.
Request request_of(const engine::NatsMessage& message) {
    Request request;
    for (const auto& [name, value] : message.headers) {
        request.headers.emplace_back(sagas::to_lower(name), value);
    }
    const bool says_what_it_is =
        request.header("content-type").has_value() || request.header("ce-specversion").has_value();
    if (!says_what_it_is) {
        request.headers.emplace_back("content-type", "application/cloudevents+json");
    }
    request.body = message.data;
    return request;
}

class CloudEventIntake final : public engine::NatsIntake {
 public:
    CloudEventIntake(std::string bridge, TopicDocuments& topics, const engine::Clock& clock)
        : bridge_(std::move(bridge)), topics_(topics), clock_(clock) {}

    Taken take(const std::string& topic, const engine::NatsMessage& message) const override {
        auto sent = read_sent_events(request_of(message), clock_.now(), EventsFrom::Bridge);
        if (!sent) return Refused{sent.error().detail};
        if (sent->way == SentEvents::Way::Batch) {
            return Refused{"A message holds one event, and no batch of them."};
        }
        const auto latest = read_again([&] { return topics_.latest(topic); });
        if (!latest) return NotNow{latest.error().message};
        if (auto broken = hold_against_contract(topic, **latest, *sent)) {
            return Refused{std::move(broken->detail)};
        }
        sagas::Json& event = sent->events.front();
        event[kBridgeAttribute] = bridge_;
        const auto& source = event.at("source").get_ref<const std::string&>();
        if (source.starts_with(kSagaSources)) {
            event["source"] = std::string(kBridgeSources) + bridge_ + source;
        }
        const bool surely_fits = sagas::size_of(event) < sagas::kEventBytesMax / 8;
        if (!surely_fits && event.dump().size() > sagas::kEventBytesMax) {
            return Refused{"With the name of its bridge the event is larger than " +
                           std::to_string(sagas::kEventBytesMax) + " bytes."};
        }
        return std::move(publish_command(topic, std::move(*sent)).events.front());
    }

 private:
    const std::string bridge_;
    TopicDocuments& topics_;
    const engine::Clock& clock_;
};

}  // namespace

std::shared_ptr<const engine::NatsIntake> make_intake(std::string bridge, TopicDocuments& topics,
                                                      const engine::Clock& clock) {
    return std::make_shared<CloudEventIntake>(std::move(bridge), topics, clock);
}

}  // namespace skald::api
