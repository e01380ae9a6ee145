#include "tests/torture/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::torture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The books, and calls of one saga `s`.
class BooksOfOneSaga : public ::testing::Test {
 protected:
    Books::Verdict act(Step step, Barrier barrier = Barrier::Holds) {
        return books_.enter({"s", step, Phase::Action, story_, false}, barrier);
    }
    Books::Verdict undo(Step step, Barrier barrier = Barrier::Holds) {
        return books_.enter({"s", step, Phase::Compensation, story_, false}, barrier);
    }
    void act_all() {
        act(Step::Reserve);
        act(Step::Charge);
        act(Step::Ship);
    }
    std::vector<std::string> faults(End end, Steps waived = {}) {
        return books_.settle("s", end, {story_, end, waived}).faults;
    }

    Story story_ = Story::Plain;
    Books books_;
};

TEST_F(BooksOfOneSaga, AreContentWithACompletedSaga) {
    act_all();
    EXPECT_EQ(books_.live(), 1u);
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_EQ(books_.live(), 0u);
    const Totals totals = books_.totals();
    EXPECT_EQ(totals.effects_done, 3u);
    EXPECT_EQ(totals.effects_undone, 0u);
    EXPECT_EQ(totals.effects_wanted, 3u);
}

TEST_F(BooksOfOneSaga, AreContentWithARefusedSagaThatIsUndoneInReverse) {
    story_ = Story::Refused;
    act(Step::Reserve);
    act(Step::Charge);
    EXPECT_EQ(act(Step::Ship).reply, Reply::Refused);
    undo(Step::Charge);
    undo(Step::Reserve);
    EXPECT_THAT(faults(End::Compensated), IsEmpty());
    EXPECT_EQ(books_.totals().effects_undone, 2u);
    EXPECT_EQ(books_.totals().effects_wanted, 0u);
}

TEST_F(BooksOfOneSaga, AbsorbADuplicate) {
    act_all();
    EXPECT_EQ(act(Step::Ship).reply, Reply::Done);
    EXPECT_EQ(books_.totals().absorbed, 1u);
    EXPECT_THAT(faults(End::Completed), IsEmpty());
}

TEST_F(BooksOfOneSaga, NoticeASecondEffect) {
    act(Step::Reserve);
    act(Step::Charge);
    act(Step::Charge, Barrier::Forgets);
    act(Step::Ship);
    EXPECT_THAT(faults(End::Completed), ElementsAre("charge took effect 2 times"));
    EXPECT_NE(books_.totals().effects_done, books_.totals().effects_wanted);
}

TEST_F(BooksOfOneSaga, RefuseAnActionAfterItsCompensation) {
    undo(Step::Reserve);
    EXPECT_EQ(act(Step::Reserve).reply, Reply::Refused);
    EXPECT_THAT(books_.pages_of("s"), HasSubstr("reserve/action: 1 call (2), took effect 0 times"));
}

TEST_F(BooksOfOneSaga, TakeTheElementsOfAStepInAnyOrder) {
    story_ = Story::EachRefused;
    act(Step::Reserve);
    act(Step::Pack);
    act(Step::Charge);
    act(Step::Ship);
    undo(Step::Charge);
    EXPECT_EQ(undo(Step::Pack).reply, Reply::Done);
    undo(Step::Reserve);
    EXPECT_THAT(faults(End::Compensated), IsEmpty());
}

TEST(BooksOfLocks, NoticeTwoSagasThatHaveOne) {
    Books books;
    const auto act = [&books](std::string_view saga, Step step, std::string_view lock) {
        books.enter({saga, step, Phase::Action, Story::Locked, false, lock});
    };
    for (const Step step : {Step::Reserve, Step::Charge, Step::Ship}) act("a", step, "lock 1");
    act("b", Step::Reserve, "lock 1");
    act("c", Step::Reserve, "lock 2");
    act("d", Step::Reserve, "lock 1");
    for (const Step step : {Step::Charge, Step::Ship}) {
        act("b", step, "lock 1");
        act("c", step, "lock 2");
        act("d", step, "lock 1");
    }
    const Expectation completed{Story::Locked, End::Completed, {}};
    for (const char* saga : {"d", "a", "c"}) {
        EXPECT_THAT(books.settle(saga, End::Completed, completed).faults, IsEmpty()) << saga;
    }
    EXPECT_THAT(books.settle("b", End::Completed, completed).faults,
                ElementsAre("it was called (calls 4 to 10) while d was (6 to 12), which has the "
                            "same lock"));
}

TEST(BooksOfChildren, HoldAChildAgainstItsParent) {
    Books books;
    for (const Step step : {Step::Reserve, Step::Charge, Step::Ship}) {
        books.enter({"p", step, Phase::Action, Story::Family, false});
    }
    EXPECT_EQ(parent_of(child_of("p")), "p");
    EXPECT_EQ(parent_of("p"), "");
    EXPECT_NE(books.audit(child_of("p"), "completed"), "");
    books.settle("p", End::Completed, {Story::Family, End::Completed, {}});
    EXPECT_EQ(books.audit(child_of("p"), "completed"), "");
    EXPECT_NE(books.audit(child_of("p"), "compensated"), "");
    EXPECT_EQ(books.audit("p", "completed"), "");
}

TEST_F(BooksOfOneSaga, NoticeAnEffectThatStands) {
    act(Step::Reserve);
    act(Step::Charge);
    undo(Step::Charge);
    EXPECT_THAT(faults(End::Compensated),
                ElementsAre("reserve's effect stands, though the saga is compensated"));
}

TEST_F(BooksOfOneSaga, NoticeAnEffectThatIsMissing) {
    act(Step::Reserve);
    act(Step::Charge);
    EXPECT_THAT(faults(End::Completed),
                ElementsAre("ship's effect is not there, though the saga is completed"));
}

TEST_F(BooksOfOneSaga, NoticeASagaWithoutAnyCall) {
    EXPECT_THAT(faults(End::Completed), ::testing::SizeIs(3));
}

TEST_F(BooksOfOneSaga, NoticeThatACompletedSagaWasCompensated) {
    act_all();
    undo(Step::Ship);
    EXPECT_THAT(faults(End::Completed),
                ElementsAre("ship's effect is not there, though the saga is completed",
                            "ship was compensated, though the saga is completed"));
}

TEST_F(BooksOfOneSaga, NoticeTheWrongOrderOfActions) {
    act(Step::Charge);
    act(Step::Reserve);
    act(Step::Ship);
    EXPECT_THAT(faults(End::Completed), ElementsAre("charge/action began (call 1) before "
                                                    "reserve/action was settled (call 2)"));
}

TEST_F(BooksOfOneSaga, NoticeTheWrongOrderOfCompensations) {
    act(Step::Reserve);
    act(Step::Charge);
    undo(Step::Reserve);
    undo(Step::Charge);
    EXPECT_THAT(faults(End::Compensated),
                ElementsAre("reserve/compensation began (call 3) before charge/compensation was "
                            "settled (call 4)"));
}

TEST_F(BooksOfOneSaga, NoticeATryOfACallThatWasSettled) {
    act(Step::Reserve);
    act(Step::Charge);
    act(Step::Reserve);
    act(Step::Ship);
    EXPECT_THAT(faults(End::Completed), ElementsAre("charge/action began (call 2) before "
                                                    "reserve/action was settled (call 3)"));
}

TEST_F(BooksOfOneSaga, LetBranchesBeUndoneInAnyOrder) {
    story_ = Story::BranchesRefused;
    for (const Step step : {Step::Reserve, Step::Pack, Step::Charge, Step::Ship}) {
        act(step);
    }
    for (const Step step : {Step::Pack, Step::Charge, Step::Reserve}) {
        undo(step);
    }
    EXPECT_THAT(faults(End::Compensated), IsEmpty());
}

TEST_F(BooksOfOneSaga, NoticeAnEndThatMustNotBe) {
    undo(Step::Reserve);
    const auto settlement = books_.settle("s", End::Compensated, {story_, End::Completed, {}});
    EXPECT_THAT(settlement.faults, ElementsAre("it ended as compensated, which it must not"));
    EXPECT_THAT(settlement.pages, HasSubstr("reserve/compensation: 1 call (1), undid 0 times"));
}

TEST_F(BooksOfOneSaga, NoticeAnotherStory) {
    act(Step::Reserve);
    story_ = Story::Refused;
    EXPECT_EQ(act(Step::Charge).fault, "its input changed from plain to refused");
}

TEST_F(BooksOfOneSaga, NoticeThatTwoStartsGaveOneSaga) {
    act_all();
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_THAT(faults(End::Completed), ElementsAre("two starts gave this one saga"));
}

TEST_F(BooksOfOneSaga, NoticeACallAfterTheEnd) {
    act_all();
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_EQ(act(Step::Ship).fault,
              "ship/action was called after the saga had ended as completed");
    EXPECT_EQ(books_.live(), 0u);
}

TEST_F(BooksOfOneSaga, TakeALateCallOfAKilledSkald) {
    act_all();
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_EQ(books_.enter({"s", Step::Ship, Phase::Action, story_, true}).fault, "");
    EXPECT_EQ(books_.totals().late_calls, 1u);
}

TEST_F(BooksOfOneSaga, CountASagaThatAKillInterrupted) {
    act(Step::Reserve);
    act(Step::Charge);
    books_.on_killed();
    books_.enter({"other", Step::Reserve, Phase::Action, story_, false});
    act(Step::Ship);
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_EQ(books_.totals().interrupted, 1u);
    books_.settle("other", End::Abandoned, {story_, End::Abandoned, {}});
    EXPECT_EQ(books_.totals().interrupted, 1u);
}

TEST_F(BooksOfOneSaga, HeedWhatAnOperatorUndidOrLeft) {
    story_ = Story::UndoRefused;
    act_all();
    EXPECT_EQ(undo(Step::Charge).reply, Reply::Refused);
    undo(Step::Reserve);
    EXPECT_THAT(faults(End::Compensated, Step::Charge), IsEmpty());
    EXPECT_EQ(books_.totals().effects_wanted, 1u);

    Books others;
    others.enter({"s", Step::Reserve, Phase::Action, Story::Plain, false});
    others.undo_by_hand("s", Step::Reserve);
    EXPECT_THAT(others.settle("s", End::Compensated, {Story::Plain, End::Compensated, {}}).faults,
                IsEmpty());
    EXPECT_EQ(others.totals().effects_undone, 1u);
}

TEST_F(BooksOfOneSaga, NoticeAnEffectThatWasUndoneTwice) {
    act(Step::Reserve);
    books_.undo_by_hand("s", Step::Reserve);
    undo(Step::Reserve);
    EXPECT_THAT(faults(End::Compensated),
                ElementsAre("reserve was undone 2 times, and done 1 times"));
}

TEST_F(BooksOfOneSaga, TellWhatIsMissingFromTheListAtTheEnd) {
    act_all();
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_EQ(books_.unlisted().count, 1u);
    EXPECT_THAT(books_.unlisted().examples, ElementsAre("s"));
    EXPECT_EQ(books_.audit("s", "completed"), "");
    EXPECT_EQ(books_.unlisted().count, 0u);
    EXPECT_EQ(books_.audit("s", "completed"), "it is listed twice");
}

TEST_F(BooksOfOneSaga, NoticeAnEndThatChanged) {
    act_all();
    EXPECT_THAT(faults(End::Completed), IsEmpty());
    EXPECT_EQ(books_.audit("s", "running"), "it had ended as completed, and is running now");
}

TEST_F(BooksOfOneSaga, NoticeASagaThatNobodyAskedFor) {
    act(Step::Reserve);
    EXPECT_THAT(books_.unsettled(), ElementsAre("s"));
    EXPECT_EQ(books_.audit("s", "running"), "nobody asked for this saga, which is running");
    books_.give_up("s");
    EXPECT_THAT(books_.unsettled(), IsEmpty());
    EXPECT_EQ(books_.audit("s", "running"), "");
}

TEST(BooksOfMany, KeepNothingButThatTheyEnded) {
    constexpr std::uint64_t kSagas = 30'000;
    Books books;
    for (std::uint64_t i = 0; i < kSagas; ++i) {
        const std::string saga = "s-" + std::to_string(i);
        for (const Step step : {Step::Reserve, Step::Charge, Step::Ship}) {
            books.enter({saga, step, Phase::Action, Story::Plain, false});
        }
        ASSERT_THAT(books.settle(saga, End::Completed, {Story::Plain, End::Completed, {}}).faults,
                    IsEmpty());
    }
    EXPECT_EQ(books.live(), 0u);
    EXPECT_EQ(books.unlisted().count, kSagas);
    EXPECT_EQ(books.totals().settled, kSagas);
}

}  // namespace
}  // namespace skald::torture
