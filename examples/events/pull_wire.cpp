#include "examples/events/pull_wire.h"

#include <chrono>
#include <iostream>
#include <utility>

#include "examples/events/event_client.h"

namespace events {

namespace {

constexpr int kAtOnce = 10;
constexpr std::chrono::seconds kWait{20};

class PullWire : public Wire {
 public:
    PullWire(const std::string& server, std::string subscription, std::string topic)
        : client_(server), subscription_(std::move(subscription)), topic_(std::move(topic)) {}

    std::vector<Incoming> take() override {
        std::vector<Incoming> taken;
        for (Delivery& delivery : client_.fetch(subscription_, kAtOnce, kWait)) {
            nlohmann::json command = delivery.event;
            const std::uint32_t attempt = delivery.attempt;
            taken.push_back({std::move(command), attempt, [this, delivery = std::move(delivery)] {
                                 if (!client_.acknowledge(subscription_, delivery)) {
                                     std::cout << "was too slow: the lease had ended" << std::endl;
                                 }
                             }});
        }
        return taken;
    }

    void publish(const nlohmann::json& reply) override { client_.publish(topic_, reply); }

 private:
    EventClient client_;
    const std::string subscription_;
    const std::string topic_;
};

}  // namespace

std::unique_ptr<Wire> pull_wire(const std::string& server, const std::string& subscription,
                                const std::string& topic) {
    return std::make_unique<PullWire>(server, subscription, topic);
}

}  // namespace events
