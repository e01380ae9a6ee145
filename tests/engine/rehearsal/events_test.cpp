#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "engine/rehearsal/run.h"
#include "tests/engine/rehearsal/rehearsal_fixture.h"

namespace skald::rehearsal {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::uint32_t kReserve = 0, kApprove = 1, kCharge = 2, kTell = 3;

/// A definition whose steps speak by events, run through single faults.
class EventFaults : public Rehearsal {
 protected:
    EventFaults() {
        auto family = Family::gather(script_named("events").checked, {});
        EXPECT_TRUE(family);
        family_ = std::make_unique<Family>(std::move(*family));
        stage_ = make_stage(*family_);
    }

    Played run(const Schedule& schedule) { return play(*stage_, schedule, Telling::Yes); }
    static Fault of(std::uint32_t step, FaultKind kind, Phase phase = Phase::Action) {
        return {kind, {{kTopmost, StepIndex{step}}, phase}, 0};
    }
    std::string names_of(const Spots& spots) const { return names(stage_->cast(), spots); }
    static std::ptrdiff_t count(const Played& played, const std::string& text) {
        const auto texts = texts_of(played.story);
        return std::count_if(texts.begin(), texts.end(), [&](const std::string& each) {
            return each.find(text) != std::string::npos;
        });
    }

 private:
    std::unique_ptr<Family> family_;
    std::unique_ptr<Stage> stage_;
};

TEST_F(EventFaults, GoWellWithoutAny) {
    const Played played = run({});
    EXPECT_EQ(played.outcome.status, sagas::Status::Completed);
    EXPECT_EQ(names_of(played.outcome.done), "reserve,approve,charge,tell");
    EXPECT_TRUE(played.outcome.is_clean());
    EXPECT_EQ(count(played, "reserve: done"), 1);
    EXPECT_EQ(count(played, "reserve: the event reserved comes to stock.events"), 1);
    EXPECT_EQ(count(played, "approve: the event approved comes to decisions"), 1);
    EXPECT_EQ(count(played, "tell: done"), 1);
    EXPECT_GE(played.story.back().at, std::chrono::hours{1});
}

TEST_F(EventFaults, AreThoseOfTheirWay) {
    const auto faults = faults_at(run({}).reach, false);
    EXPECT_THAT(faults, Contains(of(kReserve, FaultKind::EventRefused)));
    EXPECT_THAT(faults, Contains(of(kCharge, FaultKind::EventOwed)));
    // It can't say no.
    EXPECT_THAT(faults, Not(Contains(of(kCharge, FaultKind::EventRefused))));
    EXPECT_THAT(faults, Contains(of(kApprove, FaultKind::SignalRefuses)));
    EXPECT_THAT(faults, Contains(of(kTell, FaultKind::EventHeardLate)));
    EXPECT_THAT(faults, Not(Contains(of(kTell, FaultKind::EventOwed))));
    for (const std::uint32_t step : {kReserve, kApprove, kCharge, kTell}) {
        EXPECT_THAT(faults, Not(Contains(of(step, FaultKind::LostAfter))));
    }
}

TEST_F(EventFaults, ARefusalTurnsItBack) {
    const Played played = run({of(kReserve, FaultKind::EventRefused)});
    EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
    EXPECT_THAT(played.outcome.undone, IsEmpty());
    EXPECT_TRUE(played.outcome.is_clean());
    const Played declined = run({of(kApprove, FaultKind::SignalRefuses)});
    EXPECT_EQ(declined.outcome.status, sagas::Status::Compensated);
    EXPECT_EQ(names_of(declined.outcome.undone), "reserve");
}

TEST_F(EventFaults, WhatIsNotAnsweredIsAskedForAgain) {
    for (const FaultKind kind : {FaultKind::EventLost, FaultKind::EventOwed}) {
        const Played played = run({of(kReserve, kind)});
        EXPECT_EQ(played.outcome.status, sagas::Status::Completed);
        EXPECT_TRUE(played.outcome.is_clean());
        EXPECT_EQ(count(played, "reserve is backing_off"), 1);
    }
    EXPECT_EQ(count(run({of(kReserve, FaultKind::EventOwed)}),
                    "reserve: knows the key, and does nothing more"),
              1);
}

TEST_F(EventFaults, WhatIsNeverAnsweredLeavesDoubt) {
    for (const FaultKind kind : {FaultKind::EventIgnored, FaultKind::EventUnanswered}) {
        const Played played = run({of(kReserve, kind)});
        EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
        EXPECT_EQ(names_of(played.outcome.undone), "reserve");
        EXPECT_TRUE(played.outcome.is_clean());
    }
}

/// It is asked again, and has answered the second time when the first answer comes.
TEST_F(EventFaults, AnAnswerMayComeLateOrTwice) {
    for (const FaultKind kind :
         {FaultKind::EventLate, FaultKind::EventTwice, FaultKind::EventAgain}) {
        const Played played = run({of(kCharge, kind)});
        EXPECT_EQ(played.outcome.status, sagas::Status::Completed);
        EXPECT_TRUE(played.outcome.is_clean());
        EXPECT_EQ(count(played, "charge: the event charged comes to bank.events"), 2);
    }
}

TEST_F(EventFaults, ASignalMayBeEarlyLateTwiceOrMissing) {
    for (const FaultKind kind : {FaultKind::SignalEarly, FaultKind::SignalTwice}) {
        const Played played = run({of(kApprove, kind)});
        EXPECT_EQ(played.outcome.status, sagas::Status::Completed);
    }
    for (const FaultKind kind : {FaultKind::SignalLost, FaultKind::SignalLate}) {
        const Played played = run({of(kApprove, kind)});
        EXPECT_EQ(played.outcome.status, sagas::Status::Compensated);
        EXPECT_EQ(names_of(played.outcome.undone), "reserve");
        EXPECT_GE(played.story.back().at, std::chrono::hours{72});
    }
}

TEST_F(EventFaults, ACompensationIsAnsweredToo) {
    const Fault turning = {FaultKind::CancelAfter, {}, 0};
    const Played whole = run({});
    std::size_t undone = 0;
    for (std::uint32_t commit = 1; commit <= whole.reach.commits; ++commit) {
        Fault cancel = turning;
        cancel.commit = commit;
        const Played played = run({cancel});
        EXPECT_TRUE(played.outcome.is_clean());
        if (names_of(played.outcome.undone).find("charge") == std::string::npos) continue;
        ++undone;
        const Played refused =
            run({cancel, of(kCharge, FaultKind::EventRefused, Phase::Compensation)});
        ASSERT_THAT(refused.outcome.stuck, SizeIs(1));
        EXPECT_EQ(refused.outcome.stuck[0].reason, sagas::StuckReason::CompensationRefused);
        const Played lost = run({cancel, of(kCharge, FaultKind::EventLost, Phase::Compensation)});
        EXPECT_EQ(lost.outcome.status, sagas::Status::Compensated);
    }
    EXPECT_GT(undone, 0u);
}

/// What was published is there exactly when the state is; what came is not lost.
TEST_F(EventFaults, NoCrashLosesAnEvent) {
    const Played whole = run({});
    std::ptrdiff_t missed = 0;
    for (std::uint32_t commit = 1; commit <= whole.reach.commits; ++commit) {
        for (const FaultKind kind : {FaultKind::CrashBefore, FaultKind::CrashAfter}) {
            const Played played = run({{kind, {}, commit}});
            EXPECT_EQ(played.outcome.status, sagas::Status::Completed) << commit;
            EXPECT_TRUE(played.outcome.is_clean()) << commit;
            EXPECT_EQ(count(played, "charge: done"), 1) << commit;
            missed += count(played, "but nobody is there");
        }
    }
    EXPECT_GT(missed, 0);
}

TEST_F(EventFaults, HaveValuesThatAreMadeUp) {
    const Report report = rehearsed_singly(script_named("events"));
    EXPECT_EQ(report.input, (Json{{"items", "sample"}, {"order_id", "sample"}}));
    EXPECT_EQ(report.replies, (Json{{"approve", {{"by", "sample"}}},
                                    {"charge", Json::object()},
                                    {"reserve", {{"id", "sample"}}}}));
    Script script = script_named("events");
    script.replies = {{"approve", {{"by", "Ada"}}}};
    EXPECT_EQ(rehearsed_singly(script).replies["approve"]["by"], "Ada");
    script.replies = {{"tell", 1}};
    EXPECT_THAT(refused(script).at(0).code, "no-participant");
}

}  // namespace
}  // namespace skald::rehearsal
