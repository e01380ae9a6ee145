#include "tests/events/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/events/kills.h"
#include "tests/events/ledger.h"
#include "tests/events/published_event.h"
#include "tests/events/saga_books.h"
#include "tests/events/webhook.h"

namespace skald::events {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// The books of a subscriber, filled as a script.
class Keeper {
 public:
    explicit Keeper(Way way) : books_("s", way) {}

    Keeper& given(std::uint64_t number, std::uint64_t place, const std::string& note = {}) {
        books_.enter({Saw::Given, {"a", number}, place, note});
        return *this;
    }
    Keeper& acknowledging(std::uint64_t number) {
        books_.enter({Saw::Acknowledging, {"a", number}, 0, {}});
        return *this;
    }
    Keeper& settled(std::uint64_t number) {
        books_.enter({Saw::Settled, {"a", number}, 0, {}});
        return *this;
    }
    const Books& close(std::uint64_t published) {
        books_.close({{"a", published}});
        return books_;
    }

 private:
    Books books_;
};

std::uint64_t faults_of(const Books& books) {
    return books.faults().losses() + books.faults().wrongs();
}

TEST(EventBooks, TakeWhatIsInOrderAndComesAgain) {
    Keeper keeper(Way::Pulled);
    keeper.given(1, 4).given(1, 4).acknowledging(1).given(2, 9).acknowledging(2).settled(1);
    const Books& books = keeper.close(2);
    EXPECT_EQ(faults_of(books), 0u) << books.faults().told().front();
    EXPECT_EQ(books.events(), 2u);
    EXPECT_EQ(books.repeats(), 1u);
}

TEST(EventBooks, NoticeWhatNeverCame) {
    Keeper keeper(Way::Pulled);
    keeper.given(1, 1).acknowledging(1);
    const Books& books = keeper.close(2);
    EXPECT_EQ(books.faults().losses(), 1u);
    EXPECT_THAT(books.faults().told(), ElementsAre("s: a/2 never came"));
}

TEST(EventBooks, NoticeWhatCameAgainAfterItsAcknowledgement) {
    Keeper pulled(Way::Pulled);
    pulled.given(1, 1).acknowledging(1).settled(1).given(1, 1);
    EXPECT_EQ(pulled.close(1).faults().wrongs(), 1u);
    Keeper pushed(Way::Pushed);
    pushed.given(1, 0, "p/1").acknowledging(1).given(1, 0, "p/1");
    EXPECT_EQ(faults_of(pushed.close(1)), 0u);
}

TEST(EventBooks, NoticeWhatCameBeforeTheOneBeforeIt) {
    Keeper never(Way::Pushed);
    never.given(2, 0).acknowledging(2).given(1, 0).acknowledging(1);
    EXPECT_THAT(never.close(2).faults().told(), ElementsAre(HasSubstr("before it was given")));
    Keeper open(Way::Pushed);
    open.given(1, 0).given(2, 0);
    EXPECT_THAT(open.close(2).faults().told(), ElementsAre(HasSubstr("was acknowledged")));
}

TEST(EventBooks, NoticeAnotherPlaceNameOrOrder) {
    Keeper place(Way::Pulled);
    place.given(1, 1).given(1, 2);
    EXPECT_EQ(place.close(1).faults().wrongs(), 1u);
    Keeper note(Way::Pushed);
    note.given(1, 0, "p/1").given(1, 0, "p/2");
    EXPECT_EQ(note.close(1).faults().wrongs(), 1u);
    Keeper order(Way::Pulled);
    order.given(1, 5).acknowledging(1).given(2, 4);
    EXPECT_EQ(order.close(2).faults().wrongs(), 1u);
}

TEST(EventBooks, NoticeWhatNobodyPublished) {
    Keeper keeper(Way::Pulled);
    keeper.given(1, 1).acknowledging(1).given(2, 2);
    EXPECT_EQ(keeper.close(1).faults().wrongs(), 1u);
}

TEST(EventBooks, OfAStreamTakeOrderAndGapsByItsPlaces) {
    Keeper late(Way::Relayed);
    late.given(2, 2).given(1, 1).given(2, 2);
    EXPECT_EQ(faults_of(late.close(2)), 0u);
    Keeper gap(Way::Relayed);
    gap.given(1, 1).given(2, 3);
    EXPECT_EQ(gap.close(2).faults().losses(), 1u);
    Keeper turned(Way::Relayed);
    turned.given(1, 2).given(2, 1);
    EXPECT_EQ(turned.close(2).faults().wrongs(), 1u);
    Keeper twice(Way::Relayed);
    twice.given(1, 1).given(1, 2);
    EXPECT_EQ(twice.close(1).faults().wrongs(), 1u);
}

class SagaScript {
 public:
    SagaScript& works(const std::string& saga, std::uint64_t order,
                      const std::vector<std::string>& steps, const std::string& phase = "action") {
        for (const std::string& step : steps) {
            std::string key = saga;
            key.append("/").append(step).append("/").append(phase);
            books.enter({saga, step, phase, std::move(key), order});
        }
        return *this;
    }
    SagaBooks books;
};

TEST(EventSagaBooks, TakeSagasThatEndOnceAndAsTheyMust) {
    SagaScript script;
    script.works("s1", 1, {"reserve", "charge", "ship", "ship"}).books.end("s1", "completed");
    script.works("s4", 4, {"reserve", "charge"}).works("s4", 4, {"reserve"}, "compensation");
    script.books.end("s4", "compensated");
    EXPECT_EQ(script.books.repeats(), 1u);
    const Faults faults = script.books.close(1);
    EXPECT_THAT(faults.told(), ElementsAre(HasSubstr("nobody made")));
    EXPECT_EQ(script.books.close(4).losses(), 2u);  // Orders 2 and 3.
    EXPECT_EQ(script.books.close(4).wrongs(), 0u);
}

TEST(EventSagaBooks, NoticeTwoEndsTwoSagasAndTwoEffects) {
    SagaScript ends;
    ends.works("s", 1, {"reserve", "charge", "ship"}).books.end("s", "completed");
    ends.books.end("s", "completed");
    EXPECT_THAT(ends.books.close(1).told(), ElementsAre(HasSubstr("ended 2 times")));
    SagaScript sagas;
    sagas.works("s", 1, {"reserve", "charge", "ship"}).books.end("s", "completed");
    sagas.works("t", 1, {"reserve", "charge", "ship"}).books.end("t", "completed");
    EXPECT_THAT(sagas.books.close(1).told(), ElementsAre(HasSubstr("started 2 sagas")));
    SagaScript effects;
    effects.works("s", 1, {"reserve", "charge", "ship"}).books.end("s", "completed");
    EXPECT_FALSE(effects.books.enter({"s", "ship", "action", "another key", 1}));
    EXPECT_THAT(effects.books.close(1).told(),
                ElementsAre(HasSubstr("more than one effect: ship action")));
}

TEST(EventSagaBooks, NoticeAWrongEndAndNone) {
    SagaScript wrong;
    wrong.works("s", 4, {"reserve", "charge", "ship"}).books.end("s", "completed");
    EXPECT_EQ(wrong.books.close(4).wrongs(), 2u);  // Its end, and its steps.
    SagaScript none;
    none.works("s", 1, {"reserve"});
    EXPECT_EQ(none.books.close(1).losses(), 1u);
}

TEST(EventLedger, IsReadWhileItGrowsAndWhatWasCutIsLeftOut) {
    const std::filesystem::path file =
        std::filesystem::path(testing::TempDir()) / ("ledger_" + std::to_string(::getpid()));
    std::filesystem::remove(file);
    LedgerReader reader(file);
    EXPECT_THAT(reader.read_on(), SizeIs(0));
    {
        LedgerWriter writer(file);
        writer.add({Saw::Given, {"a", 3}, 17, "p/17"});
        EXPECT_THAT(reader.read_on(), SizeIs(1));  // That it began.
        writer.write();
    }
    const auto entries = reader.read_on();
    ASSERT_THAT(entries, SizeIs(1));
    EXPECT_EQ(entries[0].saw, Saw::Given);
    EXPECT_EQ(entries[0].event, (EventName{"a", 3}));
    EXPECT_EQ(entries[0].place, 17u);
    EXPECT_EQ(entries[0].note, "p/17");
    std::ofstream(file, std::ios::app) << "G a 4 1";
    LedgerWriter writer(file);
    EXPECT_THAT(reader.read_on(), SizeIs(1));
    EXPECT_EQ(reader.cut(), 1u);
    std::filesystem::remove(file);
}

TEST(EventKills, AreAsManyOfEachAsWantedAndTheSameForASeed) {
    const auto kills = plan_kills(7, 3, 5, 1'000);
    ASSERT_THAT(kills, SizeIs(15));
    std::vector<std::size_t> counts(3);
    std::uint64_t last = 0;
    for (const Kill& kill : kills) {
        ++counts.at(kill.victim);
        EXPECT_GE(kill.at_event, last);
        EXPECT_LE(kill.at_event, 900u);
        last = kill.at_event;
    }
    EXPECT_THAT(counts, ElementsAre(5, 5, 5));
    EXPECT_EQ(plan_kills(7, 3, 5, 1'000).front().at_event, kills.front().at_event);
}

TEST(PublishedEvent, IsKnownByItsName) {
    nlohmann::json event = published_event({"a", 3}, "/x");
    EXPECT_EQ(name_of(event), (EventName{"a", 3}));
    event["data"]["number"] = 4;
    EXPECT_EQ(name_of(event), std::nullopt);
    EXPECT_EQ(name_of(nlohmann::json()), std::nullopt);
}

// The example of github.com/standard-webhooks/standard-webhooks, and what must not pass.
TEST(Webhook, IsSignedByItsSecretOnly) {
    const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const std::string body = R"({"test": 2432232314})";
    const std::string headers =
        "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nwebhook-timestamp: 1614265330\r\n"
        "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n";
    EXPECT_TRUE(is_signed(secret, headers, body));
    EXPECT_FALSE(is_signed(secret, headers, body + ' '));
    EXPECT_FALSE(is_signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", headers, body));
    EXPECT_FALSE(is_signed(secret, "webhook-id: x\r\n", body));
}

}  // namespace
}  // namespace skald::events
