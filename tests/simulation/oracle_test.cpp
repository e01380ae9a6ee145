#include "tests/simulation/oracle.h"

#include <gtest/gtest.h>

#include "tests/simulation/oracle_story.h"

namespace skald::simulation {
namespace {

using std::chrono::milliseconds;
using Did = Handled::Did;
using How = Answered::How;
using StartHow = StartAnswered::How;

std::vector<StepPlan> steps_with_pivot() {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[1].is_pivot = true;
    steps[1].undo = StepPlan::Undo::NotSaid;
    steps[2].undo = StepPlan::Undo::NotSaid;
    steps[2].tries_max.reset();
    return steps;
}

/// 0, then 1 and 2 side by side, then 3.
std::vector<StepPlan> diamond() {
    return {plain_step("s0"), plain_step("s1", {0}), plain_step("s2", {0}),
            plain_step("s3", {1, 2})};
}

std::vector<std::string> all(const char* status, std::size_t count) {
    return std::vector<std::string>(count, status);
}

History completed(Story& story, std::size_t count) {
    return story.rest("completed").end("completed", all("succeeded", count));
}

History compensated(Story& story, std::size_t count) {
    return story.rest("compensated").end("compensated", all("compensated", count));
}

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

// ---- Starts and commands -----------------------------------------------------------------------

TEST(SimulationOracle, SeesThatAnAcknowledgedStartIsLost) {
    Story story(plain_steps(1));
    story.history().starts.push_back({2, 0, "order-2", true, "", {}});
    story.see(StartAnswered{2, StartHow::Started, "order-2"}).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I1");
}

TEST(SimulationOracle, SeesThatAnAcknowledgedStartIsLostForAWhile) {
    Story story(plain_steps(1));
    const auto rows = story.rows();
    story.store().clear();
    story.crash().start();
    story.rows() = rows;
    story.act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I1");
}

TEST(SimulationOracle, SeesThatOneStartIsToldTwoSagas) {
    Story story(plain_steps(1));
    story.see(StartAnswered{1, StartHow::Repeats, "order-2"}).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I1 I2");
}

TEST(SimulationOracle, SeesThatTwoStartsAreToldOneSaga) {
    Story story(plain_steps(1));
    story.see(StartAnswered{2, StartHow::Repeats, Story::kSaga}).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I2");
}

TEST(SimulationOracle, SeesThatAStartIsToldThatItsIdIsUsed) {
    Story story(plain_steps(1));
    story.see(StartAnswered{1, StartHow::IdUsed, ""}).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I2");
}

/// A second saga of the start with the key "start-2".
History with_twin(bool is_asked_for) {
    Story story(plain_steps(1));
    story.act(0);
    History history = completed(story, 1);
    if (is_asked_for) history.starts.push_back({2, 0, "", false, "start-2", {}});
    for (const char* id : {"saga-2-1", "saga-2-2"}) {
        history.journals[id] = {story.rows()[0]};
        history.journals[id][0].request_key = "start-2";
        history.sagas[id] = {"compensated", {"cancelled"}};
    }
    history.counts["compensated"] = 2;
    return history;
}

TEST(SimulationOracle, SeesThatOneStartMadeTwoSagas) {
    EXPECT_EQ(broken_rules(with_twin(true)), "I2");
}

TEST(SimulationOracle, SeesASagaThatNobodyStarted) {
    EXPECT_EQ(broken_rules(with_twin(false)), "I2");
}

TEST(SimulationOracle, SeesASagaWithTheKeyOfAnotherStart) {
    History history = with_twin(true);
    history.journals.erase("saga-2-2");
    history.sagas.erase("saga-2-2");
    history.counts["compensated"] = 1;
    EXPECT_EQ(broken_rules(history), "");
    history.starts.back().id = "order-2";
    history.starts.back().is_id_of_client = true;
    EXPECT_EQ(broken_rules(history), "I2");
}

TEST(SimulationOracle, SeesThatAnAcknowledgedCommandIsLost) {
    Story story(plain_steps(2));
    story.ask(1, Verb::Suspend).answer(1, How::Applied).ask(2, Verb::Resume).act(0).act(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "acknowledged-command");
}

TEST(SimulationOracle, SeesThatARefusedCommandWasDone) {
    Story story(plain_steps(1));
    story.ask(1, Verb::Cancel).command_row(1, "cancelled").answer(1, How::Refused).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "acknowledged-command");
}

TEST(SimulationOracle, SeesThatARepeatOfWhatWasDoneIsRefused) {
    Story story(plain_steps(1));
    story.ask(1, Verb::Resume).command_row(1, "resumed").crash().start();
    story.ask(1, Verb::Resume).answer(1, How::Refused).act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "acknowledged-command");
}

TEST(SimulationOracle, SeesThatACommandWasDoneTwice) {
    Story story(plain_steps(1));
    story.command(1, Verb::Resume, "resumed").command_row(1, "resumed").act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "acknowledged-command");
}

TEST(SimulationOracle, SeesThatAnotherCommandWasDoneThanTheOneAskedFor) {
    Story story(plain_steps(1));
    story.command(1, Verb::Resume, "suspended").act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "acknowledged-command");
}

TEST(SimulationOracle, SeesACommandThatNobodyAsked) {
    Story story(plain_steps(1));
    story.command_row(9, "resumed").act(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "acknowledged-command");
}

TEST(SimulationOracle, SeesThatACancelledSagaCompletes) {
    Story story(plain_steps(1));
    story.sent(0).command(1, Verb::Cancel, "cancelled").handled(0, kAction, Did::Effect, 200);
    story.told(0, kAction, 200).answer_row(0);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I26");
}

// ---- The journal -------------------------------------------------------------------------------

TEST(SimulationOracle, SeesAGapInAJournal) {
    Story story(plain_steps(1));
    story.act(0).rows()[1].seq = 3;
    EXPECT_EQ(broken_rules(completed(story, 1)), "I5");
}

TEST(SimulationOracle, SeesThatTimeGoesBackInAJournal) {
    Story story(plain_steps(1));
    story.act(0).rows()[1].at = 1;
    EXPECT_EQ(broken_rules(completed(story, 1)), "I5");
}

TEST(SimulationOracle, SeesThatARowWasChanged) {
    Story story(plain_steps(1));
    story.act(0).crash().start().rows()[1].bytes = "else";
    EXPECT_EQ(broken_rules(completed(story, 1)), "I5");
}

TEST(SimulationOracle, SeesThatARowIsGone) {
    Story story(plain_steps(1));
    story.act(0).row("late");
    story.crash().start().rows().pop_back();
    EXPECT_EQ(broken_rules(completed(story, 1)), "I5");
}

TEST(SimulationOracle, SeesThatAJournalBeginsTwice) {
    Story story(plain_steps(1));
    story.act(0).row("begun");
    EXPECT_EQ(broken_rules(completed(story, 1)), "I5");
}

TEST(SimulationOracle, SeesThatTheStoreDisagreesWithItself) {
    Story story(plain_steps(1));
    const History right = completed(story.act(0), 1);
    History history = right;
    history.sagas[Story::kSaga].summary_agrees = false;
    EXPECT_EQ(broken_rules(history), "I5");
    history = right;
    history.counts["completed"] = 2;
    EXPECT_EQ(broken_rules(history), "I29");
    history = right;
    history.counts.clear();
    EXPECT_EQ(broken_rules(history), "I29");
    history = right;
    history.integrity = "row 1 missing from index";
    EXPECT_EQ(broken_rules(history), "integrity");
    history = right;
    history.sagas.clear();
    history.counts.clear();
    EXPECT_EQ(broken_rules(history), "I5");
}

TEST(SimulationOracle, SeesASecondTryBeforeTheAnswerToTheFirstIsDurable) {
    Story story(plain_steps(1));
    story.sent(0).lost(0).wait(100).sent(0, kAction, 2).crash().start();
    story.act(0, 2);
    EXPECT_EQ(broken_rules(completed(story, 1)), "I6");
}

TEST(SimulationOracle, SeesAnActionBeforeTheOneBeforeItIsDurable) {
    Story story(plain_steps(2));
    story.sent(0).handled(0, kAction, Did::Effect, 200).told(0, kAction, 200);
    story.sent(1).crash().start().act(1);
    EXPECT_EQ(broken_rules(completed(story, 2)), "I6");
}

TEST(SimulationOracle, SeesACompensationBeforeTheOneBeforeItIsDurable) {
    Story story(plain_steps(2));
    story.act(0).act(1);
    story.sent(1, kUndo).handled(1, kUndo, Did::Effect, 200).told(1, kUndo, 200).undo(0);
    EXPECT_EQ(broken_rules(compensated(story, 2)), "I6");
}

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
