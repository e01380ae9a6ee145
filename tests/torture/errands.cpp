#include "tests/torture/errands.h"

#include <array>

namespace skald::torture {
namespace {

using Kind = Errand::Kind;
using Operation = Errand::Operation;

struct KindWeight {
    Kind kind;
    unsigned weight;
};
constexpr std::array<KindWeight, 7> kKinds = {{{Kind::Wait, 660},
                                               {Kind::Fire, 200},
                                               {Kind::Repeat, 50},
                                               {Kind::Cancel, 50},
                                               {Kind::Suspend, 25},
                                               {Kind::Operate, 13},
                                               {Kind::Batch, 2}}};

struct StoryWeight {
    Story story;
    unsigned weight;
};
constexpr std::array<StoryWeight, 21> kUnattended = {{{Story::Plain, 600},
                                                      {Story::Refused, 120},
                                                      {Story::Branches, 80},
                                                      {Story::Flaky, 50},
                                                      {Story::Tolerant, 40},
                                                      {Story::Forward, 30},
                                                      {Story::BranchesRefused, 20},
                                                      {Story::TolerantRefused, 20},
                                                      {Story::HardUndo, 20},
                                                      {Story::Broken, 8},
                                                      {Story::Reset, 8},
                                                      {Story::Silent, 4},
                                                      {Story::Later, 40},
                                                      {Story::LaterRefused, 10},
                                                      {Story::Each, 40},
                                                      {Story::EachRefused, 10},
                                                      {Story::Family, 40},
                                                      {Story::FamilyRefused, 20},
                                                      {Story::Locked, 30},
                                                      {Story::LockedRefused, 10},
                                                      {Story::Paused, 20}}};
/// Without a pivot, so that a cancel that is taken always ends as compensated.
constexpr std::array<StoryWeight, 10> kCancellable = {{{Story::Plain, 6},
                                                       {Story::Branches, 3},
                                                       {Story::Tolerant, 2},
                                                       {Story::Refused, 2},
                                                       {Story::Silent, 1},
                                                       {Story::Later, 1},
                                                       {Story::Each, 1},
                                                       {Story::Family, 2},
                                                       {Story::Locked, 2},
                                                       {Story::Paused, 1}}};

struct Operable {
    Story story;
    Operation operation;
};
constexpr std::array<Operable, 13> kOperable = {{
    {Story::Parked, Operation::Retry},
    {Story::Parked, Operation::ResolveSucceeded},
    {Story::Parked, Operation::ResolveCompensated},
    {Story::Parked, Operation::Cancel},
    {Story::Parked, Operation::Abandon},
    {Story::PivotParked, Operation::Retry},
    {Story::PivotParked, Operation::ResolveSucceeded},
    {Story::PivotParked, Operation::ResolveCompensated},
    {Story::PivotParked, Operation::Abandon},
    {Story::UndoRefused, Operation::Retry},
    {Story::UndoRefused, Operation::ResolveCompensated},
    {Story::UndoRefused, Operation::ResolveSkipped},
    {Story::UndoRefused, Operation::Abandon},
}};

template <typename Weighted>
typename Weighted::value_type pick(const Weighted& choices, std::mt19937_64& random) {
    std::uint64_t sum = 0;
    for (const auto& choice : choices) {
        sum += choice.weight;
    }
    std::uint64_t left = random() % sum;
    for (const auto& choice : choices) {
        if (left < choice.weight) {
            return choice;
        }
        left -= choice.weight;
    }
    return choices.back();
}

}  // namespace

std::vector<Errand> all_errands() {
    std::vector<Errand> all;
    for (const StoryWeight& unattended : kUnattended) {
        for (const Kind kind : {Kind::Wait, Kind::Repeat, Kind::Fire}) {
            all.push_back({kind, unattended.story, {}});
        }
    }
    for (const StoryWeight& cancellable : kCancellable) {
        all.push_back({Kind::Cancel, cancellable.story, {}});
    }
    all.push_back({Kind::Suspend, Story::Silent, {}});
    all.push_back({Kind::Batch, Story::Plain, {}});
    // Twice, for a kill at the right moment lets a saga go on that should be stuck.
    for (std::size_t i = 0; i < 2 * kOperable.size(); ++i) {
        const Operable& operable = kOperable.at(i % kOperable.size());
        all.push_back({Kind::Operate, operable.story, operable.operation});
    }
    return all;
}

Errand random_errand(std::mt19937_64& random) {
    const Kind kind = pick(kKinds, random).kind;
    switch (kind) {
        case Kind::Operate: {
            const Operable& operable = kOperable.at(random() % kOperable.size());
            return {kind, operable.story, operable.operation};
        }
        case Kind::Cancel:
            return {kind, pick(kCancellable, random).story, {}};
        case Kind::Wait:
        case Kind::Repeat:
        case Kind::Fire:
        case Kind::Batch:
        case Kind::Suspend:
            return {kind, pick(kUnattended, random).story, {}};
    }
    return {};
}

Story random_unattended(std::mt19937_64& random) { return pick(kUnattended, random).story; }

}  // namespace skald::torture
