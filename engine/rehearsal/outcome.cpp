#include "engine/rehearsal/outcome.h"

#include <type_traits>
#include <variant>

namespace skald::rehearsal {
namespace {

/// What a step's state says of its effect.
enum class Claim : std::uint8_t { There, NotThere, Either };

Claim claim_of(const sagas::StepState& state) {
    return std::visit(
        [](const auto& which) {
            using State = std::decay_t<decltype(which)>;
            if constexpr (std::is_same_v<State, sagas::Succeeded>) {
                return Claim::There;
            } else if constexpr (std::is_same_v<State, sagas::StuckAction>) {
                const bool stands = which.reason == sagas::StuckReason::OutputError;
                if (stands) return Claim::There;
                return which.is_doubtful ? Claim::Either : Claim::NotThere;
            } else if constexpr (std::is_same_v<State, sagas::Pending> ||
                                 std::is_same_v<State, sagas::Skipped> ||
                                 std::is_same_v<State, sagas::Failed> ||
                                 std::is_same_v<State, sagas::Cancelled> ||
                                 std::is_same_v<State, sagas::Compensated>) {
                return Claim::NotThere;
            } else {
                return Claim::Either;  // In doubt, or on its way.
            }
        },
        state);
}

void note_state(Outcome& outcome, StepIndex step, const sagas::StepState& state) {
    const bool is_completed = outcome.status == sagas::Status::Completed;
    if (std::holds_alternative<sagas::Succeeded>(state)) {
        outcome.done.push_back(step);
    } else if (std::holds_alternative<sagas::InDoubt>(state)) {
        outcome.in_doubt.push_back(step);
    } else if (is_completed && !std::holds_alternative<sagas::Compensated>(state)) {
        outcome.left_out.push_back(step);
    } else if (const auto* action = std::get_if<sagas::StuckAction>(&state)) {
        outcome.stuck.push_back({step, Phase::Action, action->reason});
    } else if (const auto* undo = std::get_if<sagas::StuckCompensation>(&state)) {
        outcome.stuck.push_back({step, Phase::Compensation, undo->reason});
    }
}

Steps undone_in(const std::vector<store::JournalRow>& journal) {
    Steps undone;
    for (const store::JournalRow& row : journal) {
        for (const sagas::StepChange& change : row.record.decision.steps) {
            if (std::holds_alternative<sagas::Compensated>(change.state)) {
                undone.push_back(change.step);
            }
        }
    }
    return undone;
}

}  // namespace

Outcome judge(const sagas::Saga& saga, const std::vector<store::JournalRow>& journal,
              const Ledger& ledger, const std::vector<bool>& reads) {
    Outcome outcome;
    outcome.status = sagas::status(saga);
    outcome.undone = undone_in(journal);
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        const StepIndex step{static_cast<std::uint32_t>(i)};
        const sagas::StepState& state = saga.steps[i].state;
        note_state(outcome, step, state);
        // A saga that says "compensated" says that nothing of it is left.
        const Claim claim =
            outcome.status == sagas::Status::Compensated ? Claim::NotThere : claim_of(state);
        if (reads[i]) continue;
        if (claim == Claim::NotThere && ledger.stands(step)) outcome.standing.push_back(step);
        if (claim == Claim::There && !ledger.stands(step)) outcome.missing.push_back(step);
    }
    return outcome;
}

}  // namespace skald::rehearsal
