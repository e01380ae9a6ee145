#include <gtest/gtest.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/oracle_story.h"

/// The oracle, and what waits: for a time, a callback, a child, a lock; and elements.
namespace skald::simulation {
namespace {

using std::chrono::milliseconds;
using Did = Handled::Did;
using TakenHow = CallbackAnswered::How;

// ---- Waits -------------------------------------------------------------------------------------

/// s0, a wait of 1 s, and s2.
std::vector<StepPlan> steps_with_wait() {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[1].kind = StepPlan::Kind::Wait;
    steps[1].undo = StepPlan::Undo::NotSaid;
    steps[1].wait_for = milliseconds{1'000};
    return steps;
}

TEST(SimulationOracleWaits, IsContentWithAWait) {
    Story story(steps_with_wait());
    story.act(0).wait(1'000).due_row(1).act(2).end_row("completed");
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "");
}

TEST(SimulationOracleWaits, SeesAnActionBeforeAWaitIsOver) {
    Story story(steps_with_wait());
    story.wait(1'000).act(0).wait(900).act(2);
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "wait");
}

TEST(SimulationOracleWaits, SeesAWaitThatIsOverBeforeItsTime) {
    std::vector<StepPlan> steps = steps_with_wait();
    steps[1].wait_until = "t0";
    Story story(steps);
    story.history().starts[0].times["t0"] = 1'005'000;
    Story right = story;
    story.act(0).wait(4'000).due_row(1).wait(1'000).act(2);
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "wait");
    right.act(0).wait(5'000).due_row(1).act(2);
    EXPECT_EQ(broken_rules(right.end("completed", all("succeeded", 3))), "");
}

TEST(SimulationOracleWaits, SeesACompletionBeforeAWaitIsOver) {
    std::vector<StepPlan> steps = steps_with_wait();
    steps.pop_back();
    Story story(steps);
    story.act(0).wait(900).end_row("completed");
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 2))), "wait");
}

TEST(SimulationOracleWaits, SeesAWaitThatNeverEnds) {
    Story story(steps_with_wait());
    story.act(0);
    EXPECT_EQ(broken_rules(story.end("running", {"succeeded", "waiting", "pending"})), "I20");
}

// ---- Callbacks ---------------------------------------------------------------------------------

/// Both are called back, forward and back, within 2 s.
std::vector<StepPlan> steps_called_back() {
    std::vector<StepPlan> steps = plain_steps(2);
    for (StepPlan& step : steps) {
        step.calls_back = step.undo_calls_back = true;
        step.callback_timeout = step.undo_callback_timeout = milliseconds{2'000};
    }
    return steps;
}

History all_done(Story& story) { return story.end("completed", all("succeeded", 2)); }

TEST(SimulationOracleCallbacks, IsContentWithACallback) {
    Story story(steps_called_back());
    story.put_off(0).wait(500).call_back(1, 0, kAction, Word::Success).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "");
}

TEST(SimulationOracleCallbacks, IsContentWithACallbackBeforeThe202) {
    Story story(steps_called_back());
    story.sent(0).call_back(1, 0, kAction, Word::Success).sent(1).told(0, kAction, 202);
    story.handled(1, kAction, Did::Effect, 200).told(1, kAction, 200).answer_row(1);
    EXPECT_EQ(broken_rules(all_done(story)), "");
}

TEST(SimulationOracleCallbacks, IsContentWithACallbackWhoseAnswerACrashTook) {
    Story story(steps_called_back());
    story.put_off(0).handled(0, kAction, Did::Effect, 0).post(1, 0, kAction, Word::Success);
    story.callback_row(0, kAction, Word::Success).crash().start().act(1);
    story.post(2, 0, kAction, Word::Success).answer_post(2, TakenHow::NotTaken);
    EXPECT_EQ(broken_rules(all_done(story)), "");
}

TEST(SimulationOracleCallbacks, IsContentWithACallbackForALastTryThatWasNeverSent) {
    std::vector<StepPlan> steps = steps_called_back();
    steps[0].is_optional = true;
    steps[0].tries_max = 2;
    Story story(steps);
    story.sent(0).lost(0).answer_row(0);
    Story early = story;
    story.wait(200).call_back(1, 0, kAction, Word::Unknown).act(1);
    EXPECT_EQ(broken_rules(story.end("completed", {"in_doubt", "succeeded"})), "");
    early.call_back(1, 0, kAction, Word::Unknown).act(1);
    EXPECT_EQ(broken_rules(early.end("completed", {"in_doubt", "succeeded"})), "I6 end-state");
}

TEST(SimulationOracleCallbacks, IsContentWithACallbackThatIsJournaledForAnEarlierTry) {
    Story story(steps_called_back());
    story.act(0).refuse(1, kAction, 409).put_off(0, kUndo).wait(2'100).sent(0, kUndo, 2);
    story.crash().start().handled(0, kUndo, Did::Effect, 0, 2).post(1, 0, kUndo, Word::Success);
    story.callback_row(0, kUndo, Word::Success).answer_post(1, TakenHow::Taken).crash().start();
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "failed"})), "");
}

TEST(SimulationOracleCallbacks, IsContentWithACompensationThatIsTriedAgainInVain) {
    Story story(steps_called_back());
    story.act(0).refuse(1, kAction, 409).put_off(0, kUndo).wait(2'100).undo(0, 2);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "failed"})), "");
}

TEST(SimulationOracleCallbacks, SeesThatATakenCallbackIsLost) {
    Story story(steps_called_back());
    story.put_off(0).handled(0, kAction, Did::Effect, 0).post(1, 0, kAction, Word::Success);
    story.answer_post(1, TakenHow::Taken).crash().start();
    story.callback_row(0, kAction, Word::Success).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "acknowledged-callback");
}

TEST(SimulationOracleCallbacks, SeesACallbackThatNobodySent) {
    Story story(steps_called_back());
    story.put_off(0).call_back(1, 0, kAction, Word::Success);
    story.callback_row(0, kAction, Word::Success).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "acknowledged-callback");
}

TEST(SimulationOracleCallbacks, SeesThatACallbackIsTurnedDown) {
    Story waited(steps_called_back());
    waited.put_off(0).wait(5).post(1, 0, kAction, Word::Unknown).answer_post(1, TakenHow::NotTaken);
    waited.wait(5).call_back(2, 0, kAction, Word::Success).act(1);
    EXPECT_EQ(broken_rules(all_done(waited)), "acknowledged-callback");
    Story unknown(steps_called_back());
    unknown.put_off(0).post(1, 0, kAction, Word::Unknown).answer_post(1, TakenHow::NotFound);
    unknown.call_back(2, 0, kAction, Word::Success).act(1);
    EXPECT_EQ(broken_rules(all_done(unknown)), "acknowledged-callback");
}

TEST(SimulationOracleCallbacks, SeesATryAfterOneThatWasPutOff) {
    Story story(steps_called_back());
    story.put_off(0).wait(2'100).act(0, 2).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "I9");
}

TEST(SimulationOracleCallbacks, SeesThatACallbackIsGivenUpTooEarly) {
    Story story(steps_called_back());
    story.put_off(0).wait(1'900).due_row(0).refuse(0, kUndo, 204);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "cancelled"})),
              "callback-timeout");
    Story undo(steps_called_back());
    undo.act(0).refuse(1, kAction, 409).put_off(0, kUndo).wait(1'900).undo(0, 2);
    EXPECT_EQ(broken_rules(undo.end("compensated", {"compensated", "failed"})), "backoff");
}

TEST(SimulationOracleCallbacks, SeesACallThatACallbackHadSettled) {
    Story story(steps_called_back());
    story.put_off(0).call_back(1, 0, kAction, Word::Success).wait(500).sent(0, kAction, 2);
    story.told(0, kAction, 200, 2).answer_row(0, kAction, 2).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "I9");
}

TEST(SimulationOracleCallbacks, SeesUrlsThatChangeOrAreMissing) {
    Story changed(steps_called_back());
    changed.refuse(0, kAction, 429).wait(100);
    changed.see(Sent{Story::name(0, kAction, 2), "0/do", "elsewhere"});
    changed.handled(0, kAction, Did::Effect, 200, 2).told(0, kAction, 200, 2);
    changed.answer_row(0, kAction, 2).act(1);
    EXPECT_EQ(broken_rules(all_done(changed)), "I17");
    Story missing(steps_called_back());
    missing.see(Sent{Story::name(0, kAction, 1), "0/do", ""});
    missing.handled(0, kAction, Did::Effect, 200).told(0, kAction, 200).answer_row(0).act(1);
    EXPECT_EQ(broken_rules(all_done(missing)), "I17");
    Story idle(plain_steps(2));
    idle.see(Sent{Story::name(0, kAction, 1), "0/do", "somewhere"});
    idle.handled(0, kAction, Did::Effect, 200).told(0, kAction, 200).answer_row(0).act(1);
    EXPECT_EQ(broken_rules(all_done(idle)), "I17");
}

// What was put off may take effect at any time.
TEST(SimulationOracleCallbacks, SeesThatWhatWasPutOffIsForgotten) {
    Story story(steps_called_back());
    story.act(0).put_off(1).wait(2'000).due_row(1).undo(0);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "cancelled"})), "I8 end-state");
}

// Whoever says "retry" says so of the try before, and may repeat it.
TEST(SimulationOracleCallbacks, SeesAnEffectThatACopyOfARetryHid) {
    Story story(steps_called_back());
    story.act(0).put_off(1).post(1, 1, kAction, Word::Retry).callback_row(1, kAction, Word::Retry);
    const CallbackPosted first = std::get<CallbackPosted>(story.history().seen.back().what);
    story.answer_post(1, TakenHow::Taken).wait(100).sent(1, kAction, 2);
    story.handled(1, kAction, Did::Effect, 200, 2);
    story.see(CallbackPosted{2, first.call, first.word, first.decided_at});
    story.callback_row(1, kAction, Word::Retry, 2).answer_post(2, TakenHow::Taken).undo(0);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "cancelled"})), "I8 end-state");
}

// ---- Elements ----------------------------------------------------------------------------------

/// s0 with two elements, then s1.
std::vector<StepPlan> steps_with_elements() {
    std::vector<StepPlan> steps = plain_steps(2);
    steps[0].items = "i0";
    steps[0].max_parallel = 1;
    return steps;
}

TEST(SimulationOracleElements, IsContentWithElements) {
    Story story(steps_with_elements());
    story.of_item(0).act(0).of_item(1).act(0).of_item({});
    Story undone = story;
    story.act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "");

    undone.refuse(1, kAction, 409).rows().back().undoing = {{0, 1}};
    undone.of_item(1).undo(0).rows().back().undoing = {{0, 0}};
    undone.of_item(0).undo(0);
    EXPECT_EQ(broken_rules(undone.end("compensated", {"compensated", "failed"})), "");
}

TEST(SimulationOracleElements, SeesAnActionBeforeAllElementsAreDone) {
    Story story(steps_with_elements());
    story.of_item(0).act(0).of_item({}).act(1).of_item(1).act(0);
    EXPECT_EQ(broken_rules(all_done(story)), "I6");
}

TEST(SimulationOracleElements, SeesMoreElementsAtOnceThanAllowed) {
    Story story(steps_with_elements());
    story.of_item(0).sent(0).of_item(1).act(0);
    story.of_item(0).handled(0, kAction, Did::Effect, 200).told(0, kAction, 200).answer_row(0);
    story.of_item({}).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "max-parallel");
}

TEST(SimulationOracleElements, SeesElementsThatAreUndoneInTheWrongOrder) {
    Story story(steps_with_elements());
    story.of_item(0).act(0).of_item(1).act(0).of_item({}).refuse(1, kAction, 409);
    story.rows().back().undoing = {{0, 0}};
    story.of_item(0).undo(0).rows().back().undoing = {{0, 1}};
    story.of_item(1).undo(0);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "failed"})), "element-order");
}

TEST(SimulationOracleElements, SeesAnElementWhoseEffectStands) {
    Story story(steps_with_elements());
    story.of_item(0).act(0).of_item(1).act(0).of_item({}).refuse(1, kAction, 409);
    story.of_item(1).undo(0);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "failed"})), "end-state");
}

TEST(SimulationOracleElements, SeesCallsOfElementsThatThereAreNot) {
    Story story(steps_with_elements());
    story.of_item(0).act(0).of_item(1).act(0).of_item(2).sent(0).of_item({}).act(1);
    EXPECT_EQ(broken_rules(all_done(story)), "foreign");
    Story whole(steps_with_elements());
    whole.of_item(0).act(0).of_item(1).act(0).of_item({}).sent(0).act(1);
    EXPECT_EQ(broken_rules(all_done(whole)), "foreign");
}

// ---- Children ----------------------------------------------------------------------------------

constexpr const char* kChild = "order-1.s1";

/// s0, then a child, then s2.
std::vector<StepPlan> steps_with_child(StepPlan::Undo undo = StepPlan::Undo::NotSaid) {
    std::vector<StepPlan> steps = plain_steps(3);
    steps[1].kind = StepPlan::Kind::Child;
    steps[1].undo = undo;
    steps[1].child = "child";
    steps[1].tries_max = 1;
    return steps;
}

/// The first step is done, and the child, with one step, is begun.
Story with_child(StepPlan::Undo undo = StepPlan::Undo::NotSaid) {
    Story story(steps_with_child(undo));
    story.define("child", plain_steps(1));
    story.act(0).begin_child(kChild, 1, 1).leave(kChild, "completed", {"succeeded"});
    return story;
}

void complete_child(Story& story) { story.of(kChild).act(0).end_row("completed").of(Story::kSaga); }

TEST(SimulationOracleChildren, IsContentWithAChild) {
    Story story = with_child();
    complete_child(story);
    story.act(2).end_row("completed");
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "");
}

TEST(SimulationOracleChildren, IsContentWithAChildThatIsTurned) {
    Story story = with_child();
    complete_child(story);
    story.refuse(2, kAction, 409).turn_row();
    story.of(kChild).row("parent_turned");
    story.undo(0).end_row("compensated").of(Story::kSaga).undo(0).end_row("compensated");
    story.leave(kChild, "compensated", {"compensated"});
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "compensated", "failed"})), "");
}

TEST(SimulationOracleChildren, IsContentWithAChildThatSomethingElseUndoes) {
    Story story = with_child(StepPlan::Undo::Call);
    complete_child(story);
    story.refuse(2, kAction, 409).turn_row().undo(1).undo(0).end_row("compensated");
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "compensated", "failed"})), "");
}

TEST(SimulationOracleChildren, IsContentWithAChildThatWaitsForPeople) {
    Story story = with_child();
    story.of(kChild).act(0).of(Story::kSaga);
    story.leave(kChild, "stuck", {"stuck"});
    const History history = story.end("running", {"succeeded", "calling", "pending"});
    EXPECT_EQ(broken_rules(history), "end-state");  // The child itself has no reason to be.
}

TEST(SimulationOracleChildren, SeesThatAParentWaitsForAChildThatIsOver) {
    Story story = with_child();
    complete_child(story);
    EXPECT_EQ(broken_rules(story.end("running", {"succeeded", "calling", "pending"})), "I20");
}

TEST(SimulationOracleChildren, SeesAnActionBeforeTheChildIsDone) {
    Story story = with_child();
    story.act(2);
    complete_child(story);
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "I6");
}

TEST(SimulationOracleChildren, SeesAChildBeforeItsTurnHasCome) {
    Story story(steps_with_child());
    story.define("child", plain_steps(1));
    story.sent(0).begin_child(kChild, 1, 1).leave(kChild, "completed", {"succeeded"});
    complete_child(story);
    story.handled(0, kAction, Did::Effect, 200).told(0, kAction, 200).answer_row(0).act(2);
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "I6");
}

TEST(SimulationOracleChildren, SeesChildrenThatNobodyCalled) {
    Story another = with_child();
    complete_child(another);
    another.begin_child("order-1.s2", 1, 2).leave("order-1.s2", "compensated", {"cancelled"});
    another.act(2);
    EXPECT_EQ(broken_rules(another.end("completed", all("succeeded", 3))), "child");
    Story twin = with_child();
    complete_child(twin);
    twin.begin_child("order-1.s1~2", 1, 1).leave("order-1.s1~2", "compensated", {"cancelled"});
    twin.act(2);
    EXPECT_EQ(broken_rules(twin.end("completed", all("succeeded", 3))), "I18 I6 child end-state");
    Story orphan = with_child();
    complete_child(orphan);
    orphan.of("order-9").begin_child("order-9.s1", 1, 1).of(Story::kSaga).act(2);
    orphan.leave("order-9.s1", "compensated", {"cancelled"});
    EXPECT_EQ(broken_rules(orphan.end("completed", all("succeeded", 3))), "child");
}

TEST(SimulationOracleChildren, SeesAChildOfAVersionThatWasNotPinned) {
    Story story = with_child();
    complete_child(story);
    story.act(2);
    story.define("child", plain_steps(1));
    story.history().sagas[kChild].definition = 2;
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "child");
}

TEST(SimulationOracleChildren, SeesAChildThatIsBegunAfterItsParentTurned) {
    Story story(steps_with_child());
    story.define("child", plain_steps(1));
    story.act(0).turn_row().begin_child(kChild, 1, 1).leave(kChild, "compensated", {"cancelled"});
    story.undo(0);
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "failed", "cancelled"})),
              "I12");
}

TEST(SimulationOracleChildren, SeesAChildThatIsTurnedForNothing) {
    Story story = with_child();
    complete_child(story);
    story.of(kChild).row("parent_turned");
    story.undo(0).end_row("compensated").of(Story::kSaga).act(2).end_row("completed");
    story.leave(kChild, "compensated", {"compensated"});
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "I6 child end-state");
}

TEST(SimulationOracleChildren, SeesThatAChildIsLeftBehind) {
    Story standing = with_child();
    complete_child(standing);
    standing.refuse(2, kAction, 409).turn_row().undo(0);
    EXPECT_EQ(broken_rules(standing.end("compensated", {"compensated", "succeeded", "failed"})),
              "I8 end-state");
    Story running = with_child();
    running.turn_row().undo(0).leave(kChild, "running", {"pending"});
    EXPECT_EQ(broken_rules(running.end("compensated", {"compensated", "failed", "cancelled"})),
              "I20 end-state");
    Story declared = with_child(StepPlan::Undo::Call);
    complete_child(declared);
    declared.refuse(2, kAction, 409).turn_row().crash().start().undo(0);
    EXPECT_EQ(broken_rules(declared.end("compensated", {"compensated", "succeeded", "failed"})),
              "I8 end-state");
}

// Only its parent can turn it.
TEST(SimulationOracleChildren, SeesACallOfAChildThatHasEnded) {
    Story story = with_child();
    complete_child(story);
    story.of(kChild).rest("completed").undo(0).of(Story::kSaga).act(2);
    EXPECT_EQ(broken_rules(story.end("completed", all("succeeded", 3))), "I14 I6 end-state");
}

TEST(SimulationOracleChildren, SeesThatAParentIsUndoneBeforeItsChild) {
    Story story = with_child();
    complete_child(story);
    story.refuse(2, kAction, 409).turn_row().undo(0).end_row("compensated");
    story.of(kChild).row("parent_turned");
    story.undo(0).end_row("compensated").of(Story::kSaga);
    story.leave(kChild, "compensated", {"compensated"});
    EXPECT_EQ(broken_rules(story.end("compensated", {"compensated", "compensated", "failed"})),
              "I8");
}

// ---- Locks -------------------------------------------------------------------------------------

/// Two sagas that want the same lock; the first has it.
Story with_queue() {
    Story story(plain_steps(1));
    story.history().definitions[0].has_lock = true;
    story.history().starts[0].lock = "a";
    story.rows()[0].lock = "a";
    story.begin_another(2, "order-2");
    story.row("lock_granted");
    return story;
}

History both_done(Story& story) {
    story.leave("order-2", "completed", {"succeeded"});
    return story.end("completed", {"succeeded"});
}

TEST(SimulationOracleLocks, IsContentWithAQueue) {
    Story story = with_queue();
    story.act(0).end_row("completed").of("order-2").row("lock_granted");
    story.act(0).end_row("completed");
    EXPECT_EQ(broken_rules(both_done(story)), "");
}

TEST(SimulationOracleLocks, SeesALockThatTwoHave) {
    Story story = with_queue();
    story.sent(0).of("order-2").row("lock_granted");
    story.act(0).end_row("completed").of(Story::kSaga);
    story.handled(0, kAction, Did::Effect, 200).told(0, kAction, 200).answer_row(0);
    story.end_row("completed");
    EXPECT_EQ(broken_rules(both_done(story)), "lock");
}

TEST(SimulationOracleLocks, SeesACallBeforeTheLockIsThere) {
    Story story = with_queue();
    story.act(0).end_row("completed").of("order-2").act(0).wait(5).row("lock_granted");
    story.end_row("completed");
    EXPECT_EQ(broken_rules(both_done(story)), "lock");
}

TEST(SimulationOracleLocks, SeesThatALockIsGivenToNobody) {
    Story story = with_queue();
    story.act(0).end_row("completed").leave("order-2", "running", {"pending"});
    EXPECT_EQ(broken_rules(story.end("completed", {"succeeded"})), "I20");
    Story held = with_queue();
    held.act(0).leave("order-2", "running", {"pending"});
    History history = held.end("running", {"succeeded"});
    history.sagas[Story::kSaga].is_suspended = true;
    EXPECT_EQ(broken_rules(history), "");
}

TEST(SimulationOracleLocks, SeesALockThatNobodyAskedFor) {
    Story story(plain_steps(1));
    story.row("lock_granted");
    story.act(0);
    EXPECT_EQ(broken_rules(story.end("completed", {"succeeded"})), "lock");
}

}  // namespace
}  // namespace skald::simulation
