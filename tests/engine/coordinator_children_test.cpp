#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

#include "engine/coordinator.h"
#include "store/memory_store.h"
#include "tests/engine/family_story.h"
#include "tests/engine/rig.h"

/// Sagas that run other sagas.
namespace skald::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CoordinatorChildren : public ::testing::Test {
 protected:
    CoordinatorChildren() { restart(); }

    void restart(sagas::Milliseconds after = {}, CoordinatorOptions options = {}) {
        const bool is_first = rig_ == nullptr;
        rig_ = std::make_unique<Rig>(*store_, options, after);
        if (is_first) {
            for (const char* document : kFamilies) rig_->define(document);
        }
        rig_->settle();
    }
    void start(const std::string& definition, sagas::Json input = {{"amount", 12}}) {
        Rig::Wanted wanted;
        wanted.input = std::move(input);
        wanted.pins = kFamilyPins;
        rig_->start(definition, "o", std::move(wanted));
        rig_->settle();
    }
    /// "failed: why" of the step with that position.
    std::string error(const std::string& id) const {
        const auto row = store_->reader().saga(id);
        return row ? row->summary.last_error : row.error().message;
    }
    bool exists(const std::string& id) const { return store_->reader().saga(id).has_value(); }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Rig> rig_;
};

// ---- Forward -----------------------------------------------------------------------------------

TEST_F(CoordinatorChildren, AChildRunsAndItsOutputIsTheSteps) {
    start("shop");
    rig_->answer("/reserve", 200);
    ASSERT_THAT(rig_->open(), ElementsAre("/charge"));
    const auto child = store_->reader().saga("o.pay").value();
    EXPECT_EQ(*child.input, sagas::Json({{"amount", 12}}));
    EXPECT_EQ(child.parent, store_->reader().saga("o")->key);
    EXPECT_EQ(child.labels, (store::Labels{{"amount", "12"}}));
    EXPECT_EQ(child.definition, "payment");
    rig_->answer("/charge", 200);
    rig_->answer("/book", 200);
    EXPECT_EQ(rig_->status("o.pay"), "completed");
    ASSERT_THAT(rig_->open(), ElementsAre("/ship"));
    EXPECT_EQ(rig_->caller.open.front().request.body, R"({"paid":"twelve"})");
    EXPECT_EQ(rig_->live(), 1u);  // The child is the store's.
    rig_->answer("/ship", 200);
    EXPECT_EQ(rig_->status("o"), "completed");
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->telemetry.started, 2);
    EXPECT_EQ(rig_->telemetry.ended, 2);
}

TEST_F(CoordinatorChildren, TheParentGoesOnOnlyWhenTheChildsEndIsDurable) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 200);
    const CallId book = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(book, sagas::Reply{200, {}, sagas::make_value(nullptr), {}});
    rig_->turn();
    const auto before = rig_->journal("o");
    rig_->committer.finish();  // The child's end.
    rig_->committer.finish();  // The parent's row.
    EXPECT_THAT(rig_->journal("o").size(), before.size() + 1);
    EXPECT_THAT(rig_->open(), ElementsAre("/ship"));
}

TEST_F(CoordinatorChildren, ThePinnedVersionRunsThoughThereIsANewerOneOrNone) {
    std::string newer = kFamilies[0];
    newer.replace(newer.find("/charge"), 7, "/CHARGE");
    rig_->define(newer);
    start("shop");
    rig_->answer("/reserve", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/charge"));

    rig_->coordinator->post(
        ChangeDefinition{store::DeleteDefinition{"payment", std::nullopt, rig_->clock.now()},
                         [](const ChangeDefinition::Result&) {}});
    Rig::Wanted wanted;
    wanted.input = {{"amount", 12}};
    wanted.pins = kFamilyPins;
    rig_->start("shop", "p", std::move(wanted));
    rig_->settle();
    rig_->answer("/reserve", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/charge", "/charge"));
}

TEST_F(CoordinatorChildren, AChildThatHasNothingToDoEndsAtOnce) {
    start("idle");
    EXPECT_EQ(rig_->status("o"), "completed");
    EXPECT_EQ(rig_->status("o.rest"), "completed");
    EXPECT_EQ(rig_->live(), 0u);
}

TEST_F(CoordinatorChildren, EachElementHasAChild) {
    start("basket", {{"items", {1, 2, 3}}});
    EXPECT_THAT(rig_->open(), ElementsAre("/charge", "/charge"));  // Two at a time.
    EXPECT_TRUE(exists("o.pay.0"));
    EXPECT_TRUE(exists("o.pay.1"));
    EXPECT_FALSE(exists("o.pay.2"));
    rig_->answer("/charge", 200);
    rig_->answer("/book", 200);
    EXPECT_TRUE(exists("o.pay.2"));
    for (int i = 0; i < 2; ++i) {
        rig_->answer("/charge", 200);
        rig_->answer("/book", 200);
    }
    rig_->answer("/ship", 200);
    EXPECT_EQ(rig_->status("o"), "completed");
}

// ---- What can't be started ---------------------------------------------------------------------

TEST_F(CoordinatorChildren, AnIdThatSomebodyElseHasIsTheStepsFailure) {
    rig_->start("rest", "o.pay");
    rig_->settle();
    start("shop");
    rig_->answer("/reserve", 200);
    EXPECT_THAT(error("o"), HasSubstr("the id o.pay is taken"));
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorChildren, AnIdThatIsTakenInTheSameMomentIsTheStepsFailureToo) {
    start("shop");
    rig_->holds_reads = true;
    rig_->answer("/reserve", 200);
    rig_->deliver_reads();  // There is no such saga,
    rig_->settle();
    rig_->start("rest", "o.pay");  // until now;
    rig_->turn();
    rig_->deliver_reads();  // and the child is ready to start.
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_THAT(error("o"), HasSubstr("the id o.pay is taken"));
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
    EXPECT_EQ(store_->reader().saga("o.pay")->definition, "rest");
}

TEST_F(CoordinatorChildren, AnInputThatBreaksTheSchemaIsTheStepsFailure) {
    start("shop", {{"amount", "a dozen"}});
    rig_->answer("/reserve", 200);
    EXPECT_THAT(error("o"), HasSubstr("/amount"));
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
    EXPECT_FALSE(exists("o.pay"));
}

TEST_F(CoordinatorChildren, AnInputThatCantBeMadeIsTheStepsFailure) {
    start("shop", sagas::Json::object());
    rig_->answer("/reserve", 200);
    EXPECT_THAT(error("o"), HasSubstr("input"));
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

// ---- Back --------------------------------------------------------------------------------------

TEST_F(CoordinatorChildren, AChildThatFailsIsTheStepsFailure) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 409);
    EXPECT_EQ(rig_->status("o.pay"), "compensated");
    EXPECT_THAT(error("o"), HasSubstr("step charge"));
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorChildren, TheChildTurnsWithItsParent) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 200);
    rig_->cancel("o");
    rig_->settle();
    rig_->answer("/book", 200);
    EXPECT_EQ(rig_->status("o"), "compensating");
    rig_->answer("/unbook", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/refund"));
    rig_->answer("/refund", 200);
    EXPECT_EQ(rig_->status("o.pay"), "compensated");
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));  // Only now.
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("o"), "compensated");
    EXPECT_THAT(rig_->journal("o.pay"), ::testing::Contains("cancelled"));
}

TEST_F(CoordinatorChildren, AChildThatCompletedIsTurnedByItsParent) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 200);
    rig_->answer("/book", 200);
    EXPECT_EQ(rig_->telemetry.ended, 1);
    rig_->answer("/ship", 409);
    EXPECT_EQ(rig_->status("o.pay"), "compensating");
    EXPECT_THAT(rig_->open(), ElementsAre("/unbook"));
    rig_->answer("/unbook", 200);
    rig_->answer("/refund", 200);
    EXPECT_EQ(rig_->status("o.pay"), "compensated");
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("o"), "compensated");
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_EQ(rig_->telemetry.ended, 3);  // The child twice.
}

TEST_F(CoordinatorChildren, AChildThatIsNotStartedYetNeverIs) {
    start("shop");
    rig_->holds_reads = true;
    rig_->answer("/reserve", 200);
    rig_->deliver_reads();
    rig_->settle();  // It is not in the store, and being prepared.
    ASSERT_EQ(rig_->loader.answers.size(), 1u);
    const auto prepared = rig_->loader.answers.front();
    rig_->loader.answers.clear();
    rig_->holds_reads = false;
    rig_->cancel("o");
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
    prepared();
    rig_->settle();
    EXPECT_FALSE(exists("o.pay"));
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("o"), "compensated");
}

TEST_F(CoordinatorChildren, ASuspensionMeanwhileOnlyPutsTheStartOff) {
    start("shop");
    rig_->holds_reads = true;
    rig_->answer("/reserve", 200);
    rig_->operate("o", sagas::Suspend{{"local", "", std::nullopt}});
    rig_->settle();
    rig_->holds_reads = false;
    rig_->settle();
    EXPECT_FALSE(exists("o.pay"));
    EXPECT_EQ(rig_->live(), 0u);
    rig_->operate("o", sagas::Resume{{"local", "", std::nullopt}});
    rig_->settle();
    EXPECT_THAT(rig_->open(), ElementsAre("/charge"));
}

TEST_F(CoordinatorChildren, AnOperatorMayCancelAChild) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->cancel("o.pay");
    rig_->settle();
    rig_->answer("/charge", 200);
    rig_->answer("/refund", 200);
    EXPECT_EQ(rig_->status("o.pay"), "compensated");
    EXPECT_THAT(rig_->open(), ElementsAre("/release"));
}

TEST_F(CoordinatorChildren, ACompensationMayBeAChild) {
    start("cleaned");
    rig_->answer("/reserve", 200);
    rig_->answer("/ship", 409);
    EXPECT_THAT(rig_->open(), ElementsAre("/clean"));
    EXPECT_TRUE(exists("o.reserve~undo"));
    rig_->answer("/clean", 200);
    EXPECT_EQ(rig_->status("o.reserve~undo"), "completed");
    EXPECT_EQ(rig_->status("o"), "compensated");
}

TEST_F(CoordinatorChildren, AChildThatOnlyGoesForwardLeavesItsParentStuck) {
    start("stubborn");
    rig_->answer("/pay", 200);  // The child's pivot: no registration would have it here.
    EXPECT_EQ(rig_->status("o.pay"), "completed");
    rig_->answer("/ship", 409);
    EXPECT_EQ(rig_->status("o.pay"), "completed");
    EXPECT_EQ(rig_->status("o"), "stuck");
    EXPECT_THAT(error("o"), HasSubstr("can't be undone"));
    EXPECT_EQ(rig_->live(), 0u);
}

TEST_F(CoordinatorChildren, AChildThatIsGivenUpLeavesItsStepInDoubt) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 200);
    rig_->answer("/book", 409);
    rig_->answer("/refund", 409);
    ASSERT_EQ(rig_->status("o.pay"), "stuck");
    EXPECT_EQ(rig_->status("o"), "running");
    rig_->operate("o.pay", sagas::Abandon{{"local", "given up", std::nullopt}});
    rig_->settle();
    EXPECT_EQ(rig_->status("o.pay"), "abandoned");
    // It is to be undone, and can't be.
    EXPECT_EQ(rig_->status("o"), "stuck");
    EXPECT_THAT(error("o"), HasSubstr("abandoned"));
}

// ---- Parked families ---------------------------------------------------------------------------

TEST_F(CoordinatorChildren, AParentLeavesMemoryWhileItsChildRuns) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->pass(seconds{29});
    EXPECT_EQ(rig_->live(), 2u);
    rig_->pass(seconds{1});
    EXPECT_EQ(rig_->live(), 1u);
    rig_->answer("/charge", 200);
    rig_->answer("/book", 200);
    ASSERT_THAT(rig_->open(), ElementsAre("/ship"));
    rig_->answer("/ship", 200);
    EXPECT_EQ(rig_->status("o"), "completed");
}

TEST_F(CoordinatorChildren, AParkedParentHearsOfAnEndThatOutlivedTheCrash) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 200);
    rig_->pass(seconds{30});
    ASSERT_EQ(rig_->live(), 1u);
    const CallId book = rig_->caller.open.front().id;
    rig_->caller.open.clear();
    rig_->coordinator->answered(book, sagas::Reply{200, {}, sagas::make_value(nullptr), {}});
    rig_->turn();
    rig_->committer.finish_unheard();  // The child's end is durable; nobody told the parent.
    restart(minutes{5});
    EXPECT_THAT(rig_->open(), ElementsAre("/ship"));
}

TEST_F(CoordinatorChildren, AParkedChildIsTurnedToo) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->answer("/charge", 200);
    rig_->answer("/book", 409);
    rig_->answer("/refund", 409);
    ASSERT_EQ(rig_->status("o.pay"), "stuck");
    rig_->pass(minutes{1});
    ASSERT_EQ(rig_->live(), 0u);
    rig_->cancel("o");
    rig_->settle();
    EXPECT_EQ(rig_->status("o"), "compensating");  // It waits for whoever resolves the child.
    rig_->operate("o.pay", sagas::Retry{std::nullopt, {"local", "", std::nullopt}});
    rig_->settle();
    rig_->answer("/refund", 200);
    rig_->answer("/release", 200);
    EXPECT_EQ(rig_->status("o.pay"), "compensated");
    EXPECT_EQ(rig_->status("o"), "compensated");
}

TEST_F(CoordinatorChildren, AChildThatWasParkedBeforeItsParentAsksIsLinked) {
    start("shop");
    rig_->answer("/reserve", 200);
    rig_->operate("o.pay", sagas::Suspend{{"local", "", std::nullopt}});
    rig_->settle();
    rig_->answer("/charge", 200);
    ASSERT_EQ(rig_->live(), 1u);  // The child is parked.
    restart();
    EXPECT_EQ(rig_->live(), 1u);
    EXPECT_THAT(rig_->open(), IsEmpty());
    rig_->operate("o.pay", sagas::Resume{{"local", "", std::nullopt}});
    rig_->settle();
    rig_->answer("/book", 200);
    EXPECT_THAT(rig_->open(), ElementsAre("/ship"));
}

TEST_F(CoordinatorChildren, TheEndOfAChildWhoseParentWasGivenUpHarmsNobody) {
    start("stuckable");
    rig_->answer("/aside", sagas::Lost{"no reply"});
    ASSERT_EQ(rig_->status("o"), "stuck");
    rig_->operate("o", sagas::Abandon{{"local", "given up", std::nullopt}});
    rig_->settle();
    EXPECT_EQ(rig_->status("o"), "abandoned");
    rig_->answer("/charge", 200);
    rig_->answer("/book", 200);
    EXPECT_EQ(rig_->status("o.pay"), "completed");
    EXPECT_EQ(rig_->status("o"), "abandoned");
    EXPECT_EQ(rig_->live(), 0u);
    EXPECT_FALSE(rig_->fatal);
}

// ---- Crashes and cancels at every point --------------------------------------------------------

struct Told {
    const char* name;
    FamilyStory story;
};
void PrintTo(const Told& told, std::ostream* out) { *out << told.name; }

class FamilyAtEveryPoint : public ::testing::TestWithParam<Told> {
 protected:
    /// A run without faults; how many commits it has.
    static int play_plainly(const FamilyStage& stage) {
        const FamilyEnd end = play(GetParam().story, {}, stage);
        EXPECT_EQ(end.fault, "");
        EXPECT_EQ(end.status, GetParam().story.status);
        return end.commits;
    }
    static std::vector<FamilyStage> all_stages() {
        const CoordinatorOptions crowded{.park_at_once_above = 0};
        return {{}, {crowded, FamilyStage::First::Commits}, {crowded, FamilyStage::First::Calls}};
    }
};

TEST_P(FamilyAtEveryPoint, ACrashChangesNoEnd) {
    for (const FamilyStage& stage : all_stages()) {
        const int commits = play_plainly(stage);
        for (int at = 1; at <= commits; ++at) {
            for (const auto when : {FamilyFault::CrashBefore, FamilyFault::CrashAfter}) {
                const FamilyEnd end = play(GetParam().story, {{at, when}}, stage);
                EXPECT_EQ(end.fault, "") << "crash at commit " << at;
                EXPECT_EQ(end.status, GetParam().story.status) << "crash at commit " << at;
            }
        }
    }
}

TEST_P(FamilyAtEveryPoint, TwoCrashesChangeNoEnd) {
    const FamilyStage stage = all_stages()[1];
    const int commits = play_plainly(stage);
    for (int first = 1; first <= commits; ++first) {
        for (int second = first + 1; second <= first + 3; second += 2) {
            const FamilyEnd end =
                play(GetParam().story,
                     {{first, FamilyFault::CrashAfter}, {second, FamilyFault::CrashAfter}}, stage);
            EXPECT_EQ(end.fault, "") << "crashes at " << first << " and " << second;
            EXPECT_EQ(end.status, GetParam().story.status);
        }
    }
}

TEST_P(FamilyAtEveryPoint, ACancelLeavesNothingHalfDone) {
    for (const FamilyStage& stage : all_stages()) {
        const int commits = play_plainly(stage);
        for (int at = 1; at <= commits; ++at) {
            const FamilyEnd end = play(GetParam().story, {{at, FamilyFault::Cancel}}, stage);
            EXPECT_EQ(end.fault, "") << "cancel at commit " << at;
            const FamilyEnd crashed =
                play(GetParam().story,
                     {{at, FamilyFault::Cancel}, {at + 1, FamilyFault::CrashAfter}}, stage);
            EXPECT_EQ(crashed.fault, "") << "cancel at " << at << ", then a crash";
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Stories, FamilyAtEveryPoint,
    ::testing::Values(Told{"all_goes_well", {"shop", {}, "completed"}},
                      Told{"the_parent_fails_after", {"shop", {{"/ship", 409}}, "compensated"}},
                      Told{"the_child_fails", {"shop", {{"/book", 409}}, "compensated"}},
                      Told{"three_levels", {"mall", {}, "completed"}},
                      Told{"three_levels_back", {"mall", {{"/open", 409}}, "compensated"}},
                      Told{"elements", {"basket", {}, "completed"}},
                      Told{"elements_back", {"basket", {{"/ship", 409}}, "compensated"}},
                      Told{"undone_by_a_child", {"cleaned", {{"/ship", 409}}, "compensated"}}),
    [](const auto& told) { return told.param.name; });

}  // namespace
}  // namespace skald::engine
