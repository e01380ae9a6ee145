#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/engine/subscriptions_fixture.h"

/// What subscriptions read of the log.
namespace skald::engine {
namespace {

using As = AnswerLeases::As;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

sagas::Json of_type(const std::string& id, const std::string& type,
                    const std::string& subject = "") {
    sagas::Json event = placed(id, subject);
    event["type"] = type;
    return event;
}

class ReadingTest : public SubscriptionsTest {
 protected:
    /// Fetches and acknowledges everything that there is, so many at a time.
    std::vector<std::string> drain(const std::string& name, std::size_t limit) {
        std::vector<std::string> all;
        for (;;) {
            const auto given = fetch(name, limit);
            if (given.empty()) return all;
            EXPECT_EQ(answer(name, given), 0u);
            for (std::string& id : ids(given)) all.push_back(std::move(id));
        }
    }
};

TEST_F(ReadingTest, PassesOverWhatTheFilterDoesNotWant) {
    subscribe("mail", pull({{"filter", {{"type", "sent"}}}}));
    publish({of_type("1", "placed"), of_type("2", "sent"), of_type("3", "placed")});
    const auto given = fetch("mail");
    EXPECT_THAT(ids(given), ElementsAre("2"));
    answer("mail", given);
    rig_->pass(1s);
    EXPECT_EQ(cursor("mail"), 3);
    crash();
    EXPECT_THAT(fetched("mail"), IsEmpty());
}

TEST_F(ReadingTest, DropsWhatANewFilterDoesNotWant) {
    subscribe("mail", pull());
    publish({of_type("1", "placed", "a"), of_type("2", "placed"), of_type("3", "sent", "a")});
    EXPECT_THAT(fetched("mail", 1), ElementsAre("1"));
    subscribe("mail", pull({{"filter", {{"type", "sent"}}}}));
    EXPECT_THAT(fetched("mail"), IsEmpty());  // "1" is being delivered still.
    rig_->pass(30s);
    rig_->pass(10s);
    EXPECT_THAT(fetched("mail"), ElementsAre("1"));
}

TEST_F(ReadingTest, WaitsForATopicThatHasNoEventYet) {
    subscribe("mail", pull());
    EXPECT_THAT(fetched("mail"), IsEmpty());
    place({"1"});
    EXPECT_THAT(fetched("mail"), ElementsAre("1"));
}

TEST_F(ReadingTest, DeliversAllOfALongLogOnceAndInOrder) {
    std::vector<std::string> expected;
    std::vector<sagas::Json> events;
    for (int i = 0; i < 2'500; ++i) {
        expected.push_back(std::to_string(i));
        events.push_back(placed(expected.back()));
    }
    publish(events);
    subscribe("mail", pull());
    EXPECT_EQ(drain("mail", 300), expected);
    EXPECT_EQ(cursor("mail"), 2'500);
}

TEST_F(ReadingTest, ReadsOnWhatWasPublishedWhileTooManyWereOpen) {
    subscribe("mail", pull());
    std::vector<std::string> expected;
    for (int i = 0; i < 15; ++i) {
        std::vector<sagas::Json> events;
        for (int k = 0; k < 100; ++k) {
            expected.push_back(std::to_string(100 * i + k));
            events.push_back(placed(expected.back(), k % 2 == 0 ? "a" + expected.back() : ""));
        }
        publish(events);
    }
    EXPECT_THAT(fetch("mail", 1'000), SizeIs(1'000));
    EXPECT_THAT(fetch("mail", 1'000), IsEmpty());  // So many may be open.
    crash();
    EXPECT_EQ(drain("mail", 77), expected);
}

TEST_F(ReadingTest, TriesAgainWhatCannotBeReadNow) {
    place({"1"});
    rig_->loader.failures = 3;
    subscribe("mail", pull());
    EXPECT_THAT(fetched("mail"), IsEmpty());
    rig_->pass(1s);
    EXPECT_THAT(fetched("mail"), ElementsAre("1"));
}

TEST_F(ReadingTest, GoesOnWithoutASubscriptionWhoseTopicIsBroken) {
    place({"1"});
    rig_->loader.failures = 1;
    rig_->loader.failure = {sagas::ErrorCode::Corruption, "read: broken"};
    subscribe("mail", pull());
    EXPECT_THAT(fetched("mail"), IsEmpty());
    EXPECT_FALSE(rig_->fatal);
    rig_->pass(10s);
    EXPECT_THAT(fetched("mail"), ElementsAre("1"));
}

TEST_F(ReadingTest, TellsWhatTheLogLetGoBeforeItWasDelivered) {
    subscribe("mail", pull());
    place({"1", "2", "3", "4", "5"});
    answer("mail", {fetch("mail", 3)[1]});
    crash();
    rig_->events_read.gone = store::Offset{4};
    EXPECT_THAT(fetched("mail"), ElementsAre("5"));
    EXPECT_EQ(rig_->telemetry.missed, 3u);  // 1, 3 and 4.
}

TEST_F(ReadingTest, TellsItWhereNothingIsLeftToo) {
    subscribe("mail", pull());
    place({"1", "2"});
    crash();
    rig_->events_read.gone = store::Offset{2};
    EXPECT_THAT(fetched("mail"), IsEmpty());
    EXPECT_EQ(rig_->telemetry.missed, 2u);
    place({"3"});
    EXPECT_THAT(fetched("mail"), ElementsAre("3"));
}

TEST_F(ReadingTest, MissesNothingThatWasGoneBeforeItBegan) {
    place({"1", "2", "3"});
    rig_->events_read.gone = store::Offset{2};
    subscribe("mail", pull());
    EXPECT_THAT(fetched("mail"), ElementsAre("3"));
    rewind("mail", 0);
    EXPECT_THAT(fetched("mail"), ElementsAre("3"));
    EXPECT_EQ(rig_->telemetry.missed, 0u);
}

TEST_F(ReadingTest, LeavesAPageAloneThatWasReadBeforeItBeganAnew) {
    place({"1", "2", "3"});
    rig_->holds_reads = true;
    subscribe("mail", pull());
    rewind("mail", 2);
    rewind("mail", 2);
    ASSERT_THAT(rig_->loader.answers, SizeIs(1)) << "one reading at a time";
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_THAT(fetched("mail"), ElementsAre("3"));
}

TEST_F(ReadingTest, LeavesAPageAloneOfASubscriptionThatIsGone) {
    place({"1"});
    rig_->holds_reads = true;
    subscribe("mail", pull());
    rig_->coordinator->post(ChangeSubscription{store::DeleteSubscription{"mail", std::nullopt},
                                               std::nullopt, [](ChangeSubscription::Result) {}});
    rig_->settle();
    subscribe("mail", pull(), 1);
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_THAT(fetched("mail"), IsEmpty());
}

// ---- The topic of sagas ------------------------------------------------------------------------

constexpr char kNoop[] = R"({"name": "noop", "steps": [{"name": "call", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/call"}}}]})";

class SagaTopicTest : public ReadingTest {
 protected:
    SagaTopicTest() { rig_->define(kNoop); }

    void run(const std::string& id) {
        rig_->start("noop", id);
        rig_->settle();
        rig_->answer("/call", 200);
    }
    /// "SAGA TYPE"
    std::vector<std::string> changes(const std::string& name) {
        std::vector<std::string> all;
        const auto given = fetch(name);
        for (const Fetch::Delivery& each : given) {
            const auto event = sagas::parse_json(each.event).value();
            all.push_back(event.at("subject").get<std::string>() + ' ' +
                          event.at("type").get<std::string>());
        }
        answer(name, given);
        return all;
    }
};

TEST_F(SagaTopicTest, CanBeSubscribedTo) {
    subscribe("audit", {{"topic", kSagaTopic}, {"pull", sagas::Json::object()}});
    run("a");
    EXPECT_THAT(changes("audit"), ElementsAre("a begun"));
    EXPECT_THAT(changes("audit"), ElementsAre("a answered"));
    run("b");
    EXPECT_THAT(changes("audit"), ElementsAre("b begun"));
    crash();
    EXPECT_THAT(changes("audit"), ElementsAre("b answered"));
    EXPECT_THAT(changes("audit"), IsEmpty());
}

TEST_F(SagaTopicTest, HasGapsThatNobodyMisses) {
    for (const char* id : {"a", "b", "c"}) run(id);
    for (const int position : {1, 2, 4, 6}) {
        rig_->events_read.unseen.insert(store::Offset{position});
    }
    subscribe("audit", {{"topic", kSagaTopic}, {"pull", sagas::Json::object()}});
    EXPECT_THAT(changes("audit"), ElementsAre("b begun", "c begun"));
    EXPECT_EQ(cursor("audit"), 6);
    const auto unseen = rig_->events_read.unseen;
    crash();
    rig_->events_read.unseen = unseen;
    rig_->events_read.unseen.insert(store::Offset{7});
    run("d");
    EXPECT_THAT(changes("audit"), ElementsAre("d answered"));
    EXPECT_EQ(rig_->telemetry.missed, 0u);
}

}  // namespace
}  // namespace skald::engine
