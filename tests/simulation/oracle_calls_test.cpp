#include <gtest/gtest.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/oracle_story.h"

/// The oracle, and calls that must not be made, or not so.
namespace skald::simulation {
namespace {

using std::chrono::milliseconds;
using Did = Handled::Did;
using How = Answered::How;

// ---- Each call by itself -----------------------------------------------------------------------

TEST(SimulationOracle, SeesAKeyThatChanges) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 429).wait(100);
    story.see(Sent{Story::name(0, kAction, 2), "another"});
    story.handled(0, kAction, Did::Effect, 200, 2).told(0, kAction, 200, 2);
    story.answer_row(0, kAction, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I17");
}

TEST(SimulationOracle, SeesAKeyThatIsUsedForTwoCalls) {
    Story story(plain_steps(2));
    story.act(0).see(Sent{Story::name(1, kAction, 1), "0/do"});
    story.handled(1, kAction, Did::Effect, 200).told(1, kAction, 200).answer_row(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "I17");
}

TEST(SimulationOracle, SeesTwoTriesAtOnce) {
    Story story(plain_steps(1));
    story.sent(0).answer_row(0).sent(0, kAction, 2).handled(0, kAction, Did::Effect, 200);
    story.told(0, kAction, 200, 2).answer_row(0, kAction, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I13");
}

TEST(SimulationOracle, SeesATryThatIsMadeTwiceInOneLife) {
    Story story(plain_steps(1));
    story.sent(0).lost(0).wait(100).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I13");
}

TEST(SimulationOracle, SeesTriesThatAreNotCountedOverACrash) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 429).crash().start().wait(100).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I18");
}

TEST(SimulationOracle, SeesATryTooMany) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].tries_max = 1;
    Story story(steps);
    story.refuse(0, kAction, 429).wait(100).act(0, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I18");
}

TEST(SimulationOracle, SeesATryTooManyOfACompensation) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].undo_tries_max = 2;
    Story story(steps);
    story.act(0).refuse(0, kUndo, 503).wait(100).refuse(0, kUndo, 503, 2).wait(200).undo(0, 3);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "I18");
}

// A Retry of another step, and one that was surely refused, give no tries.
TEST(SimulationOracle, SeesATryTooManyInSpiteOfRetriesThatDidNothing) {
    std::vector<StepPlan> steps = steps_with_pivot();
    steps[2].tries_max = 1;
    Story story(steps);
    story.act(0).act(1).ask(1, Verb::Retry, 1).refuse(2, kAction, 429);
    story.ask(2, Verb::Retry, 2).answer(2, How::Refused).act(2, 2);
    EXPECT_EQ(broken_rules(completed(story, 3)), "I18");
}

TEST(SimulationOracle, SeesATryThatComesTooEarly) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 429).wait(100).refuse(0, kAction, 429, 2).wait(100).act(0, 3);
    EXPECT_EQ(broken_rules(completed(story, 1)), "backoff");
}

TEST(SimulationOracle, SeesATryThatComesTooEarlyAfterACrash) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 429).crash().start().act(0, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "backoff");
}

TEST(SimulationOracle, SeesATryBeforeRetryAfter) {
    Story story(plain_steps(1));
    story.sent(0).told(0, kAction, 429, 1, milliseconds{900}).answer_row(0).wait(500);
    story.act(0, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "backoff");
}

TEST(SimulationOracle, SeesThatASettledActionIsSentAgain) {
    Story story(plain_steps(2));
    story.act(0).crash().start().sent(0, kAction, 2).told(0, kAction, 200, 2);
    story.answer_row(0, kAction, 2).act(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "I9");
}

TEST(SimulationOracle, SeesThatARefusedActionIsSentAgain) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 409).wait(100).act(0, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I9");
}

TEST(SimulationOracle, SeesThatASettledCompensationIsSentAgain) {
    Story story(plain_steps(2));
    story.act(0).act(1).undo(1).undo(0).sent(1, kUndo, 2).told(1, kUndo, 200, 2);
    story.answer_row(1, kUndo, 2);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I9");
}

TEST(SimulationOracle, SeesAnAnswerThatIsToldTwice) {
    Story story(plain_steps(1));
    story.act(0).told(0, kAction, 200);
    EXPECT_EQ(broken_rules(completed(story, 1)), "told-once");
}

TEST(SimulationOracle, SeesAnAnswerThatIsToldToTheNextLife) {
    Story story(plain_steps(1));
    story.sent(0).handled(0, kAction, Did::Effect, 200).crash().start();
    story.told(0, kAction, 200).answer_row(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "told-once");
}

TEST(SimulationOracle, SeesThatWhatWasSentIsToldToBeUnsent) {
    Story story(plain_steps(1));
    story.sent(0).not_sent(0).answer_row(0).wait(100).act(0, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "told-once");
}

TEST(SimulationOracle, SeesCallsOfNobody) {
    Story story(plain_steps(1));
    story.act(0).see(Sent{{"order-2", 0, kAction, 1}, "key"});
    EXPECT_EQ(broken_rules(completed(story, 1)), "foreign");
    Story of_no_step(plain_steps(1));
    of_no_step.act(0).see(Sent{{Story::kSaga, 1, kAction, 1}, "key"});
    EXPECT_EQ(broken_rules(completed(of_no_step, 1)), "foreign");
    Story never_sent(plain_steps(1));
    never_sent.handled(0, kUndo, Did::Nothing, 200).act(0);
    EXPECT_EQ(broken_rules(completed(never_sent, 1)), "foreign");
    Story nobody_lives(plain_steps(1));
    nobody_lives.crash().sent(0).start().act(0);
    EXPECT_EQ(broken_rules(completed(nobody_lives, 1)), "foreign");
}

TEST(SimulationOracle, SeesAnEffectThatHappensTwice) {
    Story story(plain_steps(1));
    story.act(0).handled(0, kAction, Did::Effect, 200);
    EXPECT_EQ(broken_rules(completed(story, 1)), "effect-once");
}

// ---- Calls among each other --------------------------------------------------------------------

TEST(SimulationOracle, SeesAnActionBeforeTheOneThatItIsAfter) {
    Story story(plain_steps(2));
    story.sent(0).act(1).handled(0, kAction, Did::Effect, 200).told(0, kAction, 200).answer_row(0);
    EXPECT_EQ(broken_rules(completed(story, 2)), "I6");
}

TEST(SimulationOracle, SeesAnActionAfterOneThatDidNotDoWell) {
    std::vector<StepPlan> steps = plain_steps(2);
    steps[0].output_fails = true;
    Story story(steps);
    story.act(0).act(1).undo(1).undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I6");
}

// Nobody has looked at `when` of step 1 yet.
TEST(SimulationOracle, SeesAnActionAfterASkippedStepWhoseTurnHasNotCome) {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[1].when = "w0";
    Story story(steps);
    story.history().starts[0].input["w0"] = false;
    story.act(2).act(0).rest("completed");
    EXPECT_EQ(broken_rules(story.end("completed", {"succeeded", "skipped", "succeeded"})), "I6");
}

TEST(SimulationOracle, SeesThatASkippedStepIsCalled) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].when = "w0";
    Story story(steps);
    story.history().starts[0].input["w0"] = false;
    story.act(0).rest("completed");
    EXPECT_EQ(broken_rules(story.end("completed", {"skipped"})), "when");
}

TEST(SimulationOracle, SeesAnActionThatCannotBeMade) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].cannot_be_made = true;
    Story story(steps);
    story.act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "when");
}

TEST(SimulationOracle, SeesAnActionAfterACompensation) {
    Story story({plain_step("s0"), plain_step("s1")});
    story.act(0).undo(0).act(1).undo(1);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I12");
}

TEST(SimulationOracle, SeesAnActionAfterACancel) {
    Story story(plain_steps(1));
    story.command(1, Verb::Cancel, "cancelled").act(0).undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "I12");
}

TEST(SimulationOracle, SeesACompensationOfWhatDidNothing) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 409).sent(0, kUndo).told(0, kUndo, 200).answer_row(0, kUndo);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "I10");
}

TEST(SimulationOracle, SeesACompensationOfADoubtThatARuleCleared) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].failure_status = 404;
    Story story(steps);
    story.refuse(0, kAction, 500).wait(100).refuse(0, kAction, 404, 2);
    story.sent(0, kUndo).told(0, kUndo, 200).answer_row(0, kUndo);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "I10");
}

TEST(SimulationOracle, SeesACompensationOfAStepThatHasNone) {
    std::vector<StepPlan> steps = plain_steps(1);
    steps[0].undo = StepPlan::Undo::Nothing;
    Story story(steps);
    story.act(0).undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "I10");
}

TEST(SimulationOracle, SeesACompensationWhileItsActionIsOut) {
    Story story(plain_steps(1));
    story.refuse(0, kAction, 500).wait(100).sent(0, kAction, 2);
    story.sent(0, kUndo).handled(0, kUndo, Did::Nothing, 200).told(0, kUndo, 200);
    story.answer_row(0, kUndo).told(0, kAction, 409, 2).answer_row(0, kAction, 2);
    EXPECT_EQ(broken_rules(compensated(story, 1)), "I7");
}

TEST(SimulationOracle, SeesCompensationsInTheWrongOrder) {
    Story story(plain_steps(2));
    story.act(0).act(1).undo(0).undo(1);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I8");
}

TEST(SimulationOracle, SeesACompensationWhileThatOfADescendantIsOut) {
    Story story(diamond());
    story.act(0).act(1).act(2).sent(1, kUndo).sent(2, kUndo);
    story.handled(1, kUndo, Did::Effect, 200).handled(2, kUndo, Did::Effect, 200);
    story.told(1, kUndo, 200).answer_row(1, kUndo).undo(0).told(2, kUndo, 200);
    story.answer_row(2, kUndo).rest("compensated");
    EXPECT_EQ(broken_rules(story.end("compensated",
                                     {"compensated", "compensated", "compensated", "cancelled"})),
              "I8");
}

TEST(SimulationOracle, SeesACompensationBeforeThatOfADoubt) {
    Story story(plain_steps(2));
    story.act(0).sent(1).lost(1).answer_row(1).undo(0);
    story.sent(1, kUndo).told(1, kUndo, 200).answer_row(1, kUndo);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I8");
}

// The process may not forget a doubt with its memory.
TEST(SimulationOracle, SeesACompensationBeforeThatOfATryThatWasOutAtACrash) {
    Story story(plain_steps(2));
    story.act(0).sent(1).crash().start().refuse(1, kAction, 409).undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I8 end-state");
}

TEST(SimulationOracle, SeesThatThereIsAWayBackBehindThePivot) {
    Story story(steps_with_pivot());
    story.act(0).sent(1).handled(1, kAction, Did::Effect, 200).told(1, kAction, 200).answer_row(1);
    story.ask(1, Verb::Resolve, 1, "compensated").undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 3)), "I11");
}

TEST(SimulationOracle, SeesACompensationOfAStepAfterThePivot) {
    std::vector<StepPlan> steps = steps_with_pivot();
    steps[2].undo = StepPlan::Undo::Call;
    Story story(steps);
    story.act(0).act(1).act(2).undo(2).rest("stuck");
    story.ask(1, Verb::Resolve, 1, "compensated").ask(2, Verb::Abandon).command_row(2, "abandoned");
    EXPECT_EQ(broken_rules(story.end("abandoned", {"succeeded", "succeeded", "compensated"})),
              "I11");
}

}  // namespace
}  // namespace skald::simulation
