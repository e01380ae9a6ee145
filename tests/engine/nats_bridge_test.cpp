#include "engine/nats/bridge.h"

#include <gmock/gmock.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/certificates.h"
#include "tests/engine/nats_operator.h"
#include "tests/engine/nats_peer.h"
#include "tests/engine/nats_rig.h"
#include "tests/engine/nats_server.h"

namespace skald::engine {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_nats::NatsPeer;
using testing_nats::RunningNats;
using testing_nats::StoredMessage;

NatsInbound all_of(const std::string& stream, const std::string& subject,
                   const std::string& topic) {
    return {stream, subject, topic, NatsInbound::Start{}};
}

constexpr sagas::Timestamp kMade{sagas::Milliseconds{1'700'000'000'000}};

NatsBridgePlan plan(const RunningNats& nats, std::vector<NatsInbound> in = {}) {
    return {"shop", kMade, nats_at(nats.port()), std::move(in)};
}

std::string event(int number) { return R"({"id":"e-)" + std::to_string(number) + R"("})"; }
std::string event_id(int number) { return "orders/" + std::to_string(number) + "@shop"; }

/// "orders e-1" and so on.
std::vector<std::string> events(const std::string& topic, int count) {
    std::vector<std::string> expected;
    for (int i = 1; i <= count; ++i) expected.push_back(topic + " e-" + std::to_string(i));
    return expected;
}

/// Nothing of the stream is left to be delivered or acknowledged.
bool is_settled(NatsPeer& peer, NatsRig& rig, const std::string& stream) {
    const std::string consumer = rig.state().in.at(0).consumer;
    const auto until = std::chrono::steady_clock::now() + kGuard;
    while (peer.unsettled(stream, consumer) > 0) {
        if (std::chrono::steady_clock::now() > until) return false;
        rig.settle();
    }
    return true;
}

/// What is published from now on, is not before it; and what was, is.
sagas::Timestamp next_millisecond() {
    using std::chrono::system_clock;
    const auto next =
        std::chrono::ceil<sagas::Milliseconds>(system_clock::now()) + sagas::Milliseconds{1};
    while (system_clock::now() < next) {
    }
    return next;
}

// ---- Out ---------------------------------------------------------------------------------------

TEST(NatsBridge, PublishesEventsAsTheBindingOfCloudEventsSays) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders.>");
    NatsRig rig(plan(nats));
    rig.await_connected();
    EXPECT_EQ(rig.ask("orders.placed", "orders/1@shop", event(1)), "stored");
    const std::vector<StoredMessage> stored = peer.messages("ORDERS");
    ASSERT_EQ(stored.size(), 1u);
    EXPECT_EQ(stored[0].subject, "orders.placed");
    EXPECT_EQ(stored[0].data, event(1));
    EXPECT_EQ(stored[0].headers.at("Nats-Msg-Id"), "orders/1@shop");
    EXPECT_EQ(stored[0].headers.at("Content-Type"), "application/cloudevents+json");
}

TEST(NatsBridge, HasManyOnTheWayAndLeavesDuplicatesToTheStream) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats));
    rig.await_connected();
    std::vector<CallId> calls;
    for (const int round : {1, 2}) {
        for (int i = 1; i <= 500; ++i) {
            calls.push_back(rig.publish("orders", event_id(i), event(i * round)));
        }
    }
    for (const CallId id : calls) ASSERT_EQ(rig.answer(id), "stored");
    EXPECT_EQ(peer.messages("ORDERS").size(), 500u);
    EXPECT_EQ(rig.state().in_flight, 0u);
}

TEST(NatsBridge, SaysWhyAnEventIsNotStored) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    NatsRig rig(plan(nats));
    rig.await_connected();
    EXPECT_EQ(rig.ask("orders", "1", event(1)), "not sent: no stream takes the subject");
    EXPECT_THAT(rig.ask("orders", "2", std::string((1u << 20) + 1, 'x')),
                StartsWith("not sent: Payload 1048705 greater than maximum allowed"));
    peer.make_stream("ORDERS", "orders");
    EXPECT_EQ(rig.ask("orders", "1", event(1)), "stored");
}

TEST(NatsBridge, GivesUpWhereNobodyAcknowledges) {
    // Who may not publish hears nothing, but the connection does.
    const RunningNats nats(R"(authorization { users: [
        {user: "all", password: "all"},
        {user: "poor", password: "poor", permissions: {publish: "other", subscribe: "_INBOX.>"}}]})");
    NatsBridgePlan of_poor = plan(nats);
    of_poor.server.login = [] { return NatsLogin{"poor", "poor", {}, {}}; };
    NatsRig rig(std::move(of_poor), sagas::Milliseconds{1'000}, sagas::Milliseconds{1'500});
    rig.await_connected();
    const std::string answer = rig.ask("orders", "1", event(1));
    EXPECT_THAT(answer, StartsWith("lost: nobody acknowledged it in 1500 ms; does a stream take "
                                   "the subject orders?"));
    EXPECT_THAT(answer, HasSubstr("Permissions Violation"));
}

TEST(NatsBridge, WaitsForTheStreamWhoeverElseAnswers) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.subscribe("orders");
    NatsRig rig(plan(nats), sagas::Milliseconds{1'000}, sagas::Milliseconds{1'500});
    rig.await_connected();
    const CallId id = rig.publish("orders", "1", event(1));
    peer.answer_message();
    EXPECT_THAT(rig.answer(id), HasSubstr("Somebody else answered: what is no stream's"));
}

TEST(NatsBridge, AnswersAtOnceWhereThereIsNoBroker) {
    RunningNats nats;
    NatsPeer(nats.port()).make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats));
    rig.await_connected();
    nats.kill();
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.is_connected; });
    EXPECT_THAT(rig.ask("orders", "1", event(1)), StartsWith("not sent: bridge shop is not "));
    EXPECT_FALSE(state.last_error.empty());
    EXPECT_TRUE(state.server.empty());
    nats.start();
    rig.await_connected();
    EXPECT_EQ(rig.state().server, nats.url());
    EXPECT_EQ(rig.ask("orders", "1", event(1)), "stored");
}

TEST(NatsBridge, LosesAndSkipsNothingWhenTheBrokerIsKilled) {
    RunningNats nats;
    NatsPeer(nats.port()).make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats));
    constexpr int kEvents = 2'000;
    std::vector<int> open;
    for (int i = 1; i <= kEvents; ++i) open.push_back(i);
    bool is_killed = false;
    for (int round = 0; !open.empty() && round < 50; ++round) {
        rig.await_connected();
        std::vector<CallId> calls;
        calls.reserve(open.size());
        for (const int i : open) calls.push_back(rig.publish("orders", event_id(i), event(i)));
        if (!is_killed) {
            EXPECT_EQ(rig.answer(calls.front()), "stored");  // Some are under way.
            nats.kill();
            nats.start();
            is_killed = true;
        }
        std::vector<int> still_open;
        for (std::size_t i = 0; i < calls.size(); ++i) {
            if (rig.answer(calls[i]) != "stored") still_open.push_back(open[i]);
        }
        open = still_open;
    }
    EXPECT_TRUE(open.empty());
    std::set<std::string> stored;
    NatsPeer peer(nats.port());
    for (const StoredMessage& message : peer.messages("ORDERS")) {
        EXPECT_TRUE(stored.insert(message.data).second) << message.data;
    }
    EXPECT_EQ(stored.size(), static_cast<std::size_t>(kEvents));
}

// ---- In ----------------------------------------------------------------------------------------

TEST(NatsBridge, TakesInWhatTheSubjectSelectsInOrder) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders.>");
    for (int i = 1; i <= 250; ++i) peer.publish("orders.eu.placed", event(i));
    peer.publish("orders.us.placed", R"({"id":"us"})");
    NatsRig rig(
        plan(nats, {all_of("ORDERS", "orders.eu.*", "eu"), all_of("ORDERS", "orders.us.>", "us")}));
    std::vector<std::string> eu;
    for (const std::string& each : rig.await_events(251)) {
        if (each != "us us") eu.push_back(each);
    }
    EXPECT_EQ(eu, events("eu", 250));
    peer.publish("orders.eu.placed", event(251));
    EXPECT_EQ(rig.await_events(252).back(), "eu e-251");
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return now.in.at(0).received == 251; });
    EXPECT_EQ(state.in.at(0).pending, 0u);
    EXPECT_EQ(state.in.at(1).received, 1u);
    EXPECT_EQ(state.in.at(1).error, "");
}

TEST(NatsBridge, BeginsWhereItIsTold) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.publish("orders", event(1));
    // The stream's end is where it was when the binding was made; the broker may have been away.
    NatsInbound new_ones = all_of("ORDERS", "orders", "orders");
    new_ones.from = NatsInbound::End{next_millisecond()};
    peer.publish("orders", event(2));
    NatsRig rig(plan(nats, {new_ones}));
    EXPECT_THAT(rig.await_events(1), ElementsAre("orders e-2"));
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
    // Nor is it another one when somebody deletes the consumer.
    peer.publish("orders", event(3));
    rig.await_events(2);
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
    rig.destroy();
    peer.delete_consumer("ORDERS", peer.consumers("ORDERS").at(0));
    peer.publish("orders", event(4));
    NatsRig again(plan(nats, {new_ones}));
    EXPECT_THAT(again.await_events(3), ElementsAre("orders e-2", "orders e-3", "orders e-4"));
}

TEST(NatsBridge, AcknowledgesAfterTheCommitOnly) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.listen_to_acknowledgements();
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}), sagas::Milliseconds{60'000});
    rig.hold_commits();
    peer.publish("orders", event(1));
    rig.await_held(1);
    EXPECT_EQ(peer.unsettled("ORDERS", rig.state().in.at(0).consumer), 1u);
    rig.release_commits();
    EXPECT_THAT(peer.await_acknowledgements(1), ElementsAre("+ACK"));
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
}

TEST(NatsBridge, TakesAgainWhatWasNotWrittenWhenItsProcessWasKilled) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    for (int i = 1; i <= 3; ++i) peer.publish("orders", event(i));
    const NatsBridgePlan same = plan(nats, {all_of("ORDERS", "orders", "orders")});
    {
        NatsRig killed(same);
        killed.hold_commits();
        killed.await_held(1);
        killed.destroy();
    }
    NatsRig rig(same);
    peer.publish("orders", event(4));  // It must not overtake those.
    EXPECT_EQ(rig.await_events(4), events("orders", 4));
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
    EXPECT_EQ(peer.consumers("ORDERS").size(), 1u);
}

TEST(NatsBridge, GoesOnBehindWhatItHas) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    const NatsBridgePlan same = plan(nats, {all_of("ORDERS", "orders", "orders")});
    peer.publish("orders", event(1));
    {
        NatsRig first(same);
        first.await_events(1);
        EXPECT_TRUE(is_settled(peer, first, "ORDERS"));
    }
    peer.publish("orders", event(2));
    NatsRig rig(same);
    EXPECT_THAT(rig.await_events(1), ElementsAre("orders e-2"));
}

TEST(NatsBridge, DropsWhatComesTwice) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    peer.publish("orders", event(1));
    peer.publish("orders", event(1));  // Nobody told the stream that they are the same.
    peer.publish("orders", event(2));
    EXPECT_THAT(rig.await_events(2), ElementsAre("orders e-1", "orders e-2"));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return now.in.at(0).received == 2; });
    EXPECT_EQ(state.in.at(0).repeated, 1u);
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
}

TEST(NatsBridge, TakesInOnInOrderWhenTheBrokerIsKilled) {
    RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    for (int i = 1; i <= 300; ++i) peer.publish("orders", event(i));
    rig.await_events(100);
    nats.kill();
    nats.start();
    NatsPeer again(nats.port());
    for (int i = 301; i <= 600; ++i) again.publish("orders", event(i));
    EXPECT_EQ(rig.await_events(600), events("orders", 600));
    EXPECT_TRUE(is_settled(again, rig, "ORDERS"));
}

TEST(NatsBridge, RefusesForGoodWhatIsNoEvent) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders.>");
    peer.listen_to_acknowledgements();
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders.>", "orders")}));
    peer.publish("orders.odd", "hello");
    for (int i = 0; i < 12; ++i) peer.publish("orders.odd", "{}");
    peer.publish("orders.even", event(1));
    rig.await_events(1);
    const std::vector<std::string> said = peer.await_acknowledgements(14);
    EXPECT_EQ(std::count(said.begin(), said.end(), "+TERM"), 13);
    const NatsInState state = rig.state().in.at(0);
    EXPECT_EQ(state.refused, 13u);
    ASSERT_EQ(state.refusals.size(), NatsConsumer::kRefusalsMax);
    EXPECT_EQ(state.refusals.back().sequence, 13u);
    EXPECT_EQ(state.refusals.back().subject, "orders.odd");
    EXPECT_EQ(state.refusals.back().why, "it has no id");
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
    EXPECT_EQ(peer.messages("ORDERS").size(), 14u);  // They stay there.
}

TEST(NatsBridge, WaitsInOrderWhileTheEngineIsBusy) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.listen_to_acknowledgements();
    for (int i = 1; i <= 250; ++i) peer.publish("orders", event(i));
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}), sagas::Milliseconds{60'000});
    rig.be_busy(3);
    EXPECT_EQ(rig.await_events(250), events("orders", 250));
    EXPECT_THAT(peer.await_acknowledgements(250), Each("+ACK"));
    EXPECT_EQ(rig.repeated(), 0u);
}

TEST(NatsBridge, SaysThatItIsAtWorkWhileACommitTakesLong) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.listen_to_acknowledgements();
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}), sagas::Milliseconds{600});
    rig.hold_commits();
    peer.publish("orders", event(1));
    rig.await_held(1);
    // For longer than the consumer waits, which so does not deliver it again.
    EXPECT_THAT(peer.await_acknowledgements(6), Each("+WPI"));
    rig.release_commits();
    EXPECT_EQ(peer.await_acknowledgements(7).back(), "+ACK");
    EXPECT_EQ(rig.repeated(), 0u);
}

TEST(NatsBridge, TakesLaterWhatCantBeJudgedNow) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    rig.await_connected();
    rig.be_undecided(5);
    for (int i = 1; i <= 20; ++i) peer.publish("orders", event(i));
    EXPECT_EQ(rig.await_events(20), events("orders", 20));
}

TEST(NatsBridge, LooksAgainForAStreamThatIsMissing) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    rig.await([](const NatsBridgeState& now) {
        return now.in.at(0).error == "there is no stream ORDERS";
    });
    EXPECT_TRUE(rig.state().is_connected);
    peer.make_stream("ORDERS", "orders");
    peer.publish("orders", event(1));
    EXPECT_THAT(rig.await_events(1), ElementsAre("orders e-1"));
    EXPECT_EQ(rig.state().in.at(0).error, "");
}

TEST(NatsBridge, MakesAConsumerAgainThatSomebodyDeleted) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    peer.publish("orders", event(1));
    rig.await_events(1);
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
    peer.delete_consumer("ORDERS", rig.state().in.at(0).consumer);
    peer.publish("orders", event(2));
    EXPECT_THAT(rig.await_events(2), ElementsAre("orders e-1", "orders e-2"));
}

TEST(NatsBridge, SaysWhereThereIsNoJetStream) {
    const RunningNats nats(
        "no_auth_user: \"plain\"\naccounts { A { jetstream: disabled, users: "
        "[{user: \"plain\", password: \"x\"}] } }");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    rig.await([](const NatsBridgeState& now) { return !now.in.at(0).error.empty(); });
    EXPECT_THAT(rig.state().in.at(0).error, HasSubstr("JetStream"));
}

TEST(NatsBridge, SharesAStreamWithABridgeOfItsNameAtAnotherServer) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    const NatsBridgePlan one = plan(nats, {all_of("ORDERS", "orders", "orders")});
    NatsBridgePlan other = one;
    other.created_at += sagas::Milliseconds{1};
    NatsRig rig(one);
    NatsRig rig_of_other(other);
    rig.await([&](const NatsBridgeState&) { return peer.consumers("ORDERS").size() == 2; });
    for (int i = 1; i <= 20; ++i) peer.publish("orders", event(i));
    EXPECT_EQ(rig.await_events(20), events("orders", 20));
    EXPECT_EQ(rig_of_other.await_events(20), events("orders", 20));
}

TEST(NatsBridge, TakesNothingInThatItHasPublishedItself) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    // The rig's engine does not know the event, as if it were published long ago.
    NatsRig rig(
        plan(nats, {all_of("ORDERS", "orders", "orders"), all_of("ORDERS", "orders", "copies")}));
    rig.await_connected();
    EXPECT_EQ(rig.ask("orders", "1", event(1)), "stored");
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return now.in.at(0).repeated == 1; });
    EXPECT_EQ(state.in.at(0).received, 0u);
    EXPECT_THAT(rig.await_events(1), ElementsAre("copies e-1"));  // Another topic has it not yet.
    EXPECT_TRUE(is_settled(peer, rig, "ORDERS"));
    NatsBridgePlan of_another = plan(nats, {all_of("ORDERS", "orders", "orders")});
    of_another.created_at += sagas::Milliseconds{1};
    NatsRig another(of_another);
    EXPECT_THAT(another.await_events(1), ElementsAre("orders e-1"));
}

TEST(NatsBridge, PassesAMessageThatIsLargerThanItAsksFor) {
    RunningNats nats("max_payload: 8MB");
    {
        NatsPeer peer(nats.port());
        peer.make_stream("ORDERS", "orders");
        peer.publish("orders", std::string(6u << 20, 'x'));
        peer.publish("orders", event(1));
    }
    nats.kill();
    nats.start("max_payload: 1MB");  // From now on.
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    EXPECT_THAT(rig.await_events(1), ElementsAre("orders e-1"));
    EXPECT_EQ(rig.state().in.at(0).refused, 1u);
}

TEST(NatsBridge, ShowsThatItMayNotAcknowledge) {
    const RunningNats nats(R"(authorization { users: [
        {user: "all", password: "all"},
        {user: "poor", password: "poor", permissions: {
            publish: "$JS.API.>", subscribe: "_INBOX.>"}}]})");
    NatsPeer::Options all;
    all.user = all.password = "all";
    NatsPeer peer(nats.port(), all);
    peer.make_stream("ORDERS", "orders");
    NatsBridgePlan of_poor = plan(nats, {all_of("ORDERS", "orders", "orders")});
    of_poor.server.login = [] { return NatsLogin{"poor", "poor", {}, {}}; };
    NatsRig rig(std::move(of_poor));
    peer.publish("orders", event(1));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_TRUE(state.is_connected);
    EXPECT_THAT(state.last_error, HasSubstr("Permissions Violation for Publish to \"$JS.ACK."));
}

TEST(NatsBridge, SaysWhyMessagesWait) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}));
    rig.be_busy(1'000'000);
    peer.publish("orders", event(1));
    rig.await([](const NatsBridgeState& now) { return now.in.at(0).error == "the test is busy"; });
    rig.be_busy(0);
    rig.await_events(1);
    rig.await([](const NatsBridgeState& now) { return now.in.at(0).error.empty(); });
    rig.be_undecided(1);
    peer.publish("orders", event(2));
    rig.await_events(2);
    rig.await([](const NatsBridgeState& now) { return now.in.at(0).error.empty(); });
}

// ---- Its end -----------------------------------------------------------------------------------

TEST(NatsBridge, KeepsWhatALaterOneUsesThoughItIsToldWhileItRetires) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.subscribe("silent");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}), sagas::Milliseconds{1'000},
                sagas::Milliseconds{500});
    rig.await([&](const NatsBridgeState&) { return peer.consumers("ORDERS").size() == 1; });
    const std::string consumer = peer.consumers("ORDERS").at(0);
    const CallId id = rig.publish("silent", "1", event(1));  // On its way for 500 ms.
    rig.begin_to_retire({});
    rig.retire({"ORDERS." + consumer});
    EXPECT_THAT(rig.answer(id), StartsWith("lost: "));
    EXPECT_THAT(peer.consumers("ORDERS"), ElementsAre(consumer));
    // Whoever hears of its connection by the name, means the later one.
    EXPECT_THAT(rig.said_of_connection(), ElementsAre(true));
}

TEST(NatsBridge, DeletesTheConsumersThatItHasNoUseForAnyMore) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders.>");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders.a", "a"), all_of("ORDERS", "orders.b", "b")}));
    rig.await([&](const NatsBridgeState&) { return peer.consumers("ORDERS").size() == 2; });
    const std::string kept = rig.state().in.at(1).consumer;
    rig.retire({"ORDERS." + kept});
    EXPECT_THAT(peer.consumers("ORDERS"), ElementsAre(kept));
}

TEST(NatsBridge, EndsWhatIsOnTheWayBeforeItRetires) {
    const RunningNats nats;
    NatsPeer peer(nats.port());
    peer.make_stream("ORDERS", "orders");
    peer.make_stream("OUT", "out");
    NatsRig rig(plan(nats, {all_of("ORDERS", "orders", "orders")}), sagas::Milliseconds{60'000});
    rig.await_connected();
    rig.hold_commits();
    peer.publish("orders", event(1));
    rig.await_held(1);
    std::vector<CallId> calls;
    calls.reserve(100);
    for (int i = 0; i < 100; ++i) calls.push_back(rig.publish("out", event_id(i), event(i)));
    std::thread releases([&] { rig.release_commits(); });
    rig.retire({"ORDERS." + rig.state().in.at(0).consumer});
    releases.join();
    for (const CallId id : calls) EXPECT_EQ(rig.answer(id), "stored");
    EXPECT_EQ(peer.unsettled("ORDERS", peer.consumers("ORDERS").at(0)), 0u);
}

/// Says that it wants TLS, and then nothing more.
class StallingServer {
 public:
    StallingServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_, any, length), 0);
        EXPECT_EQ(::listen(listener_, 1), 0);
        EXPECT_EQ(::getsockname(listener_, any, &length), 0);
        port_ = ntohs(address.sin_port);
    }
    ~StallingServer() {
        ::close(caller_);
        ::close(listener_);
    }
    std::uint16_t port() const { return port_; }
    /// Waits for a caller, and for its first words of TLS.
    void stall() {
        caller_ = ::accept(listener_, nullptr, nullptr);
        constexpr std::string_view kInfo =
            "INFO {\"server_id\":\"x\",\"version\":\"2.9.10\",\"host\":\"h\",\"port\":1,"
            "\"tls_required\":true,\"max_payload\":1000,\"headers\":true,\"proto\":1}\r\n";
        EXPECT_EQ(::send(caller_, kInfo.data(), kInfo.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(kInfo.size()));
        char first = 0;
        EXPECT_EQ(::recv(caller_, &first, 1, 0), 1);
    }

 private:
    const int listener_;
    int caller_ = -1;
    std::uint16_t port_ = 0;
};

TEST(NatsBridge, EndsWhileAServerStalls) {
    StallingServer server;
    NatsRig rig({"shop", kMade, nats_at(server.port()), {}});
    server.stall();
    rig.retire({});
}

// ---- Who it is, and who the server is ----------------------------------------------------------

TEST(NatsBridge, SaysThatThePasswordIsWrongAndAsksForItAgain) {
    const RunningNats nats("authorization { user: skald, password: \"right\" }");
    std::atomic<bool> is_right = false;
    NatsBridgePlan with_password = plan(nats);
    with_password.server.login = [&is_right]() -> sagas::Result<NatsLogin> {
        return NatsLogin{"skald", is_right ? "right" : "wrong", {}, {}};
    };
    NatsRig rig(std::move(with_password));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_FALSE(state.is_connected);
    EXPECT_THAT(state.last_error, HasSubstr("Authorization Violation"));
    EXPECT_THAT(state.last_error, StartsWith(nats.url() + ": "));
    EXPECT_EQ(state.last_error.find("wrong"), std::string::npos);
    is_right = true;
    rig.await_connected();
}

TEST(NatsBridge, SaysWhichSecretIsMissing) {
    const RunningNats nats;
    NatsBridgePlan without = plan(nats);
    without.server.login = []() -> sagas::Result<NatsLogin> {
        return sagas::fail(sagas::ErrorCode::Unavailable, "there is no secret NATS_TOKEN");
    };
    NatsRig rig(std::move(without));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_THAT(state.last_error, HasSubstr("there is no secret NATS_TOKEN"));
}

TEST(NatsBridge, ShowsAToken) {
    const RunningNats nats("authorization { token: \"s3cret\" }");
    NatsBridgePlan with_token = plan(nats);
    with_token.server.login = [] { return NatsLogin{{}, {}, "s3cret", {}}; };
    NatsRig rig(std::move(with_token));
    rig.await_connected();
}

TEST(NatsBridge, ShowsSecretsWhateverTheyHold) {
    const std::string text = R"(a"b\c,"d":"e)"
                             "\xc3\xa4";
    const RunningNats nats(R"(authorization { user: "s\"k", password: "a\"b\\c,\"d\":\"e)"
                           "\xc3\xa4\" }");
    NatsBridgePlan with_quotes = plan(nats);
    with_quotes.server.login = [&text] { return NatsLogin{"s\"k", text, {}, {}}; };
    NatsRig rig(std::move(with_quotes));
    rig.await_connected();
    const RunningNats by_token(R"(authorization { token: "a\"b\\c,\"d\":\"e)"
                               "\xc3\xa4\" }");
    NatsBridgePlan with_token = plan(by_token);
    with_token.server.login = [&text] { return NatsLogin{{}, {}, text, {}}; };
    NatsRig rig_with_token(std::move(with_token));
    rig_with_token.await_connected();
}

TEST(NatsBridge, SaysThatASecretIsNoText) {
    const RunningNats nats;
    NatsBridgePlan with_bytes = plan(nats);
    with_bytes.server.login = [] { return NatsLogin{"skald", "\xff", {}, {}}; };
    NatsRig rig(std::move(with_bytes));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_THAT(state.last_error, HasSubstr("the password is not UTF-8"));
}

TEST(NatsBridge, ProvesWhoItIsByCredentials) {
    const testing_nats::NatsOperator known = testing_nats::make_operator();
    const testing_nats::NatsOperator unknown = testing_nats::make_operator();
    const RunningNats nats(known.config);
    std::atomic<bool> is_known = false;
    NatsBridgePlan by_credentials = plan(nats);
    by_credentials.server.login = [&]() -> sagas::Result<NatsLogin> {
        return NatsLogin{{}, {}, {}, is_known ? known.credentials : unknown.credentials};
    };
    NatsRig rig(std::move(by_credentials));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_THAT(state.last_error, HasSubstr("Authorization Violation"));
    is_known = true;
    rig.await_connected();
}

TEST(NatsBridge, SaysWhatCredentialsLack) {
    const RunningNats nats;
    NatsBridgePlan without_seed = plan(nats);
    without_seed.server.login = [] {
        return NatsLogin{{}, {}, {}, "-----BEGIN NATS USER JWT-----\na.b.c\n------"};
    };
    NatsRig rig(std::move(without_seed));
    const NatsBridgeState state =
        rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_THAT(state.last_error, HasSubstr("the credentials hold no USER NKEY SEED"));
}

TEST(NatsBridge, NeedsNoMorePermissionsThanTheDocumentsSay) {
    const RunningNats nats(R"(authorization { users: [
        {user: "all", password: "all"},
        {user: "skald", password: "s", permissions: {
            publish: ["shop.orders", "$JS.API.CONSUMER.INFO.PARCELS.*",
                      "$JS.API.CONSUMER.DURABLE.CREATE.PARCELS.*",
                      "$JS.API.CONSUMER.MSG.NEXT.PARCELS.*", "$JS.API.CONSUMER.DELETE.PARCELS.*",
                      "$JS.ACK.PARCELS.>"],
            subscribe: "_INBOX.>"}}]})");
    NatsPeer::Options all;
    all.user = all.password = "all";
    NatsPeer peer(nats.port(), all);
    peer.make_stream("ORDERS", "shop.orders");
    peer.make_stream("PARCELS", "parcels.>");
    NatsBridgePlan limited = plan(nats, {all_of("PARCELS", "parcels.>", "parcels")});
    limited.server.login = [] { return NatsLogin{"skald", "s", {}, {}}; };
    NatsRig rig(std::move(limited));
    rig.await_connected();
    EXPECT_EQ(rig.ask("shop.orders", "1", event(1)), "stored");
    peer.publish("parcels.a", event(1));
    EXPECT_THAT(rig.await_events(1), ElementsAre("parcels e-1"));
    EXPECT_TRUE(is_settled(peer, rig, "PARCELS"));
    rig.retire({});
    EXPECT_THAT(peer.consumers("PARCELS"), ElementsAre());
}

TEST(NatsBridge, TriesItsUrlsInTurn) {
    const RunningNats nats;
    NatsBridgePlan two = plan(nats);
    two.server.urls.insert(two.server.urls.begin(),
                           {NatsUrl::Security::Plain, "127.0.0.1", 1});  // Nobody is there.
    NatsRig rig(std::move(two));
    rig.await_connected();
    EXPECT_EQ(rig.state().server, nats.url());
}

/// A server that speaks TLS only, with a certificate of an authority of the test's.
class NatsOverTls : public ::testing::Test {
 protected:
    explicit NatsOverTls(const std::string& name = "IP:127.0.0.1")
        : identity_(make_identity(authority_, name, Validity::Now)),
          ca_(write("ca.pem", authority_.certificate)),
          nats_("tls { cert_file: \"" + write("cert.pem", identity_.certificate) +
                "\", key_file: \"" + write("key.pem", identity_.key) + "\" }") {}
    ~NatsOverTls() override {
        for (const std::string& file : files_) std::filesystem::remove(file);
    }

    std::string write(const std::string& name, const std::string& text) {
        files_.push_back(::testing::TempDir() + "skald_nats_" + std::to_string(::getpid()) + name);
        std::ofstream(files_.back()) << text;
        return files_.back();
    }
    NatsBridgePlan secure(const std::string& ca_file) const {
        NatsBridgePlan made = plan(nats_);
        made.server.urls.front().security = NatsUrl::Security::Tls;
        made.server.ca_file = ca_file;
        return made;
    }
    static std::string error_of(NatsRig& rig) {
        return rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); })
            .last_error;
    }

    std::vector<std::string> files_;
    const Identity authority_ = make_authority();
    const Identity identity_;
    const std::string ca_;
    const RunningNats nats_;
};

TEST_F(NatsOverTls, TrustsTheAuthorityThatItIsTold) {
    NatsPeer::Options trusting;
    trusting.ca_file = ca_;
    NatsPeer peer(nats_.port(), trusting);
    peer.make_stream("ORDERS", "orders");
    NatsRig rig(secure(ca_));
    rig.await_connected();
    EXPECT_EQ(rig.ask("orders", "1", event(1)), "stored");
}

TEST_F(NatsOverTls, TrustsNoOther) {
    NatsRig rig(secure({}));
    EXPECT_THAT(error_of(rig), HasSubstr("certificate"));
    EXPECT_FALSE(rig.state().is_connected);
}

TEST_F(NatsOverTls, TrustsNoOtherWhereTheServerAsksForTls) {
    NatsBridgePlan plain = plan(nats_);
    NatsRig rig(std::move(plain));
    EXPECT_THAT(error_of(rig), HasSubstr("certificate"));
}

TEST_F(NatsOverTls, SaysThatTheAuthorityCantBeRead) {
    NatsRig rig(secure("/nonexistent/ca.pem"));
    EXPECT_THAT(error_of(rig), HasSubstr("/nonexistent/ca.pem"));
}

class NatsOfAnotherName : public NatsOverTls {
 protected:
    NatsOfAnotherName() : NatsOverTls("DNS:other.example") {}
};

TEST_F(NatsOfAnotherName, IsNotTalkedTo) {
    NatsRig rig(secure(ca_));
    EXPECT_THAT(error_of(rig), HasSubstr("mismatch"));
    EXPECT_FALSE(rig.state().is_connected);
}

TEST(NatsBridge, WantsTlsWhereItIsTold) {
    const RunningNats nats;
    NatsBridgePlan made = plan(nats);
    made.server.needs_tls = true;
    NatsRig rig(std::move(made));
    rig.await([](const NatsBridgeState& now) { return !now.last_error.empty(); });
    EXPECT_FALSE(rig.state().is_connected);
}

}  // namespace
}  // namespace skald::engine
