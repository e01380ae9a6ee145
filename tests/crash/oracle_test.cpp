#include "tests/crash/oracle.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "tests/crash/ledger.h"

namespace skald::crash {
namespace {

std::string key(std::size_t step, Phase phase) {
    return "s/" + std::string(kSteps[step]) +
           (phase == Phase::Action ? "/action" : "/compensation");
}

Ledger::Verdict act(Ledger& ledger, std::size_t step, Business business = Business::Agrees) {
    return ledger.enter({step, "s", Phase::Action, key(step, Phase::Action), ""}, business);
}

Ledger::Verdict undo(Ledger& ledger, std::size_t step) {
    return ledger.enter(
        {step, "s", Phase::Compensation, key(step, Phase::Compensation), key(step, Phase::Action)},
        Business::Agrees);
}

/// The text of each fault, one a line.
std::string faults(const Ledger& ledger, Story story) {
    std::string lines;
    for (const Fault& fault : find_faults(ledger.entries(), {{"s", story}})) {
        lines += fault.text + "\n";
    }
    return lines;
}

void act_and_refuse(Ledger& ledger) {
    act(ledger, 0);
    act(ledger, 1);
    act(ledger, 2, Business::Refuses);
}

TEST(Ledger, GivesARepeatedKeyTheSameAnswerAndOneEffect) {
    Ledger ledger;
    EXPECT_TRUE(act(ledger, 0).is_first);
    EXPECT_FALSE(act(ledger, 0, Business::Refuses).is_refused);
    ASSERT_EQ(ledger.entries().size(), 1u);
    EXPECT_TRUE(ledger.entries()[0].took_effect);
    EXPECT_EQ(ledger.entries()[0].calls, 2u);
    EXPECT_EQ(ledger.entries()[0].last_call, 2u);
}

TEST(Ledger, RefusesAnActionAfterItsCompensationWhichHasNoEffect) {
    Ledger ledger;
    EXPECT_FALSE(undo(ledger, 0).is_refused);
    EXPECT_TRUE(act(ledger, 0).is_refused);
    for (const LedgerEntry& entry : ledger.entries()) {
        EXPECT_FALSE(entry.took_effect) << entry.key;
    }
}

TEST(Oracle, IsContentWithARefusedSagaThatIsUndoneInReverse) {
    Ledger ledger;
    act_and_refuse(ledger);
    undo(ledger, 2);
    undo(ledger, 1);
    undo(ledger, 1);
    undo(ledger, 0);
    EXPECT_EQ(faults(ledger, Story::Refused), "");
}

// The callback came while a try, made again after a crash, was on its way.
TEST(Oracle, LetsATryComeAfterItsCallback) {
    for (const Story story : {Story::Later, Story::Completed}) {
        Ledger ledger;
        act(ledger, 0);
        act(ledger, 1);
        act(ledger, 2);
        act(ledger, 1);
        EXPECT_EQ(faults(ledger, story).empty(), story == Story::Later);
    }
}

TEST(Oracle, SeesTheWrongOrder) {
    Ledger ledger;
    act_and_refuse(ledger);
    undo(ledger, 0);
    undo(ledger, 1);
    EXPECT_EQ(faults(ledger, Story::Refused),
              "s/reserve/compensation (calls 4 to 4) came before s/charge/compensation (calls 5 "
              "to 5) was settled\n");
}

TEST(Oracle, SeesACallThatIsMadeAgainAfterItWasSettled) {
    Ledger ledger;
    act(ledger, 0);
    act(ledger, 1);
    act(ledger, 0);
    act(ledger, 2);
    EXPECT_EQ(faults(ledger, Story::Completed),
              "s/charge/action (calls 2 to 2) came before s/reserve/action (calls 1 to 3) was "
              "settled\n");
}

TEST(Oracle, SeesAnEffectThatStands) {
    Ledger ledger;
    act_and_refuse(ledger);
    undo(ledger, 1);
    EXPECT_EQ(faults(ledger, Story::Refused), "reserve was not undone\n");
}

TEST(Oracle, SeesTwoKeysForOneCall) {
    Ledger ledger;
    for (std::size_t step = 0; step < kSteps.size(); ++step) {
        act(ledger, step);
    }
    ledger.enter({2, "s", Phase::Action, "s/ship/action/2", ""}, Business::Agrees);
    EXPECT_EQ(faults(ledger, Story::Completed),
              "two keys for one call: s/ship/action/2 and s/ship/action\n");
}

TEST(Oracle, SeesAnEffectThatIsMissingOrTooMuch) {
    Ledger ledger;
    act(ledger, 0);
    act(ledger, 1);
    EXPECT_EQ(faults(ledger, Story::Completed), "ship never took effect\n");
    act(ledger, 2);
    undo(ledger, 2);
    EXPECT_EQ(faults(ledger, Story::Completed), "ship was compensated\n");
}

TEST(Oracle, TakesEffectsOfAnAbandonedSagaAndNoUndo) {
    const std::map<std::string, Expected> abandoned = {{"s", {.ending = Ending::Abandoned}}};
    Ledger ledger;
    act(ledger, 0);
    act(ledger, 1);
    ASSERT_EQ(find_faults(ledger.entries(), abandoned).size(), 1u);
    EXPECT_EQ(find_faults(ledger.entries(), abandoned)[0].text, "ship never took effect");
    act(ledger, 2);
    EXPECT_TRUE(find_faults(ledger.entries(), abandoned).empty());
    undo(ledger, 2);
    ASSERT_EQ(find_faults(ledger.entries(), abandoned).size(), 1u);
    EXPECT_EQ(find_faults(ledger.entries(), abandoned)[0].text, "ship was compensated");
}

/// A call of any saga, whose step may have elements.
Ledger::Verdict call(Ledger& ledger, const std::string& saga, std::size_t step, Phase phase,
                     std::optional<std::size_t> item = std::nullopt,
                     Business business = Business::Agrees) {
    const std::string place = saga + '/' + std::string(kSteps[step]) +
                              (item ? '/' + std::to_string(*item) : std::string()) + '/';
    return ledger.enter(
        {step, saga, phase, place + (phase == Phase::Action ? "action" : "compensation"),
         phase == Phase::Action ? "" : place + "action", item},
        business);
}

std::string faults(const Ledger& ledger, const std::map<std::string, Expected>& expected) {
    std::string lines;
    for (const Fault& fault : find_faults(ledger.entries(), expected)) {
        lines += fault.saga + ": " + fault.text + "\n";
    }
    return lines;
}

const std::map<std::string, Expected> kElements = {{"s",
                                                    {.ending = Ending::Compensated,
                                                     .effects_min = 2,
                                                     .effects_max = 2,
                                                     .places = {{0}, {2, 0}, {2, 1}}}}};

TEST(Oracle, KeepsABookForEachElement) {
    Ledger ledger;
    call(ledger, "s", 0, Phase::Action);
    call(ledger, "s", 2, Phase::Action, 0);
    call(ledger, "s", 2, Phase::Action, 1, Business::Refuses);
    call(ledger, "s", 0, Phase::Compensation);
    EXPECT_EQ(faults(ledger, kElements), "s: ship/0 was not undone\n");
    call(ledger, "s", 2, Phase::Compensation, 0);
    EXPECT_EQ(faults(ledger, kElements),
              "s: s/reserve/compensation (calls 4 to 4) came before s/ship/0/compensation (calls 5 "
              "to 5) was settled\n");
    call(ledger, "s", 0, Phase::Compensation);
    call(ledger, "s", 2, Phase::Action);
    EXPECT_NE(faults(ledger, kElements).find("calls that are none of its definition"),
              std::string::npos);
}

class OracleOfChildren : public ::testing::Test {
 protected:
    void act_all() {
        call(ledger_, "p", 0, Phase::Action);
        for (const std::size_t step : {0U, 1U, 2U}) call(ledger_, "p.charge", step, Phase::Action);
        call(ledger_, "p", 2, Phase::Action, std::nullopt, Business::Refuses);
    }

    Ledger ledger_;
    const std::map<std::string, Expected> expected_ = {
        {"p",
         {.ending = Ending::Compensated,
          .effects_min = 2,
          .effects_max = 2,
          .places = {{0}, {1, std::nullopt, Place::Does::Child}, {2}}}},
        {"p.charge", {.ending = Ending::Compensated}}};
};

TEST_F(OracleOfChildren, IsContentWithAChildThatIsUndoneInItsParentsPlace) {
    act_all();
    for (const std::size_t step : {2U, 1U, 0U})
        call(ledger_, "p.charge", step, Phase::Compensation);
    call(ledger_, "p", 0, Phase::Compensation);
    EXPECT_EQ(faults(ledger_, expected_), "");
}

TEST_F(OracleOfChildren, SeesAChildThatIsUndoneOutOfPlaceOrNotAtAll) {
    act_all();
    call(ledger_, "p", 0, Phase::Compensation);
    EXPECT_EQ(faults(ledger_, expected_),
              "p.charge: reserve was not undone\np.charge: charge was not undone\n"
              "p.charge: ship was not undone\n");
    for (const std::size_t step : {2U, 1U, 0U})
        call(ledger_, "p.charge", step, Phase::Compensation);
    EXPECT_EQ(faults(ledger_, expected_),
              "p: p/reserve/compensation (calls 6 to 6) came before p.charge/reserve/compensation "
              "(calls 9 to 9) was settled\n");
}

TEST_F(OracleOfChildren, SeesAChildThatNobodyAskedFor) {
    act_all();
    EXPECT_EQ(faults(ledger_, {{"p", expected_.at("p")}}),
              "p.charge: nobody asked for this saga\n"
              "p: reserve was not undone\n"
              "p: nobody said what becomes of its child p.charge\n");
}

TEST(Overlaps, AreSeenInTheBooks) {
    Ledger ledger;
    call(ledger, "a", 0, Phase::Action);
    call(ledger, "a", 1, Phase::Action);
    call(ledger, "b", 0, Phase::Action);
    EXPECT_TRUE(find_overlaps(ledger.entries(), {"a", "never called", "b"}).empty());
    ASSERT_EQ(find_overlaps(ledger.entries(), {"b", "a"}).size(), 1u);
    call(ledger, "a", 1, Phase::Action);
    const auto found = find_overlaps(ledger.entries(), {"a", "never called", "b"});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].saga, "b");
    EXPECT_EQ(found[0].text, "it was called (calls 3 to 3) before a (calls 1 to 4) was over");
}

TEST(Oracle, SeesASagaThatNobodyAskedFor) {
    Ledger ledger;
    act(ledger, 0);
    const std::vector<Fault> found = find_faults(ledger.entries(), std::map<std::string, Story>{});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].saga, "s");
}

TEST(Oracle, TakesAnActionInDoubtThatCameAfterItsCompensation) {
    Ledger ledger;
    act(ledger, 0);
    undo(ledger, 1);
    undo(ledger, 0);
    EXPECT_EQ(faults(ledger, Story::Silent), "");
    act(ledger, 2);
    EXPECT_NE(faults(ledger, Story::Silent), "");
}

}  // namespace
}  // namespace skald::crash
