#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "sagas/draft.h"
#include "tests/sagas/always_true.h"
#include "tests/sagas/described.h"
#include "tests/sagas/random_sagas.h"

/// Random definitions and random events, from printed seeds. What must hold of every single event
/// is checked by `Played`; here stands what must hold of whole runs.
namespace skald::sagas {
namespace {

/// Every effect of the saga in the world, as far as anybody could know: checks that what is undone
/// is undone in reverse, and only where something may have been done.
void check_order_of_undoing(const Played& saga) {
    std::set<StepIndex> undone;
    for (const Record& record : saga.journal()) {
        for (const StepChange& change : record.decision.steps) {
            if (std::holds_alternative<Compensating>(change.state)) {
                for (const StepIndex later : saga.definition().step(change.step).before) {
                    const StepState& state = saga.saga().step(later).state;
                    const bool is_settled =
                        undone.contains(later) || !std::holds_alternative<Compensated>(state);
                    EXPECT_TRUE(is_settled)
                        << place_name(saga.definition(), change.step) << " was undone before "
                        << place_name(saga.definition(), later);
                }
            }
            if (std::holds_alternative<Compensated>(change.state)) undone.insert(change.step);
        }
    }
}

/// Nothing is lost: a saga that isn't at rest owes something.
void check_no_orphan(const Played& saga) {
    const Status now = status(saga.saga());
    const bool is_at_rest =
        is_terminal(now) || now == Status::Stuck || saga.saga().suspension == Suspension::Suspended;
    if (is_at_rest || !saga.saga().is_begun) return;
    const auto effects = owed(saga.definition(), saga.saga());
    const bool is_only_deadline = std::all_of(effects.begin(), effects.end(), [](const Effect& e) {
        return std::holds_alternative<WakeDeadline>(e);
    });
    EXPECT_FALSE(is_only_deadline) << "nothing moves it: " << saga.status();
}

bool is_operators(const Event& event) {
    return std::visit(
        [](const auto& what) {
            return requires { what.who; };
        },
        event);
}

bool is_of_log(const Event& event) {
    const auto* told = std::get_if<CalledBack>(&event);
    return told != nullptr && told->event.has_value();
}

/// Events arrive at least once: the same one once more changes nothing, but for one row that notes
/// a late answer; an event of the log not even that.
void check_repeat(const Played& saga, const Event& event) {
    if (is_operators(event)) return;
    const Transition again = apply(saga.definition(), saga.saga(), event, saga.now());
    const bool is_noted = again.record && !std::holds_alternative<LateCause>(again.record->cause);
    EXPECT_FALSE(is_noted) << "again: " << describe(saga.definition(), *again.record);
    EXPECT_FALSE(again.record && is_of_log(event))
        << "again: " << describe(saga.definition(), *again.record);
    EXPECT_TRUE(again.publications.empty());
    EXPECT_TRUE(again.expectations.empty());
    EXPECT_TRUE(again.effects.empty());
    EXPECT_EQ(but_for_late_answers(again.saga), but_for_late_answers(saga.saga()));
}

/// Fully done, or fully undone.
void check_end(const Played& saga) {
    const Status now = status(saga.saga());
    if (now != Status::Compensated && now != Status::Completed) return;
    for (const StepIndex place : all_places(saga.saga())) {
        const Step& step = saga.definition().step(place);
        const StepState& state = saga.saga().step(place).state;
        const bool stands =
            std::holds_alternative<Succeeded>(state) || std::holds_alternative<InDoubt>(state);
        const bool is_step_of_elements = step.for_each && !item_of(place);
        if (now == Status::Compensated) {
            EXPECT_FALSE(stands && is_undone_somehow(step) && !is_step_of_elements)
                << place_name(saga.definition(), place) << " stands";
        } else if (step.necessity == Necessity::Required) {
            EXPECT_TRUE(std::holds_alternative<Succeeded>(state) ||
                        std::holds_alternative<Skipped>(state))
                << place_name(saga.definition(), place) << " is " << describe(state);
        }
    }
}

/// What the log holds of the saga: no try is there twice, and no event was noted twice for a step.
class SeenOfLog {
 public:
    void look_at(const Played::Told& told) {
        for (const Publication& each : told.publications) {
            const auto id = each.event.id;
            EXPECT_TRUE(published_.insert(id).second) << id << " was published twice";
        }
        if (!told.record) return;
        if (const auto* row = std::get_if<CalledBackCause>(&told.record->cause)) note(*row);
        if (const auto* row = std::get_if<LateCause>(&told.record->cause)) note(*row);
    }

 private:
    template <typename Row>
    void note(const Row& row) {
        if (!row.event) return;
        const bool is_new =
            noted_.insert({row.step, row.phase, row.event->topic, row.event->offset}).second;
        EXPECT_TRUE(is_new) << row.event->topic << " " << row.event->offset << " was noted twice";
    }

    std::set<std::string> published_;
    std::set<std::tuple<StepIndex, Phase, std::string, std::int64_t>> noted_;
};

class MachineProperties : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(MachineProperties, HoldOverRandomEvents) {
    const std::uint32_t block = GetParam();
    for (std::uint32_t seed = block * 125; seed < (block + 1) * 125; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        const Json document = random_definition(random);
        SCOPED_TRACE(document.dump());
        Played saga(define(document.dump()), random_input(random));
        SeenOfLog log;
        if (!one_in(random, 20)) log.look_at(saga.tell(random_begin(random, saga.definition())));
        for (int i = 0; i < 80; ++i) {
            const Event event = random_event(random, saga);
            log.look_at(saga.tell(event));
            check_repeat(saga, event);
            saga.advance(Milliseconds(below(random, 5)));
            check_no_orphan(saga);
            check_end(saga);
            if (one_in(random, 30)) saga.restart();
            if (HasFailure()) return;
        }
        check_order_of_undoing(saga);
        if (HasFailure()) return;
    }
}

/// Moves a stuck saga.
void unstick(Random& random, Played& saga) {
    saga.tell(one_in(random, 2) ? Event(Retry{std::nullopt, somebody()})
                                : random_operator_event(random, saga));
    if (saga.saga().suspension == Suspension::Suspended) saga.tell(Resume{somebody()});
}

void drive_to_end(Random& random, Played& saga) {
    for (int i = 0; i < 5'000 && !is_terminal(status(saga.saga())); ++i) {
        const auto effects = owed(saga.definition(), saga.saga());
        if (effects.empty() ||
            (effects.size() == 1 && std::holds_alternative<WakeDeadline>(effects.front()))) {
            ASSERT_EQ(saga.status(), "stuck");
            unstick(random, saga);
            continue;
        }
        const Effect& effect = effects[below(random, static_cast<std::uint32_t>(effects.size()))];
        saga.tell(performed(random, saga, effect));
    }
    EXPECT_TRUE(is_terminal(status(saga.saga()))) << saga.status();
    EXPECT_TRUE(owed(saga.definition(), saga.saga()).empty());
    check_end(saga);
}

// Under fair scheduling, with participants that answer in the end, every saga comes to rest; and
// when it is stuck, an operator's word brings it to an end. So does a child whose parent turned.
TEST_P(MachineProperties, EverySagaEnds) {
    const std::uint32_t block = GetParam();
    for (std::uint32_t seed = block * 125; seed < (block + 1) * 125; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed + 1'000'000);
        const Json document = random_definition(random);
        SCOPED_TRACE(document.dump());
        Played saga(define(document.dump()), random_input(random));
        saga.tell(random_begin(random, saga.definition()));
        drive_to_end(random, saga);
        if (HasFailure()) return;
        if (saga.tell(ParentTurned{}).record) drive_to_end(random, saga);
        check_order_of_undoing(saga);
        if (HasFailure()) return;
    }
}

// Else the properties would say nothing of them.
TEST(RandomSagas, ReachEveryStateRecordAndEffect) {
    std::set<std::size_t> states;
    std::set<std::size_t> causes;
    std::set<std::size_t> effects;
    std::set<Phase> published, expected, late;
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        Random random(seed);
        Played saga(define(random_definition(random).dump()), random_input(random));
        Event event = random_begin(random, saga.definition());
        for (int i = 0; i < 80; ++i) {
            const Played::Told told = saga.tell(event);
            for (const Effect& effect : told.effects) effects.insert(effect.index());
            for (const Publication& each : told.publications) published.insert(each.phase);
            for (const Expectation& each : told.expectations) expected.insert(each.phase);
            event = random_event(random, saga);
        }
        for (const Record& record : saga.journal()) {
            causes.insert(record.cause.index());
            const auto* row = std::get_if<LateCause>(&record.cause);
            if (row != nullptr && row->event) late.insert(row->phase);
            for (const StepChange& change : record.decision.steps) {
                states.insert(change.state.index());
            }
        }
    }
    EXPECT_EQ(states.size(), std::variant_size_v<StepState>);
    EXPECT_EQ(causes.size(), std::variant_size_v<Cause>);
    EXPECT_EQ(effects.size(), std::variant_size_v<Effect>);
    EXPECT_EQ(published.size(), 2u) << "each phase";
    EXPECT_EQ(expected.size(), 2u) << "each phase";
    EXPECT_EQ(late.size(), 2u) << "each phase";
}

INSTANTIATE_TEST_SUITE_P(Seeds, MachineProperties, ::testing::Range(0u, 8u));

}  // namespace
}  // namespace skald::sagas
