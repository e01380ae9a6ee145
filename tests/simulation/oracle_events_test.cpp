#include <gtest/gtest.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/oracle_event_story.h"

/// The oracle, and the event log: what sagas publish, what is answered, and what they hear.
namespace skald::simulation {
namespace {

using Did = Handled::Did;
using To = Change::To;

History done(EventStory& story) { return story.finish("completed", all("succeeded", 2)); }
History undone(EventStory& story) { return story.finish("compensated", all("compensated", 2)); }

// ---- What is right -----------------------------------------------------------------------------

TEST(SimulationOracleEvents, IsContentWithStepsByEvent) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "");
}

TEST(SimulationOracleEvents, IsContentWithStepsThatAreUndoneByEvent) {
    EventStory story(steps_by_event());
    story.act_by_event(0).refuse_by_event(1).undo_by_event(0);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "failed"})), "");
}

TEST(SimulationOracleEvents, IsContentWithATryThatIsAskedForAgain) {
    EventStory story(steps_by_event());
    story.publish(0).wait(2'000);
    story.miss(0).wait(100);
    story.act_by_event(0, 2).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "");
}

TEST(SimulationOracleEvents, IsContentWithADoubtThatIsUndone) {
    std::vector<StepPlan> steps = steps_by_event();
    steps[1].tries_max = 1;
    EventStory story(steps);
    story.act_by_event(0).publish(1).wait(2'000);
    story.miss(1, kAction, 1, To::Other).undo_by_event(1).undo_by_event(0);
    EXPECT_EQ(broken_rules(undone(story)), "");
}

TEST(SimulationOracleEvents, IsContentWithAnEventThatNobodyAnswers) {
    std::vector<StepPlan> steps = steps_by_event();
    steps[0].event->reply.reset();
    EventStory story(steps);
    story.log_try(0).begin_alone(0).act_by_event(1);
    story.handled(0, kAction, Did::Effect, 0);
    EXPECT_EQ(broken_rules(done(story)), "");
}

TEST(SimulationOracleEvents, IsContentWithASignal) {
    EventStory story(steps_with_signal());
    story.act(0);
    story.begin(1).hear(story.signal("go"), 1).act(2);
    EXPECT_EQ(broken_rules(story.finish("completed", all("succeeded", 3))), "");
}

TEST(SimulationOracleEvents, IsContentWithASignalThatWasThereBefore) {
    EventStory story(steps_with_signal(MatchBy::Group));
    story.history().starts[0].group = "g1";
    const EventName early = story.signal("go", "g1");
    story.act(0);
    story.begin(1).hear(early, 1).act(2);
    EXPECT_EQ(broken_rules(story.finish("completed", all("succeeded", 3))), "");
}

TEST(SimulationOracleEvents, IsContentWithASignalThatDoesNotCome) {
    EventStory story(steps_with_signal());
    story.act(0);
    story.begin(1).wait(20'000);
    story.miss(1, kAction, 1, To::Other).undo(0);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "failed", "cancelled"})),
              "");
}

TEST(SimulationOracleEvents, IsContentWithASecondReply) {
    EventStory story(steps_by_event());
    story.act_by_event(0);
    story.hear_late(story.reply(0, kAction, "refused"), 0, kAction, Word::Failure).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "");
}

TEST(SimulationOracleEvents, IsContentWithWhatACrashLeaves) {
    EventStory story(steps_by_event());
    story.publish(0).handled(0, kAction, Did::Effect, 0);
    const LogEvent answer = story.from_service(0, kAction, "done");
    story.post(kReplies, answer);
    const EventName name = story.put(kReplies, answer);
    story.restart().answer_post(story.post(kReplies, answer), name.offset, true);
    story.hear(name, 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "");
}

// ---- published-once ----------------------------------------------------------------------------

TEST(SimulationOracleEvents, SeesATryThatIsNotInTheLog) {
    EventStory story(steps_by_event());
    story.act_by_event(0).begin(1).restart();
    story.handled(1, kAction, Did::Effect, 0);
    story.hear(story.reply(1, kAction, "done"), 1);
    EXPECT_EQ(broken_rules(done(story)), "published-once");
}

TEST(SimulationOracleEvents, SeesAnEventOfWhichTheJournalKnowsNothing) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.log_try(1, kAction, 2);
    EXPECT_EQ(broken_rules(done(story)), "published-once");
}

TEST(SimulationOracleEvents, SeesAnEventThatIsThereTwice) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.log_try(0);
    story.log()[kCommands].back().time = story.log()[kCommands].front().time;
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event published-once");
}

TEST(SimulationOracleEvents, SeesAnEventThatIsNotOfTheCommitOfItsRow) {
    EventStory story(steps_by_event());
    story.log_try(0).wait(1);
    story.begin(0).handled(0, kAction, Did::Effect, 0);
    story.hear(story.reply(0, kAction, "done"), 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "published-once");
}

TEST(SimulationOracleEvents, SeesAnEventOfASuspendedSaga) {
    EventStory story(steps_by_event());
    story.ask(1, Verb::Suspend).command_row(1, "suspended");
    story.act_by_event(0);
    story.command(2, Verb::Resume, "resumed");
    story.act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "published-once");
}

TEST(SimulationOracleEvents, SeesAWrongTopicOrType) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.log()[kCommands][1].type = "undo";
    EXPECT_EQ(broken_rules(done(story)), "published-once");
}

TEST(SimulationOracleEvents, SeesKeysThatChange) {
    EventStory story(steps_by_event());
    story.publish(0).wait(2'000);
    story.miss(0).wait(100);
    story.act_by_event(0, 2).act_by_event(1);
    EventStory shared = story;
    story.log()[kCommands][1].key = "another";
    EXPECT_EQ(broken_rules(done(story)), "I17");
    shared.log()[kCommands][2].key = shared.log()[kCommands][0].key;
    EXPECT_EQ(broken_rules(done(shared)), "I17");
}

// ---- acknowledged-event ------------------------------------------------------------------------

TEST(SimulationOracleEvents, SeesThatAnAnsweredEventIsLost) {
    EventStory story(steps_by_event());
    story.act_by_event(0);
    story.answer_post(story.post(kReplies, story.from_service(0, kAction, "done")), 2);
    story.restart().act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
}

TEST(SimulationOracleEvents, SeesThatAnEventThatWasReadIsLost) {
    EventStory story(steps_by_event());
    story.act_by_event(0).see(EventRead{{kReplies, 2}, "/services", "reply-7"});
    story.restart().act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
}

TEST(SimulationOracleEvents, SeesThatAnEventIsGoneLater) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1).restart();
    story.reply(0, kAction, "received");
    story.restart().log()[kReplies].pop_back();
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
}

TEST(SimulationOracleEvents, SeesAGapInTheOffsets) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.reply(0, kAction, "received");
    EventStory older = story;
    story.log()[kReplies].back().offset = 4;
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
    older.log()[kReplies].back().at = 1;
    EXPECT_EQ(broken_rules(done(older)), "acknowledged-event");
}

TEST(SimulationOracleEvents, SeesARepeatWithAnotherOffset) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    const LogEvent again = story.log()[kReplies][0];
    story.answer_post(story.post(kReplies, again), 2, true);
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
}

TEST(SimulationOracleEvents, SeesARepeatThatIsTakenForNew) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.answer_post(story.post(kReplies, story.log()[kReplies][0]), 1, false);
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
}

TEST(SimulationOracleEvents, SeesAnEventThatNobodyPublished) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.put(kReplies, story.from_service(0, kAction, "received"));
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-event");
}

// ---- no-lost-reply -----------------------------------------------------------------------------

TEST(SimulationOracleEvents, SeesThatAReplyIsNeverHeard) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    story.reply(0, kAction, "done");
    EXPECT_EQ(broken_rules(done(story)), "no-lost-reply");
}

TEST(SimulationOracleEvents, SeesAStepThatWaitsForWhatIsThere) {
    EventStory story(steps_with_signal());
    const EventName early = story.signal("go");
    story.act(0);
    story.begin(1);
    History history = story.finish("running", {"succeeded", "waiting", "pending"});
    history.sagas[Story::kSaga].is_suspended = true;
    EXPECT_EQ(broken_rules(history), "no-lost-reply");
    story.hear(early, 1).act(2);
    EXPECT_EQ(broken_rules(story.finish("completed", all("succeeded", 3))), "");
}

TEST(SimulationOracleEvents, SeesAStepThatIsGivenUpAlthoughItsEventIsThere) {
    EventStory story(steps_with_signal());
    const EventName early = story.signal("go");
    story.act(0);
    story.begin(1).wait(20'000);
    story.miss(1, kAction, 1, To::Other).hear_late(early, 1).undo(0);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "failed", "cancelled"})),
              "no-lost-reply");
}

TEST(SimulationOracleEvents, SeesThatAnEventIsLeftToBeTold) {
    EventStory story(steps_by_event());
    story.act_by_event(0).act_by_event(1);
    History history = done(story);
    history.untold_events = 1;
    EXPECT_EQ(broken_rules(history), "no-lost-reply");
}

// Of a definition that comes later nobody could know by what its sagas are found.
TEST(SimulationOracleEvents, DoesNotAskForWhatCameBeforeTheDefinition) {
    EventStory story(steps_with_signal(MatchBy::Group));
    story.history().starts[0].group = "g1";
    story.signal("go", "g1");
    story.see(Registered{0});
    story.act(0);
    story.begin(1).wait(20'000);
    story.miss(1, kAction, 1, To::Other).undo(0);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "failed", "cancelled"})),
              "");
}

// ---- invented-reply ----------------------------------------------------------------------------

TEST(SimulationOracleEvents, SeesAReplyThatIsNotInTheLog) {
    EventStory story(steps_by_event());
    story.publish(0).handled(0, kAction, Did::Effect, 0);
    story.hear({kReplies, 1}, 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "invented-reply");
}

TEST(SimulationOracleEvents, SeesAReplyForAnother) {
    EventStory story(steps_by_event());
    story.publish(0).handled(0, kAction, Did::Effect, 0);
    story.hear(story.reply(0, kUndo, "done"), 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "invented-reply");
    EventStory topic(steps_by_event());
    topic.publish(0).handled(0, kAction, Did::Effect, 0);
    topic.hear(topic.reply(0, kAction, "done", "elsewhere"), 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(topic)), "invented-reply");
    EventStory value(steps_with_signal(MatchBy::Group));
    value.history().starts[0].group = "g1";
    value.act(0);
    value.begin(1).hear(value.signal("go", "g2"), 1).act(2);
    EXPECT_EQ(broken_rules(value.finish("completed", all("succeeded", 3))), "invented-reply");
}

TEST(SimulationOracleEvents, SeesAReplyThatSaysSomethingElse) {
    EventStory refused(steps_by_event());
    refused.publish(0).handled(0, kAction, Did::Effect, 0);
    refused.hear(refused.reply(0, kAction, "refused"), 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(refused)), "invented-reply");
    EventStory idle(steps_by_event());
    idle.publish(0).handled(0, kAction, Did::Effect, 0);
    idle.hear(idle.reply(0, kAction, "received"), 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(idle)), "invented-reply");
}

TEST(SimulationOracleEvents, SeesARowThatIsOfNoEvent) {
    EventStory story(steps_by_event());
    story.publish(0).handled(0, kAction, Did::Effect, 0);
    story.row_of("called_back", 0, kAction, 1).word = Word::Success;
    story.changes(0, To::Done).follow().act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "acknowledged-callback invented-reply");
    EventStory request(plain_steps(1));
    request.act(0);
    request.hear_late(request.reply(0, kAction, "done"), 0);
    EXPECT_EQ(broken_rules(request.finish("completed", {"succeeded"})), "invented-reply");
}

// ---- settled-once ------------------------------------------------------------------------------

TEST(SimulationOracleEvents, SeesAStepThatIsSettledTwice) {
    EventStory story(steps_by_event());
    story.act_by_event(0);
    story.hear(story.reply(0, kAction, "done"), 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "settled-once");
}

TEST(SimulationOracleEvents, SeesAnEventThatIsHeardTwice) {
    EventStory story(steps_by_event());
    story.act_by_event(0).hear_late({kReplies, 1}, 0).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "settled-once");
}

TEST(SimulationOracleEvents, SeesALateReplyThatChangesSomething) {
    EventStory story(steps_by_event());
    story.act_by_event(0);
    const EventName second = story.reply(0, kAction, "refused");
    JournalRow& late = story.row_of("late", 0, kAction, 1);
    late.word = Word::Failure;
    late.event = second;
    story.changes(0, To::Other).follow().act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "settled-once");
}

// ---- As calls ----------------------------------------------------------------------------------

TEST(SimulationOracleEvents, SeesAnEventBeforeItsTurnHasCome) {
    EventStory story(steps_by_event());
    story.publish(0).publish(1);
    story.handled(0, kAction, Did::Effect, 0).handled(1, kAction, Did::Effect, 0);
    story.hear(story.reply(0, kAction, "done"), 0).hear(story.reply(1, kAction, "done"), 1);
    EXPECT_EQ(broken_rules(done(story)), "I6");
}

TEST(SimulationOracleEvents, SeesAWaitBeforeItsTurnHasCome) {
    EventStory story(steps_with_signal());
    story.begin(1).hear(story.signal("go"), 1).act(0).act(2);
    EXPECT_EQ(broken_rules(story.finish("completed", all("succeeded", 3))), "I6");
}

TEST(SimulationOracleEvents, SeesACallBeforeTheSignal) {
    EventStory story(steps_with_signal());
    story.act(0);
    story.begin(1).act(2);
    story.hear(story.signal("go"), 1);
    EXPECT_EQ(broken_rules(story.finish("completed", all("succeeded", 3))), "I6");
}

TEST(SimulationOracleEvents, SeesThatAReplyIsGivenUpTooEarly) {
    EventStory story(steps_by_event());
    story.publish(0).wait(1'900);
    story.miss(0).wait(200);
    story.act_by_event(0, 2).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "callback-timeout");
}

TEST(SimulationOracleEvents, SeesATryThatComesTooEarly) {
    EventStory story(steps_by_event());
    story.publish(0).wait(2'000);
    story.miss(0).wait(90);
    story.act_by_event(0, 2).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "backoff");
}

TEST(SimulationOracleEvents, SeesOneTryTooMany) {
    std::vector<StepPlan> steps = steps_by_event();
    steps[0].tries_max = 1;
    EventStory story(steps);
    story.publish(0).wait(2'000);
    story.miss(0).wait(100);
    story.act_by_event(0, 2).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "I18");
}

TEST(SimulationOracleEvents, SeesATryOfWhatHadSucceeded) {
    EventStory story(steps_by_event());
    story.act_by_event(0).wait(100);
    story.publish(0, kAction, 2).handled(0, kAction, Did::Remembered, 0, 2);
    story.hear(story.reply(0, kAction, "done"), 0, kAction, Word::Success, 2).act_by_event(1);
    EXPECT_EQ(broken_rules(done(story)), "I9");
}

// An unanswered event is an unknown outcome.
TEST(SimulationOracleEvents, SeesADoubtThatIsForgotten) {
    std::vector<StepPlan> steps = steps_by_event();
    steps[1].tries_max = 1;
    EventStory story(steps);
    story.act_by_event(0).publish(1).wait(2'000);
    story.miss(1, kAction, 1, To::Other).undo_by_event(0);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "failed"})), "I8 end-state");
}

TEST(SimulationOracleEvents, SeesAnUndoOfWhatWasRefused) {
    EventStory story(steps_by_event());
    story.act_by_event(0).refuse_by_event(1).undo_by_event(1).undo_by_event(0);
    EXPECT_EQ(broken_rules(undone(story)), "I10");
}

TEST(SimulationOracleEvents, SeesCompensationsInTheWrongOrder) {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[0] = steps_by_event()[0];
    steps[1] = steps_by_event()[1];
    EventStory story(steps);
    story.act_by_event(0).act_by_event(1).refuse(2, kAction, 409);
    story.undo_by_event(0).undo_by_event(1);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "compensated", "failed"})),
              "I8");
}

TEST(SimulationOracleEvents, SeesAnActionAfterACompensation) {
    std::vector<StepPlan> steps = steps_by_event();
    steps[1].after.clear();
    EventStory story(steps);
    story.act_by_event(0).undo_by_event(0).act_by_event(1).undo_by_event(1);
    EXPECT_EQ(broken_rules(undone(story)), "I12");
}

// What is published is so before anybody in skald knows that it turned.
TEST(SimulationOracleEvents, SeesACallThatIsNotTakenBack) {
    std::vector<StepPlan> steps = plain_steps(2);
    steps[0] = steps_by_event()[0];
    steps[1].after.clear();
    EventStory story(steps);
    story.act_by_event(0).publish(0, kUndo);
    EventStory late = story;
    story.sent(1).lost(1).answer_row(1).handled(0, kUndo, Did::Effect, 0);
    story.hear(story.reply(0, kUndo, "done"), 0, kUndo).undo(1);
    EXPECT_EQ(broken_rules(undone(story)), "");
    late.hear_late(late.reply(0, kAction, "done"), 0).sent(1).lost(1).answer_row(1);
    late.handled(0, kUndo, Did::Effect, 0);
    late.hear(late.reply(0, kUndo, "done"), 0, kUndo).undo(1);
    EXPECT_EQ(broken_rules(undone(late)), "I12");
}

TEST(SimulationOracleEvents, SeesAnEventOfWhatHasEnded) {
    EventStory story(steps_by_event());
    story.act_by_event(0).rest("compensated");
    story.undo_by_event(0);
    EXPECT_EQ(broken_rules(story.finish("compensated", {"compensated", "cancelled"})), "I14");
}

TEST(SimulationOracleEvents, SeesMoreElementsAtOnceThanAllowed) {
    std::vector<StepPlan> steps = steps_by_event();
    steps.pop_back();
    steps[0].items = "i0";
    steps[0].max_parallel = 1;
    EventStory story(steps);
    story.of_item(0);
    story.publish(0);
    story.of_item(1);
    story.act_by_event(0);
    story.of_item(0).handled(0, kAction, Did::Effect, 0);
    story.hear(story.reply(0, kAction, "done"), 0);
    EXPECT_EQ(broken_rules(story.finish("completed", {"succeeded"})), "max-parallel");
}

TEST(SimulationOracleEvents, SeesACompletionWithoutItsEffect) {
    EventStory story(steps_by_event());
    story.act_by_event(0).publish(1);
    story.hear(story.reply(1, kAction, "done"), 1);
    EXPECT_EQ(broken_rules(done(story)), "end-state");
}

}  // namespace
}  // namespace skald::simulation
