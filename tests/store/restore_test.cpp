#include "store/restore.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

/// Sagas from journals; a journal of which the machine could make no sense is refused before.
namespace skald::store {
namespace {

using namespace sagas;

constexpr Timestamp kThen{Milliseconds{1'700'000'000'000}};
constexpr StepIndex kPlain{0};
constexpr StepIndex kEach{1};

/// A plain step, and one of several elements.
Definition two_steps() {
    Definition definition;
    const Step plain{.name = "plain",
                     .after = {},
                     .before = {},
                     .when = {},
                     .for_each = {},
                     .action = Wait{Milliseconds{1}},
                     .undo = NothingToUndo{},
                     .output = {},
                     .retry = {},
                     .outcome = {}};
    definition.steps = {plain, plain};
    definition.steps[1].for_each = ForEach{Template::parse("$input").value()};
    return definition;
}

Record record(Cause cause, std::vector<StepChange> steps = {}) {
    Record record{kThen, std::move(cause), {}};
    record.decision.steps = std::move(steps);
    return record;
}

/// Makes two elements.
Record begun_elements() {
    Record begun = record(Begin{}, {{kEach, Iterating{}}, {element_of(kEach, 1), Pending{}}});
    begun.decision.items = {{kEach, make_value(Json{"a", "b"})}};
    return begun;
}

Result<Saga> restored(const std::vector<Record>& records) {
    SagaRow row{};
    row.id = "order-1";
    std::vector<JournalRow> journal;
    for (const Record& each : records) {
        const auto seq = static_cast<std::uint32_t>(journal.size() + 1);
        journal.push_back({seq, Position{seq}, each});
    }
    return restore(two_steps(), row, journal);
}

TEST(Restore, FoldsElementsThatTheRowItselfMade) {
    const auto saga = restored({begun_elements(), record(Due{element_of(kEach, 1), {}, 1})});
    ASSERT_TRUE(saga) << saga.error().message;
    EXPECT_EQ(saga->steps[1].elements.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<Iterating>(saga->steps[1].state));
}

TEST(Restore, RefusesARowThatNamesWhatIsNotThere) {
    const auto with = [](auto change) {
        Record row = record(LockGranted{});
        change(row.decision);
        return row;
    };
    const std::vector<std::pair<const char*, Record>> broken = {
        {"a step", record(Due{StepIndex{2}, {}, 1})},
        {"an element", record(Due{element_of(kEach, 2), {}, 1})},
        {"an element of a plain step", record(Due{element_of(kPlain, 0), {}, 1})},
        {"a step to retry", record(Retry{element_of(kEach, 2), {}})},
        {"a change", record(LockGranted{}, {{element_of(kEach, 2), Pending{}}})},
        {"an error", with([](Decision& to) {
             to.errors = {{element_of(kEach, 2), "x"}};
         })},
        {"why it turned", with([](Decision& to) {
             to.turned = Failure{StepIndex{2}, "x"};
         })},
        {"why it shall turn", with([](Decision& to) {
             to.wanted = Wanted::Set;
             to.turn_wanted = Failure{element_of(kEach, 2), "x"};
         })},
        {"elements of a plain step", with([](Decision& to) {
             to.items = {{kPlain, make_value(Json::array())}};
         })},
        {"elements of no step", with([](Decision& to) {
             to.items = {{StepIndex{2}, make_value(Json::array())}};
         })},
    };
    for (const auto& [name, row] : broken) {
        const auto saga = restored({begun_elements(), row});
        ASSERT_FALSE(saga) << name;
        EXPECT_EQ(saga.error().code, ErrorCode::Corruption) << name;
        EXPECT_EQ(saga.error().message,
                  "journal of saga order-1, row 2: does not follow from the rows before");
    }
}

TEST(Restore, RefusesWhatNamesElementsBeforeTheyAreThere) {
    Record too_early = begun_elements();
    too_early.cause = Due{element_of(kEach, 0), {}, 1};
    EXPECT_FALSE(restored({too_early}));
}

// An event of an element that can't be made is known in the row that makes the elements.
TEST(Restore, FoldsErrorsOfElementsThatTheRowItselfMade) {
    Record begun = begun_elements();
    begun.decision.errors = {{element_of(kEach, 1), "x"}};
    const auto saga = restored({begun});
    ASSERT_TRUE(saga) << saga.error().message;
    EXPECT_EQ(saga->step(element_of(kEach, 1)).error, "x");
    begun.decision.errors = {{element_of(kEach, 2), "x"}};
    EXPECT_FALSE(restored({begun}));
}

}  // namespace
}  // namespace skald::store
