#include "tests/simulation/oracle_delivery_story.h"

#include <utility>

namespace skald::simulation {
namespace {

constexpr std::int64_t kVisibleMs = 10'000;

}  // namespace

DeliveryStory::DeliveryStory() : EventStory(plain_steps(1)) { act(0); }

// ---- The topic ---------------------------------------------------------------------------------

DeliveryStory& DeliveryStory::publish(const std::string& subject, const std::string& type,
                                      const std::string& bridge) {
    LogEvent event;
    event.source = "/shop";
    event.id = "e" + std::to_string(log()[kShop].size() + 1);
    event.type = type;
    event.subject = subject;
    event.bridge = bridge;
    EventStory::publish(kShop, std::move(event));
    return *this;
}

// ---- Subscriptions -----------------------------------------------------------------------------

SubscriptionPlan& DeliveryStory::plan(const std::string& name) {
    const auto [plan, is_new] = history().subscriptions.try_emplace(name);
    if (is_new) {
        plan->second.topic = kShop;
        plan->second.attempts_max = 3;
    }
    return plan->second;
}

DeliveryStory& DeliveryStory::make(const std::string& name, std::int64_t begin) {
    key_ = ++last_key_;
    Stand stand;
    stand.name = name;
    stand.topic = plan(name).topic;
    stand.document = name;
    stand.version = 1;
    stand.cursor = begin;
    stands_[key_] = stand;
    ask(ChangeAsked::What::Put, begin);
    look();
    return done();
}

DeliveryStory& DeliveryStory::look() {
    see(StandsSeen{stands_});
    see(CommitTold{});
    return *this;
}

DeliveryStory& DeliveryStory::settle(std::int64_t cursor) {
    stand().cursor = cursor;
    return look();
}

// ---- Deliveries --------------------------------------------------------------------------------

DeliveryStory& DeliveryStory::give(std::int64_t offset, std::uint64_t lease,
                                   std::uint32_t attempt) {
    see(HandedOut{stand().name, offset, "/shop", event(offset).id, lease, attempt,
                  engine_time() + kVisibleMs});
    return *this;
}

DeliveryStory& DeliveryStory::call(std::int64_t offset, std::uint64_t call, std::uint32_t attempt) {
    see(HandedOut{stand().name, offset, "/shop", event(offset).id, call, attempt, 0});
    return *this;
}

DeliveryStory& DeliveryStory::tell(std::uint64_t call, bool is_delivered) {
    see(PushTold{call, is_delivered});
    return *this;
}

DeliveryStory& DeliveryStory::say(std::int64_t offset, std::uint64_t lease, LeasesAsked::As as) {
    const std::int64_t by = as == LeasesAsked::As::Extended ? kVisibleMs : 0;
    see(LeasesAsked{++last_answer_, stand().name, {{offset, lease}}, as, by});
    return *this;
}

DeliveryStory& DeliveryStory::answer(std::vector<std::uint64_t> stale) {
    see(LeasesAnswered{last_answer_, LeasesAnswered::How::Done, std::move(stale)});
    return *this;
}

DeliveryStory& DeliveryStory::deliver(std::int64_t offset, std::uint64_t lease) {
    return give(offset, lease).say(offset, lease).settle(offset).answer();
}

// ---- Changes -----------------------------------------------------------------------------------

DeliveryStory& DeliveryStory::ask(ChangeAsked::What what, std::int64_t behind,
                                  std::vector<std::int64_t> letters) {
    see(ChangeAsked{++last_change_, what, stand().name, behind, std::move(letters)});
    return *this;
}

DeliveryStory& DeliveryStory::done() {
    see(ChangeAnswered{last_change_, ChangeAnswered::How::Done});
    return *this;
}

// ---- The broker --------------------------------------------------------------------------------

DeliveryStory& DeliveryStory::store(std::int64_t offset, const std::string& message,
                                    bool is_repeat) {
    see(BrokerStored{"b", "out", message, "/shop", event(offset).id, is_repeat});
    return *this;
}

DeliveryStory& DeliveryStory::restart() {
    EventStory::restart();
    return *this;
}

std::string DeliveryStory::broken() {
    History history = finish("completed", all("succeeded", 1));
    history.stands = stands_;
    return broken_rules(history);
}

}  // namespace skald::simulation
