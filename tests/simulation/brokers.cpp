#include "tests/simulation/brokers.h"

#include <utility>

#include "engine/owned_subscriptions.h"
#include "sagas/json.h"
#include "tests/simulation/delivery_plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr Time kPatience{10'000};  ///< Of a broker's client with an answer.

}  // namespace

Brokers::Brokers(Timeline& timeline, Random random, Counters& counters, See see)
    : timeline_(timeline), random_(random), counters_(counters), see_(std::move(see)) {}

void Brokers::begin_process(Answered answered) {
    ++process_;
    answered_ = std::move(answered);
}

void Brokers::end_process() {
    open_.clear();
    answered_ = nullptr;
}

void Brokers::publish(engine::CallId id, engine::BrokerMessage message) {
    open_.emplace(id, ++last_);
    const sagas::Json event = sagas::Json::parse(message.event);
    // A subject is of one topic.
    const std::string topic = message.subject.substr(broker_subject("").size());
    const auto relay = engine::relay_subscription(message.bridge, topic, message.subject, {});
    see_(HandedOut{relay.name, 0, event.at("source"), event.at("id"), last_, 0, 0});
    const Asker asker{process_, id};
    timeline_.after(Time{0}, Owner::Process,
                    [this, asker, message = std::move(message)] { leave(asker, message); });
}

bool Brokers::is_away() {
    if (goes_wrong(3)) away_until_ = timeline_.now() + Time{random_.between(100, 30'000)};
    return timeline_.now() < away_until_ && !is_healed_;
}

void Brokers::leave(Asker asker, const engine::BrokerMessage& message) {
    if (is_away()) {
        counters_.count("the broker was away");
        tell(asker, sagas::NotSent{"the broker is away"});
        return;
    }
    timeline_.after(kPatience, Owner::Process,
                    [this, asker] { tell(asker, sagas::Lost{"the broker said nothing"}); });
    if (goes_wrong(3)) return;
    const auto send = [this, asker, &message] {
        ++under_way_;
        timeline_.after(way(), Owner::World, [this, asker, message] {
            --under_way_;
            arrive(asker, message);
        });
    };
    send();
    if (goes_wrong(3)) send();
}

void Brokers::arrive(Asker asker, const engine::BrokerMessage& message) {
    if (is_away()) {
        // The connection broke while it was under way.
        timeline_.after(way(), Owner::World,
                        [this, asker] { tell(asker, sagas::Lost{"the connection broke"}); });
        return;
    }
    store(message);
    if (goes_wrong(5)) {
        counters_.count("the broker stored an event, and its answer was lost");
        return;
    }
    timeline_.after(way(), Owner::World, [this, asker] {
        tell(asker, sagas::Reply{200, {}, {}, {}});
    });
}

void Brokers::store(const engine::BrokerMessage& message) {
    const bool is_repeat = !stored_.insert({message.bridge, message.id}).second;
    counters_.count(is_repeat ? "the broker dropped a repeat" : "the broker stored an event");
    const sagas::Json event = sagas::Json::parse(message.event);
    see_(BrokerStored{message.bridge, message.subject, message.id, event.at("source"),
                      event.at("id"), is_repeat});
}

/// Of an answer to a process that is gone nobody hears.
void Brokers::tell(Asker asker, sagas::Answer answer) {
    const auto found = open_.find(asker.id);
    if (asker.process != process_ || found == open_.end()) return;
    const std::uint64_t number = found->second;
    open_.erase(found);
    const bool is_stored = std::holds_alternative<sagas::Reply>(answer);
    if (!is_stored && std::holds_alternative<sagas::Lost>(answer)) {
        counters_.count("the broker did not answer");
    }
    see_(PushTold{number, is_stored});
    answered_(asker.id, std::move(answer));
}

Time Brokers::way() {
    if (is_healed_) return Time{1};
    return Time{random_.chance(5) ? random_.between(300, 25'000) : random_.between(0, 30)};
}

}  // namespace skald::simulation
