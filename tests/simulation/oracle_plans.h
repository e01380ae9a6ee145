#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/simulation/history.h"

/// The oracle's reading of docs/definitions.md: who comes after whom, what an answer means, how
/// long the next try has to wait.
namespace skald::simulation::oracle {

class Graph {
 public:
    explicit Graph(const DefinitionPlan& plan);

    const StepPlan& step(std::size_t index) const { return plan_->steps[index]; }
    std::size_t size() const { return plan_->steps.size(); }
    const std::string& name() const { return plan_->name; }
    bool has_lock() const { return plan_->has_lock; }
    /// Steps that come before or after a step, directly or not.
    const std::vector<std::size_t>& ancestors(std::size_t step) const { return ancestors_[step]; }
    const std::vector<std::size_t>& descendants(std::size_t step) const {
        return descendants_[step];
    }
    std::optional<std::size_t> pivot() const { return pivot_; }
    bool is_pivot(std::size_t step) const { return pivot_ == step; }
    bool is_after_pivot(std::size_t step) const { return is_after_pivot_[step]; }
    /// Where nothing can be undone any more once the step is begun, or where that is decided.
    bool is_at_or_after_pivot(std::size_t step) const {
        return is_pivot(step) || is_after_pivot(step);
    }

 private:
    const DefinitionPlan* plan_;
    std::vector<std::vector<std::size_t>> ancestors_;
    std::vector<std::vector<std::size_t>> descendants_;
    std::optional<std::size_t> pivot_;
    std::vector<bool> is_after_pivot_;
};

enum class Outcome : std::uint8_t {
    Success,
    Failure,
    FailureByRule,  ///< Clears doubt; a callback's too.
    Retry,
    Unknown,
    PutOff  ///< A callback will say.
};
Outcome outcome(const StepPlan& step, Phase phase, const Told& told);
Outcome outcome(Word word);
inline bool is_failure(Outcome outcome) {
    return outcome == Outcome::Failure || outcome == Outcome::FailureByRule;
}
inline bool goes_on(Outcome outcome) {
    return outcome == Outcome::Retry || outcome == Outcome::Unknown;
}

/// The tries of an action or a compensation; none: without limit.
std::optional<std::uint32_t> tries_max(const StepPlan& step, Phase phase);

/// At least so long is waited after the n-th try of a budget; `asked`: Retry-After.
std::chrono::milliseconds least_wait(const StepPlan& step, std::uint32_t n,
                                     std::optional<std::chrono::milliseconds> asked);

/// Whether what the step does leaves something that others could notice.
inline bool has_effects(const StepPlan& step) { return step.kind != StepPlan::Kind::Wait; }
/// A child that was started by its action is turned, and nothing else undoes it.
inline bool undoes_itself(const StepPlan& step) {
    return step.kind == StepPlan::Kind::Child && step.undo == StepPlan::Undo::NotSaid;
}
/// It may be answered by a callback.
inline bool calls_back(const StepPlan& step, Phase phase) {
    return phase == Phase::Action ? step.calls_back : step.undo_calls_back;
}
inline std::chrono::milliseconds callback_timeout(const StepPlan& step, Phase phase) {
    return phase == Phase::Action ? step.callback_timeout : step.undo_callback_timeout;
}

}  // namespace skald::simulation::oracle
