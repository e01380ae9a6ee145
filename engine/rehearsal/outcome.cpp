#include "engine/rehearsal/outcome.h"

#include <algorithm>
#include <type_traits>
#include <utility>
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

class Judge {
 public:
    Judge(const Stage& stage, const std::vector<Left>& sagas, const Ledger& ledger)
        : stage_(stage), sagas_(sagas), ledger_(ledger) {}

    Outcome judged(Spots undone);

 private:
    const sagas::Saga& saga(SagaNumber number) const;
    sagas::Status status() const;
    void look_at(const Left& left);
    void note_state(const Left& left, Spot spot, const sagas::StepState& state);
    void hold_against_ledger(const Left& left, Spot spot, const sagas::StepState& state);
    bool is_denied_above(SagaNumber number) const;
    bool is_undone_above(SagaNumber number) const;

    const Stage& stage_;
    const std::vector<Left>& sagas_;
    const Ledger& ledger_;
    Outcome outcome_;
};

const sagas::Saga& Judge::saga(SagaNumber number) const {
    return std::find_if(sagas_.begin(), sagas_.end(),
                        [number](const Left& each) { return each.number == number; })
        ->saga;
}

/// A saga that waits for a stuck child waits for an operator.
sagas::Status Judge::status() const {
    const sagas::Status own = sagas::status(sagas_.front().saga);
    const bool has_stuck = std::any_of(sagas_.begin(), sagas_.end(), [](const Left& left) {
        return sagas::status(left.saga) == sagas::Status::Stuck;
    });
    return has_stuck && !sagas::is_terminal(own) ? sagas::Status::Stuck : own;
}

/// Whether a saga above says that nothing of `number` is there. What undoes something is to stand.
bool Judge::is_denied_above(SagaNumber number) const {
    const Cast::Role& role = stage_.cast().role(number);
    if (!role.caller || role.is_undoing) return false;
    const sagas::Saga& parent = saga(role.caller->spot.saga);
    return sagas::status(parent) == sagas::Status::Compensated ||
           claim_of(parent.step(role.caller->spot.step).state) == Claim::NotThere ||
           is_denied_above(role.caller->spot.saga);
}

/// Whether a compensation that a step above declares undid all that `number` did.
bool Judge::is_undone_above(SagaNumber number) const {
    const auto& caller = stage_.cast().role(number).caller;
    if (!caller || caller->phase == Phase::Compensation) return false;
    const sagas::Step& step = stage_.cast().step(caller->spot);
    const bool is_declared = std::holds_alternative<sagas::Compensation>(step.undo);
    return (is_declared && ledger_.is_undone(caller->spot)) || is_undone_above(caller->spot.saga);
}

void Judge::note_state(const Left& left, Spot spot, const sagas::StepState& state) {
    const bool is_completed = sagas::status(left.saga) == sagas::Status::Completed;
    if (std::holds_alternative<sagas::Succeeded>(state)) {
        if (!is_undone_above(left.number)) outcome_.done.push_back(spot);
    } else if (std::holds_alternative<sagas::InDoubt>(state)) {
        outcome_.in_doubt.push_back(spot);
    } else if (is_completed && !std::holds_alternative<sagas::Compensated>(state)) {
        outcome_.left_out.push_back(spot);
    } else if (const auto* action = std::get_if<sagas::StuckAction>(&state)) {
        outcome_.stuck.push_back({spot, Phase::Action, action->reason});
    } else if (const auto* undo = std::get_if<sagas::StuckCompensation>(&state)) {
        outcome_.stuck.push_back({spot, Phase::Compensation, undo->reason});
    }
}

void Judge::hold_against_ledger(const Left& left, Spot spot, const sagas::StepState& state) {
    const sagas::Action& action = stage_.cast().step(spot).action;
    if (std::holds_alternative<sagas::Wait>(action) || stage_.is_read(spot)) return;
    // A saga that says "compensated" says that nothing of it is left.
    const bool is_denied =
        sagas::status(left.saga) == sagas::Status::Compensated || is_denied_above(left.number);
    const Claim claim = is_denied ? Claim::NotThere : claim_of(state);
    const bool stands = ledger_.stands(spot);
    // What stands of a child are its own steps.
    const bool has_own_effect = !std::holds_alternative<sagas::ChildSaga>(action);
    if (claim == Claim::NotThere && stands && has_own_effect && !is_undone_above(left.number)) {
        outcome_.standing.push_back(spot);
    }
    if (claim == Claim::There && !stands) outcome_.missing.push_back(spot);
}

void Judge::look_at(const Left& left) {
    const auto look = [this, &left](StepIndex step, const sagas::StepRun& run) {
        const Spot spot{left.number, step};
        note_state(left, spot, run.state);
        hold_against_ledger(left, spot, run.state);
    };
    for (std::size_t i = 0; i < left.saga.steps.size(); ++i) {
        const StepIndex step{static_cast<std::uint32_t>(i)};
        const sagas::StepRun& run = left.saga.steps[i];
        const bool is_for_each = run.items != nullptr;
        if (!is_for_each) look(step, run);
        if (is_for_each && run.elements.empty()) note_state(left, {left.number, step}, run.state);
        for (std::size_t item = 0; item < run.elements.size(); ++item) {
            look(sagas::element_of(step, item), run.elements[item]);
        }
    }
}

Outcome Judge::judged(Spots undone) {
    outcome_.status = status();
    outcome_.undone = std::move(undone);
    for (const Left& left : sagas_) look_at(left);
    return std::move(outcome_);
}

}  // namespace

Outcome judge(const Stage& stage, const std::vector<Left>& sagas, const Ledger& ledger,
              Spots undone) {
    return Judge(stage, sagas, ledger).judged(std::move(undone));
}

}  // namespace skald::rehearsal
