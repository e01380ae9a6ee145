#include "engine/nats/publisher.h"

#include "engine/nats/jet_stream.h"

namespace skald::engine {
namespace {

sagas::Reply stored() { return {200, {}, sagas::Value{}, std::nullopt}; }

}  // namespace

void NatsPublisher::publish(CallId id, BrokerMessage message) {
    const std::uint64_t number = ++last_;
    in_flight_.emplace(number, InFlight{id, message.subject, {}});
    deadlines_.emplace_back(steady_now() + answer_max_, number);
    connection_.send({std::move(message.subject),
                      connection_.inbox(std::string(kEnding) + std::to_string(number)),
                      {{"Nats-Msg-Id", std::move(message.id)},
                       {kOriginHeader, origin(identity_, message.topic, message.event)},
                       {"Content-Type", "application/cloudevents+json"}},
                      std::move(message.event),
                      number});
}

std::optional<CallId> NatsPublisher::settle(std::uint64_t number) {
    const auto found = in_flight_.find(number);
    if (found == in_flight_.end()) return std::nullopt;  // It came too late.
    const CallId id = found->second.id;
    in_flight_.erase(found);
    return id;
}

void NatsPublisher::take(std::uint64_t number, const NatsMessage& answer) {
    const auto ack = read_publish_ack(answer);
    if (!ack && !ack.error().is_of_stream) {
        // Whoever listens to the subject may answer; the stream's answer may still come.
        const auto found = in_flight_.find(number);
        if (found != in_flight_.end()) found->second.heard = ack.error().why;
        return;
    }
    const auto id = settle(number);
    if (!id) return;
    if (ack) {
        answered_(*id, stored());
    } else {
        answered_(*id, sagas::NotSent{ack.error().why});
    }
}

void NatsPublisher::unsent(std::uint64_t number, const std::string& why) {
    if (const auto id = settle(number)) answered_(*id, sagas::NotSent{why});
}

void NatsPublisher::disconnected(const std::string& why) {
    for (const auto& [deadline, number] : std::exchange(deadlines_, {})) {
        if (const auto id = settle(number)) answered_(*id, sagas::Lost{why});
    }
}

void NatsPublisher::tick(Instant now) {
    while (!deadlines_.empty() && deadlines_.front().first <= now) {
        const std::uint64_t number = deadlines_.front().second;
        deadlines_.pop_front();
        const auto found = in_flight_.find(number);
        if (found == in_flight_.end()) continue;
        std::string why = "nobody acknowledged it in " + std::to_string(answer_max_.count()) +
                          " ms; does a stream take the subject " + found->second.subject + '?';
        if (!found->second.heard.empty()) why += " Somebody else answered: " + found->second.heard;
        const std::string complaint = connection_.last_complaint();
        if (!complaint.empty()) why += " The server said: " + complaint;
        if (const auto id = settle(number)) answered_(*id, sagas::Lost{std::move(why)});
    }
}

}  // namespace skald::engine
