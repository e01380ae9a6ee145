#include <gtest/gtest.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/oracle_story.h"

/// The oracle, and what clients and operators are told, and what is journaled.
namespace skald::simulation {
namespace {

using Did = Handled::Did;
using How = Answered::How;
using StartHow = StartAnswered::How;

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

}  // namespace
}  // namespace skald::simulation
