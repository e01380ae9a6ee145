#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "engine/coordinator.h"
#include "store/memory_store.h"
#include "tests/engine/rig.h"

/// The coordinator and the event log: what sagas publish, and the events that they wait for.
namespace skald::engine {
namespace {

using sagas::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

/// By sagaid and sagastep.
constexpr char kReservingByEvent[] = R"({"name": "reserving", "steps": [
  {"name": "reserve", "retry": {"initial_interval": "1s", "jitter": 0, "maximum_attempts": 2},
   "action": {"event": {"topic": "commands", "type": "reserve", "subject": "$input.order",
     "data": {"order": "$input.order"},
     "reply": {"topic": "replies", "success": {"type": "reserved"}, "failure": {"type": "rejected"},
               "timeout": "10s"}}},
   "compensation": {"event": {"topic": "commands", "type": "release",
     "reply": {"topic": "replies", "success": {"type": "released"}, "timeout": "10s"}}}},
  {"name": "then", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/then"}}}]})";

/// By a value of the event.
constexpr char kApproving[] = R"({"name": "asking", "steps": [
  {"name": "approve", "action": {"wait": {"event": {"topic": "approvals",
     "success": {"type": "approved"}, "failure": {"type": "refused"},
     "match": {"event": "$event.data.order", "saga": "$input.order"}, "timeout": "2h"}}}},
  {"name": "then", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/then"}}}]})";

Json event(const std::string& id, const std::string& type, Json data = nullptr) {
    return {{"specversion", "1.0"},
            {"id", id},
            {"source", "/tests"},
            {"type", type},
            {"data", std::move(data)}};
}

Json reply(const std::string& id, const std::string& type, const std::string& saga,
           const std::string& step = "reserve", const std::string& phase = "action") {
    Json made = event(id, type, {{"n", 7}});
    made["sagaid"] = saga;
    made["sagastep"] = step;
    made["sagaphase"] = phase;
    return made;
}

Rig::Wanted wanted(const std::string& order, std::optional<sagas::RequestKey> request = {}) {
    return {{{"order", order}}, std::nullopt, {}, std::move(request)};
}

class CoordinatorEvents : public ::testing::Test {
 protected:
    CoordinatorEvents() { begin(); }

    void begin(sagas::Milliseconds ahead = {}) {
        rig_.reset();
        rig_ = std::make_unique<Rig>(*store_, CoordinatorOptions{}, ahead);
    }
    void start(const std::string& definition, const std::string& id) {
        rig_->start(definition, id, wanted("o-" + id));
        rig_->settle();
    }
    std::vector<store::EventWritten> publish(const std::string& topic, Json what) {
        const auto result = rig_->publish(topic, {std::move(what)});
        rig_->settle();
        const auto* written = get<std::vector<store::EventWritten>>(result);
        EXPECT_TRUE(written);
        return written != nullptr ? *written : std::vector<store::EventWritten>{};
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Rig> rig_;
};

TEST_F(CoordinatorEvents, AStepPublishesWithItsRecord) {
    rig_->define(kReservingByEvent);
    rig_->start("reserving", "a", wanted("o-1"));
    rig_->turn();
    EXPECT_THAT(rig_->events("commands"), IsEmpty());
    rig_->settle();
    const auto events = rig_->events("commands");
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events[0].at("type"), "reserve");
    EXPECT_EQ(events[0].at("subject"), "o-1");
    EXPECT_EQ(events[0].at("sagaid"), "a");
    EXPECT_EQ(events[0].at("sagastep"), "reserve");
    EXPECT_EQ(events[0].at("sagakey"), "a/reserve/action");
    EXPECT_EQ(events[0].at("data"), Json({{"order", "o-1"}}));
    EXPECT_THAT(rig_->open(), IsEmpty());
}

TEST_F(CoordinatorEvents, AReplySettlesTheStep) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    publish("replies", reply("1", "reserved", "a"));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
    rig_->answer("/then", 200);
    EXPECT_EQ(rig_->status("a"), "completed");
}

// As a step by a call does.
TEST_F(CoordinatorEvents, AStepTakesOneCommitFromItsReplyToTheNext) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    rig_->publish("replies", {reply("1", "reserved", "a")});
    rig_->turn();
    rig_->committer.finish();
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "called_back"));
    EXPECT_THAT(store_->recovery().event_hits().value(), IsEmpty());
}

// Its rows must be written in their order.
TEST_F(CoordinatorEvents, ASagaThatHasGoneOnMeanwhileIsToldAfterThat) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    rig_->publish("replies", {reply("1", "reserved", "a")});
    rig_->turn();
    ASSERT_TRUE(rig_->committer.is_syncing());
    rig_->operate("a", sagas::Suspend{{"me", "why", {}}});
    rig_->turn();
    rig_->committer.finish();
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun"));
    EXPECT_THAT(store_->recovery().event_hits().value(), SizeIs(1));
    rig_->settle();
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "suspended", "called_back"));
    EXPECT_THAT(store_->recovery().event_hits().value(), IsEmpty());
}

// Else its child would begin after it turned.
TEST_F(CoordinatorEvents, ASagaWhoseChildBeginsIsToldAfterThat) {
    rig_->define(R"({"name": "child", "steps": [{"name": "pay", "compensation": "none",
      "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/pay"}}}]})");
    rig_->define(R"({"name": "parent", "steps": [
      {"name": "ask", "after": [], "action": {"wait": {"event": {"topic": "replies",
         "success": {"type": "granted"}, "failure": {"type": "refused"}, "timeout": "1h"}}}},
      {"name": "call", "after": [], "compensation": "none",
       "action": {"saga": {"definition": "child", "input": {}}}}]})");
    rig_->holds_reads = true;
    rig_->start("parent", "p", Rig::Wanted{{{"order", "o"}}, std::nullopt, {{"child", 1}}, {}});
    rig_->settle();
    rig_->deliver_reads();  // There is no such child.
    rig_->settle();
    rig_->publish("replies", {reply("1", "refused", "p", "ask")});
    rig_->turn();
    ASSERT_TRUE(rig_->committer.is_syncing());
    rig_->deliver_reads();  // It can be started.
    rig_->turn();
    rig_->committer.finish();
    EXPECT_THAT(rig_->journal("p"), ElementsAre("begun"));
    rig_->holds_reads = false;
    rig_->settle();
    const auto rows = store_->reader().feed(store::Position{0}, 9).value().rows;
    ASSERT_GE(rows.size(), 3u);
    EXPECT_EQ(rows[1].saga.id, "p.call");
    EXPECT_EQ(rows[2].saga.id, "p");
    EXPECT_EQ(rows[2].row.seq, 2u);
}

// In its commit the saga may publish, too: what another one waits for.
TEST_F(CoordinatorEvents, AReplyFindsWhatItsSagaPublishesThen) {
    rig_->define(R"({"name": "telling", "steps": [
      {"name": "hear", "action": {"wait": {"event": {
         "topic": "t", "success": {"type": "go"}, "timeout": "1h"}}}},
      {"name": "tell", "compensation": "none", "action": {"event": {
         "topic": "t", "type": "told", "subject": "$input.order"}}}]})");
    rig_->define(R"({"name": "hearing", "steps": [
      {"name": "wait", "action": {"wait": {"event": {
         "topic": "t", "success": {"type": "told"},
         "match": {"event": "$event.subject", "saga": "$input.order"}, "timeout": "1h"}}}}]})");
    rig_->start("telling", "a", wanted("o"));
    rig_->start("hearing", "b", wanted("o"));
    rig_->settle();
    publish("t", reply("1", "go", "a", "hear"));
    EXPECT_EQ(rig_->status("a"), "completed");
    EXPECT_EQ(rig_->status("b"), "completed");
}

// Nothing is lost of what came of the reply: it is in the batch that is tried again.
TEST_F(CoordinatorEvents, AReplyOnAFullDiskSettlesTheStepWhenThereIsSpace) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    rig_->publish("replies", {reply("1", "reserved", "a")});
    rig_->turn();
    rig_->committer.finish(sagas::Error{sagas::ErrorCode::Unavailable, "the disk is full"});
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->pass(1s);
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "called_back"));
}

TEST_F(CoordinatorEvents, AReplyForAnotherSagaOrStepDoesNot) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    publish("replies", reply("1", "reserved", "b"));
    publish("replies", reply("2", "reserved", "a", "then"));
    publish("replies", reply("3", "reserved", "a", "reserve", "compensation"));
    publish("elsewhere", reply("4", "reserved", "a"));
    EXPECT_THAT(rig_->open(), IsEmpty());
    publish("replies", reply("5", "reserved", "a"));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorEvents, ARejectionTurnsTheSaga) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    publish("replies", reply("1", "rejected", "a"));
    EXPECT_EQ(rig_->status("a"), "compensated");
}

TEST_F(CoordinatorEvents, ACompensationIsAnEventToo) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    publish("replies", reply("1", "reserved", "a"));
    rig_->answer("/then", 409);
    ASSERT_THAT(rig_->events("commands"), SizeIs(2));
    EXPECT_EQ(rig_->events("commands")[1].at("sagaphase"), "compensation");
    publish("replies", reply("2", "released", "a", "reserve", "compensation"));
    EXPECT_EQ(rig_->status("a"), "compensated");
}

TEST_F(CoordinatorEvents, AReplyThatDoesNotComeIsAskedForAgain) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    rig_->pass(12s);
    const auto events = rig_->events("commands");
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_NE(events[0].at("id"), events[1].at("id"));
    EXPECT_EQ(events[0].at("sagakey"), events[1].at("sagakey"));
    publish("replies", reply("1", "reserved", "a"));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorEvents, ASecondReplyIsLate) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    publish("replies", reply("1", "reserved", "a"));
    publish("replies", reply("2", "rejected", "a"));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "called_back", "late"));
}

TEST_F(CoordinatorEvents, AReplyAfterTheEndIsLate) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    publish("replies", reply("1", "rejected", "a"));
    ASSERT_EQ(rig_->status("a"), "compensated");
    ASSERT_EQ(rig_->live(), 0u);
    publish("replies", reply("2", "reserved", "a"));
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "called_back", "late"));
    EXPECT_EQ(rig_->status("a"), "compensated");
    EXPECT_EQ(rig_->live(), 0u);
    publish("replies", reply("3", "something else", "a"));
    publish("replies", reply("4", "reserved", "nobody"));
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "called_back", "late"));
}

TEST_F(CoordinatorEvents, TheSameEventIsWrittenOnce) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    const auto first = publish("replies", reply("1", "reserved", "a"));
    const auto again = publish("replies", reply("1", "reserved", "a"));
    EXPECT_EQ(first[0].offset, again[0].offset);
    EXPECT_FALSE(first[0].is_repeat);
    EXPECT_TRUE(again[0].is_repeat);
    EXPECT_THAT(rig_->journal("a"), ElementsAre("begun", "called_back"));
}

TEST_F(CoordinatorEvents, AnEventFindsAllSagasThatItMatches) {
    rig_->define(kApproving);
    rig_->start("asking", "a", wanted("o-1"));
    rig_->start("asking", "b", wanted("o-1"));
    rig_->start("asking", "c", wanted("o-2"));
    rig_->settle();
    publish("approvals", event("1", "approved", {{"order", "o-1"}}));
    EXPECT_THAT(rig_->open(), ElementsAre("/then", "/then"));
    publish("approvals", event("2", "refused", {{"order", "o-2"}}));
    EXPECT_EQ(rig_->status("c"), "compensated");
}

TEST_F(CoordinatorEvents, AnEventThatComesFirstIsFound) {
    rig_->define(kApproving);
    publish("approvals", event("1", "approved", {{"order", "o-a"}}));
    start("asking", "a");
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorEvents, AnEventFindsASagaThatIsParked) {
    rig_->define(kApproving);
    start("asking", "a");
    rig_->pass(1min);
    ASSERT_EQ(rig_->live(), 0u);
    publish("approvals", event("1", "approved", {{"order", "o-a"}}));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorEvents, AnEventThatReachedNobodyBeforeTheEndIsToldAfterIt) {
    rig_->define(kApproving);
    start("asking", "a");
    rig_->publish("approvals", {event("1", "approved", {{"order", "o-a"}})});
    rig_->turn();
    rig_->committer.finish();  // It is durable, and what the saga makes of it is not.
    begin(1min);
    ASSERT_TRUE(rig_->coordinator->recover(store_->recovery()));
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
    EXPECT_THAT(store_->recovery().event_hits().value(), IsEmpty());
}

TEST_F(CoordinatorEvents, KnowsAfterARestartByWhatEventsAreFound) {
    rig_->define(kApproving);
    start("asking", "a");
    begin(1min);
    ASSERT_TRUE(rig_->coordinator->recover(store_->recovery()));
    rig_->settle();
    publish("approvals", event("1", "approved", {{"order", "o-a"}}));
    EXPECT_THAT(rig_->open(), ElementsAre("/then"));
}

TEST_F(CoordinatorEvents, AStartThatRepeatsPublishesNothing) {
    rig_->define(kReservingByEvent);
    const sagas::RequestKey request{"key", "hash"};
    rig_->start("reserving", "a", wanted("o", request));
    rig_->start("reserving", "b", wanted("o", request));
    rig_->settle();
    EXPECT_THAT(rig_->events("commands"), SizeIs(1));
}

TEST_F(CoordinatorEvents, ASuspendedSagaPublishesNothingUntilItIsResumed) {
    rig_->define(kReservingByEvent);
    start("reserving", "a");
    rig_->operate("a", sagas::Suspend{{"me", "why", {}}});
    rig_->pass(1h);
    EXPECT_THAT(rig_->events("commands"), SizeIs(1));
    rig_->operate("a", sagas::Resume{{"me", "why", {}}});
    rig_->pass(2s);
    EXPECT_THAT(rig_->events("commands"), SizeIs(2));
}

TEST_F(CoordinatorEvents, RingsForThoseWhoFollowTheTopic) {
    const std::uint64_t heard = rig_->event_bell.rings("approvals");
    publish("approvals", event("1", "approved"));
    EXPECT_EQ(rig_->event_bell.rings("approvals"), heard + 1);
    publish("approvals", event("1", "approved"));  // It was there.
    EXPECT_EQ(rig_->event_bell.rings("approvals"), heard + 1);
}

}  // namespace
}  // namespace skald::engine
