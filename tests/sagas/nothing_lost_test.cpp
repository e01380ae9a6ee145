#include <gtest/gtest.h>

#include <string>

#include "sagas/draft.h"
#include "tests/sagas/always_true.h"
#include "tests/sagas/described.h"
#include "tests/sagas/participants.h"

/// The promise itself, against participants that know what they really did: at the end of a saga
/// all of it stands, or none of it.
namespace skald::sagas {
namespace {

/// Why what the participants did isn't what the saga says; empty: it is.
std::string wrong_at(const Played& saga, const Participants& participants, StepIndex place) {
    const Step& step = saga.definition().step(place);
    const StepState& state = saga.saga().step(place).state;
    const bool is_call = !std::holds_alternative<Wait>(step.action);
    const bool has_elements = step.for_each && !item_of(place);
    if (!is_call || has_elements) return "";
    const bool has_done = participants.has_done(place);
    const bool says_nothing_done = std::holds_alternative<Failed>(state) ||
                                   std::holds_alternative<Cancelled>(state) ||
                                   std::holds_alternative<Skipped>(state);
    if (says_nothing_done && has_done) return "it was done";
    if (std::holds_alternative<Succeeded>(state) && !has_done) return "it was not done";
    const bool is_to_be_undone =
        status(saga.saga()) == Status::Compensated && is_undone_somehow(step);
    if (is_to_be_undone && has_done) return "it stands";
    return "";
}

void check_truth(const Played& saga, const Participants& participants) {
    for (const StepIndex place : all_places(saga.saga())) {
        EXPECT_EQ(wrong_at(saga, participants, place), "")
            << place_name(saga.definition(), place) << " "
            << describe(saga.saga().step(place).state) << " in a saga that is " << saga.status();
    }
}

/// True: it came to its end.
bool run(Random& random, Played& saga, Participants& participants) {
    for (int i = 0; i < 3'000 && !saga.saga().end; ++i) {
        if (one_in(random, 60)) participants.restart();
        if (one_in(random, 80)) saga.advance(Milliseconds{50});
        const bool has_happened = participants.happen();
        if (!has_happened && saga.status() != "stuck") {
            ADD_FAILURE() << "nothing moves it: " << saga.status();
            return false;
        }
        if (!has_happened) participants.tell(Retry{std::nullopt, somebody()});
        if (one_in(random, 150)) participants.tell(Cancel{somebody()});
        if (one_in(random, 100)) participants.tell(DeadlinePassed{});
        if (::testing::Test::HasFailure()) return false;
    }
    return saga.saga().end.has_value();
}

class NothingIsLost : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(NothingIsLost, WhateverTheNetworkDoes) {
    const std::uint32_t block = GetParam();
    int ended = 0;
    constexpr int kRuns = 100;
    for (std::uint32_t seed = block * kRuns; seed < (block + 1) * kRuns; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed + 2'000'000);
        const Json document = random_definition(random);
        SCOPED_TRACE(document.dump());
        Played saga(define(document.dump()), random_input(random));
        Participants participants(random, saga);
        participants.tell(random_begin(random, saga.definition()));
        if (run(random, saga, participants)) {
            ++ended;
            participants.read_to_end();
            check_truth(saga, participants);
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(ended, kRuns / 2) << "the others were refused for good past their pivot";
}

INSTANTIATE_TEST_SUITE_P(Seeds, NothingIsLost, ::testing::Range(0u, 4u));

}  // namespace
}  // namespace skald::sagas
