#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "engine/rehearsal/run.h"
#include "tests/engine/rehearsal/rehearsal_fixture.h"

namespace skald::rehearsal {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// One definition, run through single faults.
class OneFault : public Rehearsal {
 protected:
    void rehearse_named(const std::string& name) {
        auto family = Family::gather(script_named(name).checked, {});
        ASSERT_TRUE(family);
        family_ = std::make_unique<Family>(std::move(*family));
        stage_ = make_stage(*family_);
    }

    Played run(const Schedule& schedule) { return play(*stage_, schedule, Telling::Yes); }
    static Fault of_action(std::uint32_t step, FaultKind kind) {
        return {kind, {{kTopmost, StepIndex{step}}, Phase::Action}, 0};
    }
    static Fault of_undo(std::uint32_t step, FaultKind kind) {
        return {kind, {{kTopmost, StepIndex{step}}, Phase::Compensation}, 0};
    }
    std::string names_of(const Spots& spots) const { return names(stage_->cast(), spots); }

 private:
    std::unique_ptr<Family> family_;
    std::unique_ptr<Stage> stage_;
};

std::ptrdiff_t line_of(const std::vector<Happening>& story, const std::string& text) {
    const auto found = std::find_if(story.begin(), story.end(), [&](const Happening& each) {
        return each.text.find(text) != std::string::npos;
    });
    EXPECT_NE(found, story.end()) << text;
    return found - story.begin();
}

// ---- Waits -------------------------------------------------------------------------------------

TEST_F(OneFault, AWaitTakesVirtualTime) {
    rehearse_named("wait");
    const Played played = run({});
    EXPECT_EQ(played.outcome.status, sagas::Status::Completed);
    EXPECT_EQ(names_of(played.outcome.done), "hold,cool-off,charge");
    const auto began = line_of(played.story, "cool-off is waiting");
    const auto ended = line_of(played.story, "cool-off is succeeded");
    const auto took = played.story[static_cast<std::size_t>(ended)].at -
                      played.story[static_cast<std::size_t>(began)].at;
    EXPECT_GE(took, std::chrono::minutes{10});
    EXPECT_LT(took, std::chrono::minutes{11});
}

TEST_F(OneFault, AWaitIsWithdrawnByACancel) {
    rehearse_named("wait");
    const Played whole = run({});
    std::vector<std::string> during;
    for (std::uint32_t commit = 1; commit <= whole.reach.commits; ++commit) {
        const Played played = run({{FaultKind::CancelAfter, {}, commit}});
        const auto texts = texts_of(played.story);
        const bool is_during = std::any_of(texts.begin(), texts.end(), [](const auto& text) {
            return text.find("cool-off is cancelled") != std::string::npos &&
                   text.find("turns") != std::string::npos;
        });
        if (!is_during) continue;
        EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
        EXPECT_EQ(names_of(played.outcome.undone), "hold");
        EXPECT_LT(played.story.back().at, std::chrono::minutes{10});
        during.push_back(texts.back());
    }
    EXPECT_THAT(during, testing::Not(IsEmpty()));
}

TEST_F(OneFault, AWaitUntilHasATimeToWaitFor) {
    Json document = document_named("wait");
    document["steps"][1]["action"] = Json::parse(R"({"wait": {"until": "$input.ship_at"}})");
    const Report report = rehearsed_singly(script_of(document));
    EXPECT_EQ(report.input, (Json{{"ship_at", "2026-01-01T01:00:00.000Z"}}));
    EXPECT_EQ(report.outcomes.at(0).outcome.status, sagas::Status::Completed);
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done), "hold,cool-off,charge");
}

// ---- Callbacks ---------------------------------------------------------------------------------

TEST_F(OneFault, ACallbackEndsACall) {
    rehearse_named("callback");
    const Played played = run({});
    EXPECT_EQ(played.outcome.status, sagas::Status::Completed);
    EXPECT_LT(line_of(played.story, "check, try 1: answered 202"),
              line_of(played.story, "check: calls back: success"));
    const auto place = Place{{kTopmost, StepIndex{0}}, Phase::Action};
    EXPECT_TRUE(played.reach.has_call(place));
    const auto faults = faults_at(played.reach, false);
    EXPECT_THAT(faults, Contains(of_action(0, FaultKind::CallbackLost)));
    EXPECT_THAT(faults, testing::Not(Contains(of_action(1, FaultKind::CallbackLost))));
}

TEST_F(OneFault, ACallbackMayRefuse) {
    rehearse_named("callback");
    const Played played = run({of_action(0, FaultKind::CallbackRefused)});
    EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
    EXPECT_THAT(played.outcome.undone, IsEmpty());
    EXPECT_TRUE(played.outcome.is_clean());
}

TEST_F(OneFault, ACallbackThatNeverComesLeavesDoubt) {
    rehearse_named("callback");
    for (const FaultKind kind : {FaultKind::CallbackLost, FaultKind::CallbackOwed}) {
        const Played played = run({of_action(0, kind)});
        EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
        EXPECT_EQ(names_of(played.outcome.undone), "check");
        EXPECT_TRUE(played.outcome.is_clean());
        EXPECT_GE(played.story.back().at, std::chrono::hours{1});
    }
}

TEST_F(OneFault, ACallbackMayComeBeforeItsAcceptanceOrTwice) {
    rehearse_named("callback");
    const Played early = run({of_action(0, FaultKind::CallbackFirst)});
    EXPECT_EQ(early.outcome.status, sagas::Status::Completed);
    EXPECT_LT(line_of(early.story, "check: calls back: success"),
              line_of(early.story, "check, try 1: answered 202"));
    const Played twice = run({of_action(0, FaultKind::CallbackTwice)});
    EXPECT_EQ(twice.outcome.status, sagas::Status::Completed);
    const auto texts = texts_of(twice.story);
    EXPECT_EQ(std::count(texts.begin(), texts.end(), "check: calls back: success"), 2);
}

/// It works after it was undone, and is turned away.
TEST_F(OneFault, ALateCallbackComesTooLate) {
    rehearse_named("callback");
    const Played played = run({of_action(0, FaultKind::CallbackLate)});
    EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
    EXPECT_TRUE(played.outcome.is_clean());
    line_of(played.story, "check: refuses, for its compensation was here first");
    line_of(played.story, "check: calls back: failure");
}

TEST_F(OneFault, ACompensationIsCalledBackToo) {
    rehearse_named("callback");
    const Fault turning = of_action(1, FaultKind::Refused);
    const Played refused = run({turning, of_undo(0, FaultKind::CallbackRefused)});
    EXPECT_EQ(refused.outcome.status, sagas::Status::Stuck);
    ASSERT_THAT(refused.outcome.stuck, SizeIs(1));
    EXPECT_EQ(refused.outcome.stuck[0].reason, sagas::StuckReason::CompensationRefused);
    const Played lost = run({turning, of_undo(0, FaultKind::CallbackLost)});
    EXPECT_EQ(lost.outcome.status, sagas::Status::Compensated);
    EXPECT_TRUE(lost.outcome.is_clean());
    line_of(lost.story, "undo of check, try 2");
}

/// Nobody is there when it comes, or whoever is there dies over it: it is sent again.
TEST_F(OneFault, ACallbackIsSentUntilItIsHeard) {
    rehearse_named("callback");
    const Played whole = run({});
    std::size_t missed = 0;
    for (std::uint32_t commit = 1; commit <= whole.reach.commits; ++commit) {
        for (const FaultKind kind : {FaultKind::CrashBefore, FaultKind::CrashAfter}) {
            const Played played = run({{kind, {}, commit}});
            EXPECT_EQ(played.outcome.status, sagas::Status::Completed) << commit;
            EXPECT_TRUE(played.outcome.is_clean());
            const auto texts = texts_of(played.story);
            missed += static_cast<std::size_t>(std::count(
                texts.begin(), texts.end(), "check: calls back: success, but nobody is there"));
        }
    }
    EXPECT_GT(missed, 0u);
}

}  // namespace
}  // namespace skald::rehearsal
