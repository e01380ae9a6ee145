#include "tests/engine/subscriptions_fixture.h"

#include <utility>

#include "sagas/json.h"
#include "store/memory_store.h"

namespace skald::engine {

using sagas::Json;

Json placed(const std::string& id, const std::string& subject) {
    Json event{{"specversion", "1.0"}, {"id", id}, {"source", "/shop"}, {"type", "placed"}};
    if (!subject.empty()) event["subject"] = subject;
    return event;
}

SubscriptionsTest::SubscriptionsTest()
    : store_(store::make_memory_store()), rig_(std::make_unique<Rig>(*store_)) {}

void SubscriptionsTest::crash() {
    const auto secrets = rig_->secrets;
    // Time does not go back, and each process begins later.
    ahead_ = rig_->clock.now() - ManualClock().now() + sagas::Milliseconds{1};
    rig_ = std::make_unique<Rig>(*store_, options_, ahead_);
    rig_->secrets = secrets;
}

void SubscriptionsTest::publish(std::vector<Json> events) {
    rig_->publish("orders", std::move(events));
    rig_->settle();
    rig_->pass(kWritten);
}

void SubscriptionsTest::place(const std::vector<std::string>& ids) {
    std::vector<Json> events;
    for (const std::string& id : ids) events.push_back(placed(id));
    publish(std::move(events));
}

Json SubscriptionsTest::pull(const Json& more) {
    Json document{{"topic", "orders"}, {"pull", Json::object()}};
    document.update(more);
    return document;
}

Json SubscriptionsTest::push(const Json& more) {
    Json document{{"topic", "orders"},
                  {"retry", {{"initial_interval", "1s"}, {"jitter", 0}}},
                  {"push", {{"url", "http://127.0.0.1:9/hook"}, {"secret", "$secrets.HOOK"}}}};
    document.merge_patch(more);
    return document;
}

void SubscriptionsTest::subscribe(const std::string& name, const Json& document,
                                  std::int64_t begin) {
    const auto result = rig_->subscribe(name, document, store::Offset{begin});
    rig_->settle();
    const auto* outcome = get<store::SubscriptionOutcome>(result);
    ASSERT_TRUE(outcome != nullptr && std::holds_alternative<store::SubscriptionWritten>(*outcome));
}

std::vector<Fetch::Delivery> SubscriptionsTest::fetch(const std::string& name, std::size_t limit) {
    const auto result = rig_->fetch(name, limit);
    rig_->settle();
    const auto* deliveries = get<std::vector<Fetch::Delivery>>(result);
    EXPECT_NE(deliveries, nullptr);
    return deliveries != nullptr ? *deliveries : std::vector<Fetch::Delivery>{};
}

std::size_t SubscriptionsTest::answer(const std::string& name,
                                      const std::vector<Fetch::Delivery>& deliveries,
                                      AnswerLeases::As as, sagas::Milliseconds by) {
    std::vector<Lease> leases;
    for (const Fetch::Delivery& each : deliveries) leases.push_back(each.lease);
    const auto result = rig_->answer_leases(name, std::move(leases), as, by);
    rig_->settle();
    const auto* stale = get<std::vector<Lease>>(result);
    EXPECT_NE(stale, nullptr);
    return stale != nullptr ? stale->size() : deliveries.size();
}

void SubscriptionsTest::rewind(const std::string& name, std::int64_t behind) {
    const auto result = rig_->rewind(name, store::Offset{behind});
    rig_->settle();
    rig_->pass(kWritten);
    EXPECT_NE(get<Rewind::Done>(result), nullptr);
}

std::size_t SubscriptionsTest::settle_letters(const std::string& name, SettleDeadLetters::How how) {
    const auto result = rig_->settle_letters(name, how);
    rig_->settle();
    rig_->pass(kWritten);
    const auto* done = get<SettleDeadLetters::Done>(result);
    EXPECT_NE(done, nullptr);
    return done != nullptr ? done->count : 0;
}

std::vector<std::string> SubscriptionsTest::ids(const std::vector<Fetch::Delivery>& deliveries) {
    std::vector<std::string> ids;
    for (const Fetch::Delivery& each : deliveries) ids.push_back(id_of(each.event));
    return ids;
}

std::string SubscriptionsTest::id_of(const std::string& event) {
    return sagas::parse_json(event).value().at("id").get<std::string>();
}

std::vector<std::string> SubscriptionsTest::pushed() const {
    std::vector<std::string> ids;
    for (const auto& made : rig_->caller.open) ids.push_back(id_of(made.request.body));
    return ids;
}

void SubscriptionsTest::answer_push(int status) {
    rig_->answer("/hook", status);
    rig_->pass(kWritten);
}

std::int64_t SubscriptionsTest::cursor(const std::string& name) const {
    return static_cast<std::int64_t>(rig_->subscription(name).cursor);
}

int SubscriptionsTest::told(Telemetry::Delivery outcome) const {
    const auto found = rig_->telemetry.deliveries.find(outcome);
    return found == rig_->telemetry.deliveries.end() ? 0 : found->second;
}

}  // namespace skald::engine
