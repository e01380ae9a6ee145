#include <gtest/gtest.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/oracle_story.h"

/// The oracle, and histories that are right, or end wrongly.
namespace skald::simulation {
namespace {

using std::chrono::milliseconds;
using Did = Handled::Did;
using How = Answered::How;
using StartHow = StartAnswered::How;

// ---- What is right -----------------------------------------------------------------------------

TEST(SimulationOracle, IsContentWithACompletedSaga) {
    Story story(plain_steps(2));
    story.act(0).act(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "");
}

TEST(SimulationOracle, IsContentWithACompensatedSaga) {
    Story story(plain_steps(3));
    story.act(0).act(1).refuse(2, kAction, 409).undo(1).undo(0);
    story.rest("compensated");
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "compensated", "failed"})), "");
}

TEST(SimulationOracle, IsContentWithADoubtThatIsUndone) {
    Story story(plain_steps(2));
    story.act(0);
    story.sent(1).lost(1).answer_row(1).wait(100);
    story.refuse(1, kAction, 409, 2);  // The first try may have taken effect all the same.
    story.sent(1, kUndo).handled(1, kUndo, Did::Nothing, 200).told(1, kUndo, 200);
    story.answer_row(1, kUndo).undo(0);
    story.handled(1, kAction, Did::Nothing, 409);  // Late, and barred.
    EXPECT_EQ(broken_rules(compensated(story, 2)), "");
}

TEST(SimulationOracle, IsContentWithACallThatIsMadeAgainAfterACrash) {
    Story story(plain_steps(2));
    story.sent(0).handled(0, kAction, Did::Effect, 200).told(0, kAction, 200);  // Not journaled.
    story.crash().start();
    story.sent(0).handled(0, kAction, Did::Remembered, 200).told(0, kAction, 200).answer_row(0);
    story.sent(1).crash();
    story.handled(1, kAction, Did::Effect, 200).start();
    story.sent(1).handled(1, kAction, Did::Remembered, 200).told(1, kAction, 200).answer_row(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "");
}

TEST(SimulationOracle, IsContentWhenACrashMakesATryDoubtful) {
    Story story(plain_steps(1));
    story.sent(0).crash().start().refuse(0, kAction, 409);
    story.sent(0, kUndo).handled(0, kUndo, Did::Nothing, 200).told(0, kUndo, 200);
    story.answer_row(0, kUndo);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "");
}

TEST(SimulationOracle, IsContentWithAnOperatorWhoResolves) {
    std::vector<StepPlan> steps = plain_steps(2);
    steps[1].parks_in_doubt = true;
    steps[1].tries_max = 1;
    Story story(steps);
    story.act(0).sent(1).handled(1, kAction, Did::Effect, 0).lost(1).answer_row(1).rest("stuck");
    Story given_back = story;

    story.command(1, Verb::Resolve, "resolved", 1, "succeeded");
    EXPECT_EQ(broken_rules(completed(story, 2)), "");
    // The effect of step 1 stands, but not for the operator.
    given_back.command(1, Verb::Resolve, "resolved", 1, "compensated").undo(0);
    EXPECT_EQ(broken_rules(compensated(given_back, 2)), "");
}

TEST(SimulationOracle, IsContentWithADiamondThatIsUndone) {
    Story story(diamond());
    story.act(0).sent(1).sent(2).told(2, kAction, 200).handled(1, kAction, Did::Effect, 200);
    story.handled(2, kAction, Did::Effect, 200).told(1, kAction, 200);
    story.answer_row(2).answer_row(1).refuse(3, kAction, 422);
    story.sent(1, kUndo).sent(2, kUndo).handled(2, kUndo, Did::Effect, 200);
    story.handled(1, kUndo, Did::Effect, 200).told(1, kUndo, 200).told(2, kUndo, 200);
    story.answer_row(1, kUndo).answer_row(2, kUndo).undo(0).rest("compensated");
    EXPECT_EQ(broken_rules(story.end("compensated",
                                     {"compensated", "compensated", "compensated", "failed"})),
              "");
}

TEST(SimulationOracle, IsContentWithTriesThatWait) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].jitter = 0.5;
    Story story(steps);
    story.refuse(0, kAction, 429).wait(50);
    story.sent(0, kAction, 2).told(0, kAction, 503, 2, milliseconds{700}).answer_row(0, kAction, 2);
    story.crash().start().wait(700);
    story.act(0, 3);
    EXPECT_EQ(broken_rules(completed(story, 1)), "");
}

TEST(SimulationOracle, IsContentWithWhatIsSkippedAndWhatIsOptional) {
    std::vector<StepPlan> steps = plain_steps(4);
    steps[1].when = "w0";
    steps[2].is_optional = true;
    Story story(steps);
    story.history().starts[0].input["w0"] = false;
    story.act(0).refuse(2, kAction, 409).act(3).rest("completed");
    EXPECT_EQ(broken_rules(story.end("completed", {"succeeded", "skipped", "failed", "succeeded"})),
              "");
}

TEST(SimulationOracle, IsContentWithARequestThatCannotBeMade) {
    std::vector<StepPlan> steps = plain_steps(2);
    steps[0].is_optional = true;
    steps[0].cannot_be_made = true;
    Story story(steps);
    story.act(1).rest("completed");
    EXPECT_EQ(broken_rules(story.end("completed", {"failed", "succeeded"})), "");
}

TEST(SimulationOracle, IsContentWithARetryThatACrashInterrupts) {
    Story story(plain_steps(1));
    story.act(0).refuse(0, kUndo, 409).rest("stuck").command(1, Verb::Retry, "retried");
    story.sent(0, kUndo, 2).crash().start().undo(0, 2);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "");
}

TEST(SimulationOracle, IsContentWithFreshTriesAfterARetry) {
    std::vector<StepPlan> steps = steps_with_pivot();
    steps[2].tries_max = 1;
    Story story(steps);
    story.act(0).act(1).refuse(2, kAction, 409).rest("stuck");
    story.command(1, Verb::Retry, "retried").act(2, 2);
    EXPECT_EQ(broken_rules(completed(story, 3)), "");
}

TEST(SimulationOracle, IsContentWithTriesThatAreNotJournaled) {
    Story story(steps_with_pivot());
    story.act(0).act(1);
    for (std::uint32_t attempt = 1; attempt <= 16; ++attempt) {
        story.refuse(2, kAction, 500, attempt).wait(1'000);
    }
    for (int again = 0; again < 3; ++again) {
        story.sent(2, kAction, 17).told(2, kAction, 500, 17).wait(1'000);
    }
    story.crash().start().act(2, 17);
    EXPECT_EQ(broken_rules(completed(story, 3)), "");
}

TEST(SimulationOracle, IsContentWithAPauseAndARepeatOfItLater) {
    Story story(plain_steps(2));
    story.command(1, Verb::Suspend, "suspended").crash().start();
    story.command(2, Verb::Resume, "resumed");
    story.ask(1, Verb::Suspend).answer(1, How::Applied).act(0).act(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "");
}

// Of a copy that the network made, nobody could know.
TEST(SimulationOracle, DoesNotBlameSkaldForAParticipantThatDeniesItsEffect) {
    Story story(plain_steps(2));
    story.act(0).sent(1).handled(1, kAction, Did::Effect, 200);
    story.handled(1, kAction, Did::Remembered, 409).told(1, kAction, 409).answer_row(1).undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "");
}

TEST(SimulationOracle, IsContentWithACommandWhoseAnswerACrashTook) {
    Story story(plain_steps(2));
    story.ask(1, Verb::Cancel).answer(1, How::Busy).ask(1, Verb::Cancel);
    story.command_row(1, "cancelled").crash().start();
    story.row("late");
    EXPECT_EQ(broken_rules(story.end("compensated", all("cancelled", 2))), "");
}

TEST(SimulationOracle, IsContentWithAStartThatIsRepeated) {
    Story story(plain_steps(1));
    story.see(StartAsked{1}).crash().start();
    story.see(StartAsked{1}).see(StartAnswered{1, StartHow::Busy, ""});
    story.see(StartAsked{1}).see(StartAnswered{1, StartHow::Repeats, Story::kSaga}).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "");
}

// ---- Rest --------------------------------------------------------------------------------------

TEST(SimulationOracle, SeesACallOfWhatHasEnded) {
    Story story(plain_steps(2));
    story.act(0).rest("compensated").undo(0);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "cancelled"})), "I14");
}

TEST(SimulationOracle, SeesACallAfterAnAbandonThatWasDurable) {
    std::vector<StepPlan> steps = steps_with_pivot();
    Story story(steps);
    story.act(0).act(1).refuse(2, kAction, 409).ask(1, Verb::Abandon).command_row(1, "abandoned");
    story.crash().start().ask(2, Verb::Retry).sent(2, kAction, 2);
    EXPECT_EQ(broken_rules(story.end("abandoned", {"succeeded", "succeeded", "stuck"})), "I14");
}

TEST(SimulationOracle, SeesTwoEndsOfOneSaga) {
    Story told(plain_steps(1));
    told.act(0).rest("completed").rest("stuck");
    EXPECT_EQ(broken_rules(completed(told, 1)), "I14");
    Story stored(plain_steps(1));
    stored.act(0).rest("compensated");
    EXPECT_EQ(broken_rules(stored.end("completed", {"succeeded"})), "I14");
}

TEST(SimulationOracle, SeesACallOfASuspendedSaga) {
    Story story(plain_steps(1));
    story.command(1, Verb::Suspend, "suspended").crash().start().act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "suspended");
}

// ---- Ends --------------------------------------------------------------------------------------

TEST(SimulationOracle, SeesACompletedSagaWithoutItsEffects) {
    Story story(plain_steps(2));
    story.act(0);
    EXPECT_EQ(broken_rules(completed(story, 2)), "end-state");
    Story hollow(plain_steps(1));
    hollow.sent(0).told(0, kAction, 200).answer_row(0);
    EXPECT_EQ(broken_rules(completed(hollow, 1)), "end-state");
}

TEST(SimulationOracle, SeesACompletedSagaThatWasUndone) {
    Story story(plain_steps(2));
    story.act(0).act(1).undo(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "end-state");
}

TEST(SimulationOracle, SeesACompletedSagaThatSkippedAStep) {
    Story story(plain_steps(2));
    story.act(0).act(1);
    EXPECT_EQ(broken_rules(story.end("completed", {"succeeded", "skipped"})), "end-state");
}

TEST(SimulationOracle, SeesACompensatedSagaWhoseEffectStands) {
    Story story(plain_steps(2));
    story.act(0).refuse(1, kAction, 409);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "end-state");
}

TEST(SimulationOracle, SeesACompensatedSagaWhoseEffectCameFromADoubt) {
    Story story(plain_steps(1));
    story.sent(0).handled(0, kAction, Did::Effect, 0).lost(0).answer_row(0);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "end-state");
}

TEST(SimulationOracle, SeesACompensatedSagaThatSwallowedADoubt) {
    Story story(plain_steps(1));
    story.sent(0).lost(0).answer_row(0);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "end-state");
}

TEST(SimulationOracle, SeesACompensatedSagaBehindItsPivot) {
    Story story(steps_with_pivot());
    story.act(0).ask(1, Verb::Resolve, 0, "skipped").act(1);
    story.ask(2, Verb::Resolve, 1, "compensated");
    EXPECT_EQ(broken_rules(compensated(story, 3)), "I11");
}

TEST(SimulationOracle, SeesThatNobodyAbandonedASaga) {
    Story story(plain_steps(1));
    story.act(0).ask(1, Verb::Abandon).answer(1, How::Refused);
    EXPECT_EQ(broken_rules(story.end("abandoned", {"succeeded"})), "end-state");
}

TEST(SimulationOracle, SeesThatASagaIsStuckWithoutAReason) {
    Story story(plain_steps(2));
    story.act(0).sent(1).lost(1).answer_row(1);
    EXPECT_EQ(broken_rules(story.end("stuck", {"succeeded", "stuck"})), "end-state");
    EXPECT_EQ(broken_rules(story.end("stuck", {"succeeded", "pending"})), "end-state");
}

TEST(SimulationOracle, SeesThatASagaDoesNotComeToRest) {
    Story story(plain_steps(2));
    story.act(0);
    History history = story.end("running", {"succeeded", "pending"});
    EXPECT_EQ(broken_rules(history), "I20");
    history.sagas[Story::kSaga].is_suspended = true;
    EXPECT_EQ(broken_rules(history), "");
}

TEST(SimulationOracle, SeesABranchOfAStuckSagaThatDoesNotComeToRest) {
    Story story({plain_step("s0"), plain_step("s1")});
    story.act(0).act(1).refuse(0, kUndo, 409).rest("stuck");
    EXPECT_EQ(broken_rules(story.end("stuck", {"stuck", "compensating"})), "I20");
}

TEST(SimulationOracle, SeesAStatusThatDoesNotExist) {
    Story story(plain_steps(1));
    story.act(0);
    EXPECT_EQ(broken_rules(story.end("done", {"succeeded"})), "end-state");
    EXPECT_EQ(broken_rules(story.end("completed", {})), "end-state");
}

}  // namespace
}  // namespace skald::simulation
