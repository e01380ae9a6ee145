#include <gmock/gmock.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "engine/owned_subscriptions.h"
#include "engine/subscriptions.h"
#include "engine/text_hash.h"
#include "tests/engine/subscriptions_fixture.h"

/// Subscriptions of definitions, whose events start sagas, and of bridges, whose events go out.
namespace skald::engine {
namespace {

using How = SettleDeadLetters::How;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr char kShipping[] = R"({"name": "shipping", "steps": [
  {"name": "ship", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ship"}}}]})";
constexpr char kTrigger[] = "trigger:shipping:orders:placed";

sagas::Definition triggered() {
    sagas::Definition definition;
    definition.name = "shipping";
    definition.triggers.push_back({"orders", "placed", sagas::Template::parse(nullptr).value()});
    return definition;
}

std::vector<store::OwnedSubscription> triggers(std::int64_t begin = 0) {
    return trigger_subscriptions(triggered(),
                                 [begin](const std::string&) {
                                     return sagas::Result<store::Offset>(store::Offset{begin});
                                 })
        .value();
}

class TriggersTest : public SubscriptionsTest {
 protected:
    void define(std::vector<store::OwnedSubscription> subscriptions = triggers()) {
        rig_->define(kShipping, std::move(subscriptions));
    }
    std::size_t sagas() const {
        const auto list = store_->reader().list({}, {});
        return list ? list->rows.size() : 0;
    }
};

TEST_F(TriggersTest, StartASagaWithEachEvent) {
    define();
    sagas::Json other = placed("3");
    other["type"] = "cancelled";
    publish({placed("1"), placed("2"), other});
    EXPECT_EQ(rig_->status("by-1"), "running");
    EXPECT_EQ(rig_->status("by-2"), "running");
    EXPECT_EQ(sagas(), 2u);
    EXPECT_EQ(cursor(kTrigger), 3);
    EXPECT_EQ(told(Telemetry::Delivery::Delivered), 2);
    EXPECT_EQ(rig_->subscription(kTrigger).owner, "definition/shipping");
}

TEST_F(TriggersTest, StartOneAfterTheOtherWithEventsOfOneSubject) {
    define();
    rig_->publish("orders", {placed("1", "a"), placed("2", "a"), placed("3", "b")});
    rig_->turn();
    rig_->committer.finish();
    rig_->turn();
    rig_->deliver_reads();
    rig_->turn();
    rig_->committer.finish();
    EXPECT_EQ(sagas(), 2u);
    rig_->settle();
    EXPECT_EQ(sagas(), 3u);
}

// The start is durable, and that its event is settled is not.
TEST_F(TriggersTest, StartASagaOnceThoughTheProcessDiesInBetween) {
    define();
    rig_->publish("orders", {placed("1")});
    rig_->turn();
    rig_->committer.finish();
    rig_->turn();
    rig_->deliver_reads();
    rig_->turn();
    ASSERT_TRUE(rig_->committer.is_syncing());
    rig_->committer.finish_unheard();
    crash();
    rig_->settle();
    rig_->pass(kWritten);
    EXPECT_EQ(sagas(), 1u);
    EXPECT_EQ(cursor(kTrigger), 1);
    EXPECT_THAT(rig_->open(), ElementsAre("/ship"));
}

TEST_F(TriggersTest, StartASagaOnceThoughItsEventComesAgain) {
    define();
    place({"1"});
    place({"1"});
    rewind(kTrigger, 0);
    EXPECT_EQ(sagas(), 1u);
    EXPECT_EQ(cursor(kTrigger), 1);
}

TEST_F(TriggersTest, WaitWhileTheEngineIsBusyWithoutAnAttempt) {
    options_.live_max = 1;
    crash();
    define();
    place({"1", "2"});
    EXPECT_EQ(sagas(), 1u);
    rig_->pass(5s);
    EXPECT_EQ(sagas(), 1u);
    EXPECT_EQ(rig_->subscription(kTrigger).failing, 0u);
    rig_->answer("/ship", 200);
    rig_->pass(1s);
    EXPECT_EQ(sagas(), 2u);
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 0);
}

TEST_F(TriggersTest, AskOneByOneWhileNothingCanStart) {
    options_.live_max = 1;
    crash();
    define();
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i) ids.push_back(std::to_string(i));
    place(ids);
    const int before = rig_->triggers.asked;
    for (int i = 0; i < 50; ++i) rig_->pass(200ms);
    EXPECT_GT(rig_->triggers.asked, before);
    EXPECT_LE(rig_->triggers.asked, before + 51);
}

TEST_F(TriggersTest, WaitWhileNothingCanBeRead) {
    define();
    rig_->loader.failures = 2;
    place({"1"});
    EXPECT_EQ(sagas(), 0u);
    rig_->pass(1s);
    EXPECT_EQ(sagas(), 1u);
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 0);
}

TEST_F(TriggersTest, TakeWhatCannotStartForAFailedAttempt) {
    define();
    rig_->triggers.error = {sagas::ErrorCode::InvalidArgument, "its input breaks the schema"};
    place({"1"});
    EXPECT_EQ(rig_->subscription(kTrigger).failing, 1u);
    rig_->pass(2h);
    EXPECT_EQ(told(Telemetry::Delivery::Failed), 15);
    const auto letters = rig_->dead_letters(kTrigger);
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].error, "its input breaks the schema");
    rig_->triggers.error.reset();  // The definition is mended.
    EXPECT_EQ(settle_letters(kTrigger, How::DeliverAgain), 1u);
    EXPECT_EQ(sagas(), 1u);
    EXPECT_THAT(rig_->dead_letters(kTrigger), IsEmpty());
}

TEST_F(TriggersTest, KeepTheirPlaceInALaterVersionAndAreGoneWithoutOne) {
    define();
    place({"1"});
    rig_->define(R"({"name": "shipping", "steps": [{"name": "send", "compensation": "none",
        "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/send"}}}]})",
                 triggers(77));
    place({"2"});
    EXPECT_THAT(rig_->open(), ElementsAre("/ship", "/send"));
    define({});
    place({"3"});
    EXPECT_EQ(sagas(), 2u);
    EXPECT_EQ(rig_->subscription(kTrigger).name, "");
}

TEST_F(TriggersTest, StartNothingWhenTheServerStops) {
    define();
    rig_->holds_reads = true;
    place({"1"});
    bool is_drained = false;
    rig_->coordinator->drain([&] { is_drained = true; });
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_TRUE(is_drained);
    EXPECT_EQ(sagas(), 0u);
    crash();
    rig_->settle();
    EXPECT_EQ(sagas(), 1u);
}

TEST_F(TriggersTest, StartAllInSpiteOfSmallBatches) {
    options_.batch_rows_max = 2;
    crash();
    define();
    for (int i = 0; i < 40; ++i) place({std::to_string(i)});
    rig_->pass(1s);
    EXPECT_EQ(sagas(), 40u);
    EXPECT_EQ(cursor(kTrigger), 40);
}

// ---- Bridges -----------------------------------------------------------------------------------

class RelaysTest : public SubscriptionsTest {
 protected:
    RelaysTest() {
        rig_->put_bridge("eu", {relay_subscription("eu", "orders", "shop.orders", {})});
        rig_->settle();
    }
    std::vector<std::string> published() const {
        std::vector<std::string> ids;
        for (const auto& each : rig_->broker.open) ids.push_back(id_of(each.message.event));
        return ids;
    }
    void answer_broker(sagas::Answer answer) {
        ASSERT_FALSE(rig_->broker.open.empty());
        const CallId id = rig_->broker.open.front().id;
        rig_->broker.open.pop_front();
        rig_->coordinator->answered(id, std::move(answer));
        rig_->settle();
        rig_->pass(kWritten);
    }
    static sagas::Answer stored() {
        return sagas::Reply{200, {}, sagas::make_value(nullptr), std::nullopt};
    }
    static constexpr char kRelay[] = "bridge:eu:orders:shop.orders";
};

TEST_F(RelaysTest, HandEachEventToTheBroker) {
    publish({placed("1", "a"), placed("2", "a"), placed("3", "b")});
    EXPECT_THAT(published(), ElementsAre("1", "3"));
    const BrokerMessage& message = rig_->broker.open.front().message;
    EXPECT_EQ(message.bridge, "eu");
    EXPECT_EQ(message.subject, "shop.orders");
    EXPECT_EQ(message.topic, "orders");
    // Another server has an event at that place, too.
    EXPECT_EQ(message.id, "orders/1@eu/shop.orders#" + hash_text(message.event));
    answer_broker(stored());
    answer_broker(stored());
    answer_broker(stored());
    EXPECT_EQ(cursor(kRelay), 3);
    EXPECT_EQ(rig_->subscription(kRelay).owner, "bridge/eu");
}

TEST_F(RelaysTest, GoOnUntilTheBrokerIsBack) {
    publish({placed("1", "a"), placed("2", "a")});
    std::set<std::string> ids;
    for (int i = 0; i < 40; ++i) {
        ASSERT_THAT(published(), ElementsAre("1")) << i;
        // The same each time.
        const std::string id = rig_->broker.open.front().message.id;
        EXPECT_THAT(id, StartsWith("orders/1@eu/shop.orders#"));
        EXPECT_TRUE(ids.insert(id).second == (i == 0)) << id;
        answer_broker(i % 2 == 0 ? sagas::Answer(sagas::NotSent{"the broker is away"})
                                 : sagas::Answer(sagas::Lost{"no answer"}));
        rig_->pass(6s);
    }
    EXPECT_EQ(rig_->subscription(kRelay).failing, 0u);  // Nobody counts them: none is written.
    answer_broker(stored());
    EXPECT_THAT(published(), ElementsAre("2"));
    answer_broker(stored());
    EXPECT_EQ(cursor(kRelay), 2);
    EXPECT_THAT(rig_->dead_letters(kRelay), IsEmpty());
}

TEST_F(RelaysTest, PublishAgainAfterARestartWhatWasNotAnswered) {
    place({"1"});
    crash();
    rig_->settle();
    EXPECT_THAT(published(), ElementsAre("1"));
}

TEST_F(RelaysTest, PassOverWhatCameInOverTheirBridge) {
    sagas::Json theirs = placed("2");
    theirs["skaldbridge"] = "eu";
    sagas::Json others = placed("3");
    others["skaldbridge"] = "us";
    publish({placed("1"), theirs, others});
    EXPECT_THAT(published(), ElementsAre("1", "3"));
}

TEST_F(RelaysTest, AreGoneWithTheirBridge) {
    place({"1"});
    std::optional<ChangeBridge::Result> result;
    rig_->coordinator->post(
        ChangeBridge{store::DeleteBridge{"eu", std::nullopt},
                     [&result](ChangeBridge::Result what) { result = std::move(what); }});
    rig_->settle();
    ASSERT_TRUE(result);
    const auto* outcome = std::get_if<store::BridgeOutcome>(&*result);
    ASSERT_NE(outcome, nullptr);
    EXPECT_TRUE(std::holds_alternative<store::BridgeWritten>(*outcome));
    answer_broker(stored());
    place({"2"});
    EXPECT_THAT(published(), IsEmpty());
}

TEST_F(RelaysTest, AreCountedAmongAllSubscriptions) {
    std::vector<store::OwnedSubscription> many;
    for (std::size_t i = 0; i < Subscriptions::kSubscriptionsMax; ++i) {
        many.push_back(relay_subscription("us", "orders", "s" + std::to_string(i), {}));
    }
    const auto refused = rig_->put_bridge("us", many);
    rig_->settle();
    EXPECT_TRUE(get<Busy>(refused));
    many.pop_back();
    const auto made = rig_->put_bridge("us", many);
    rig_->settle();
    EXPECT_TRUE(get<store::BridgeOutcome>(made));
}

TEST_F(RelaysTest, AreWaitedForWhenTheServerStops) {
    place({"1"});
    bool is_drained = false;
    rig_->coordinator->drain([&] { is_drained = true; });
    rig_->settle();
    EXPECT_FALSE(is_drained);
    answer_broker(stored());
    EXPECT_TRUE(is_drained);
    EXPECT_EQ(cursor(kRelay), 1);
}

}  // namespace
}  // namespace skald::engine
