#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/sagas/described.h"
#include "tests/sagas/played.h"

/// Random definitions and random events, from printed seeds. What must hold of every single event
/// is checked by `Played`; here stands what must hold of whole runs.
namespace skald::sagas {
namespace {

using Random = std::mt19937;

std::uint32_t below(Random& random, std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random);
}
bool one_in(Random& random, std::uint32_t n) { return below(random, n) == 0; }

Json http(const std::string& method) {
    return {{"http", {{"method", method}, {"url", "http://127.0.0.1:9/x"}}}};
}

Json random_retry(Random& random) {
    return {{"maximum_attempts", 1 + below(random, 3)}, {"initial_interval", "1ms"}};
}

/// A layered graph of 1 to 7 steps; sometimes with a pivot in the middle which all others are
/// before or after.
Json random_definition(Random& random) {
    const std::uint32_t count = 1 + below(random, 7);
    const bool has_pivot = one_in(random, 2);
    const std::uint32_t pivot = below(random, count);
    Json steps = Json::array();
    for (std::uint32_t i = 0; i < count; ++i) {
        const bool is_pivot = has_pivot && i == pivot;
        const bool is_after = has_pivot && i > pivot;
        Json step = {{"name", "s" + std::to_string(i)}, {"action", http("POST")}};
        Json after = Json::array();
        for (std::uint32_t j = 0; j < i; ++j) {
            const bool must = (is_pivot && j < pivot) || (is_after && j == pivot);
            const bool may = !is_after || j >= pivot;
            if (must || (may && one_in(random, 2))) after.push_back("s" + std::to_string(j));
        }
        step["after"] = after;
        if (is_pivot) step["pivot"] = true;
        if (!is_after && (!is_pivot || one_in(random, 3))) {
            step["compensation"] = one_in(random, 5) ? Json("none") : http("DELETE");
            if (step["compensation"].is_object() && one_in(random, 3)) {
                step["compensation"]["retry"] = random_retry(random);
            }
        }
        if (!is_after || one_in(random, 2)) step["retry"] = random_retry(random);
        if (!is_pivot && one_in(random, 6)) {
            step["optional"] = true;
        } else if (one_in(random, 6)) {
            step["in_doubt"] = "park";
        }
        if (one_in(random, 8)) step["when"] = one_in(random, 2) ? "$input.yes" : "$input.no";
        if (one_in(random, 8)) step["output"] = Json{{"x", "$response.body.missing"}};
        if (one_in(random, 6)) {
            step["outcome"] =
                Json::array({{{"when", "$response.status == 404"}, {"is", "failure"}},
                             {{"when", "$response.status == 418"}, {"is", "unknown"}}});
        }
        steps.push_back(std::move(step));
    }
    Json definition = {{"name", "random"}, {"steps", steps}};
    if (one_in(random, 3)) definition["deadline"] = "50ms";
    return definition;
}

Answer random_answer(Random& random) {
    static constexpr int kStatuses[] = {200, 200, 200, 200, 201, 204, 302,
                                        404, 409, 418, 425, 500, 503};
    switch (below(random, 8)) {
        case 0:
            return Lost{"no reply"};
        case 1:
            return NotSent{"connection refused"};
        default:
            return reply(kStatuses[below(random, std::size(kStatuses))], Json{{"id", 1}});
    }
}

StepIndex any_step(Random& random, const Played& saga) {
    // Sometimes one that there isn't.
    const auto count = static_cast<std::uint32_t>(saga.definition().steps.size());
    return StepIndex{below(random, count + 1)};
}

Event random_operator_event(Random& random, const Played& saga) {
    const StepIndex step = any_step(random, saga);
    switch (below(random, 8)) {
        case 0:
            return Cancel{somebody()};
        case 1:
            return Retry{one_in(random, 2) ? std::optional(step) : std::nullopt, somebody()};
        case 2:
            return Resolve{step, ResolveAs::Succeeded, make_value(Json{{"id", 2}}), somebody()};
        case 3:
            return Resolve{step, ResolveAs::Compensated, nullptr, somebody()};
        case 4:
            return Resolve{step, ResolveAs::Skipped, nullptr, somebody()};
        case 5:
            return one_in(random, 4) ? Event(Abandon{somebody()}) : Event(Cancel{somebody()});
        case 6:
            return Suspend{somebody()};
        default:
            return Resume{somebody()};
    }
}

/// The event that performing one of the owed effects brings.
Event performed(Random& random, const Effect& effect) {
    if (const auto* call = std::get_if<Call>(&effect)) {
        if (one_in(random, 12)) return Unsendable{call->step, call->phase, call->attempt, "no x"};
        return Answered{call->step, call->phase, call->attempt, random_answer(random)};
    }
    if (const auto* settle = std::get_if<Settle>(&effect)) {
        return Answered{settle->step, Phase::Action, settle->attempt, random_answer(random)};
    }
    if (const auto* wake = std::get_if<WakeStep>(&effect)) {
        return Due{wake->step, wake->phase, wake->attempt};
    }
    return DeadlinePassed{};
}

Event random_event(Random& random, const Played& saga) {
    const std::vector<Effect> effects = owed(saga.definition(), saga.saga());
    if (!effects.empty() && !one_in(random, 4)) {
        return performed(random,
                         effects[below(random, static_cast<std::uint32_t>(effects.size()))]);
    }
    const auto phase = one_in(random, 2) ? Phase::Action : Phase::Compensation;
    switch (below(random, 4)) {
        case 0:
            return Answered{any_step(random, saga), phase, 1 + below(random, 4),
                            random_answer(random)};
        case 1:
            return Due{any_step(random, saga), phase, 1 + below(random, 4)};
        case 2:
            return one_in(random, 2) ? Event(Begin{}) : Event(DeadlinePassed{});
        default:
            return random_operator_event(random, saga);
    }
}

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
                        << saga.definition().step(change.step).name << " was undone before "
                        << saga.definition().step(later).name;
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

class MachineProperties : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(MachineProperties, HoldOverRandomEvents) {
    const std::uint32_t block = GetParam();
    for (std::uint32_t seed = block * 125; seed < (block + 1) * 125; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        const Json document = random_definition(random);
        SCOPED_TRACE(document.dump());
        Played saga(define(document.dump()), Json{{"yes", true}, {"no", false}});
        if (!one_in(random, 20)) saga.begin();
        for (int i = 0; i < 60; ++i) {
            saga.tell(random_event(random, saga));
            saga.advance(Milliseconds(below(random, 5)));
            check_no_orphan(saga);
            if (one_in(random, 30)) saga.restart();
            if (HasFailure()) return;
        }
        check_order_of_undoing(saga);
        if (HasFailure()) return;
    }
}

// Under fair scheduling, with participants that answer in the end, every saga comes to rest; and
// when it is stuck, an operator's word brings it to an end.
TEST_P(MachineProperties, EverySagaEnds) {
    const std::uint32_t block = GetParam();
    for (std::uint32_t seed = block * 125; seed < (block + 1) * 125; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed + 1'000'000);
        const Json document = random_definition(random);
        SCOPED_TRACE(document.dump());
        Played saga(define(document.dump()), Json{{"yes", true}, {"no", false}});
        saga.begin();
        for (int i = 0; i < 2'000 && !is_terminal(status(saga.saga())); ++i) {
            const auto effects = owed(saga.definition(), saga.saga());
            if (effects.empty() ||
                (effects.size() == 1 && std::holds_alternative<WakeDeadline>(effects.front()))) {
                ASSERT_EQ(saga.status(), "stuck");
                saga.tell(one_in(random, 2) ? Event(Retry{std::nullopt, somebody()})
                                            : random_operator_event(random, saga));
                if (saga.saga().suspension == Suspension::Suspended) saga.tell(Resume{somebody()});
                continue;
            }
            const Effect& effect =
                effects[below(random, static_cast<std::uint32_t>(effects.size()))];
            if (const auto* wake = std::get_if<WakeStep>(&effect)) {
                saga.advance(std::max(wake->at - saga.now(), Milliseconds{0}));
            }
            saga.tell(performed(random, effect));
        }
        EXPECT_TRUE(is_terminal(status(saga.saga()))) << saga.status();
        EXPECT_TRUE(owed(saga.definition(), saga.saga()).empty());
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MachineProperties, ::testing::Range(0u, 8u));

}  // namespace
}  // namespace skald::sagas
