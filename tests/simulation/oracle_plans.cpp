#include "tests/simulation/oracle_plans.h"

#include <algorithm>
#include <cmath>

namespace skald::simulation::oracle {

using std::chrono::milliseconds;

Graph::Graph(const DefinitionPlan& plan)
    : plan_(&plan),
      ancestors_(plan.steps.size()),
      descendants_(plan.steps.size()),
      is_after_pivot_(plan.steps.size()) {
    std::vector<std::vector<bool>> is_before(size(), std::vector<bool>(size()));
    for (std::size_t step = 0; step < size(); ++step) {
        if (this->step(step).is_pivot) pivot_ = step;
        for (const std::size_t direct : this->step(step).after) {
            is_before[step][direct] = true;
            for (const std::size_t far : ancestors_[direct]) is_before[step][far] = true;
        }
        for (std::size_t other = 0; other < step; ++other) {
            if (!is_before[step][other]) continue;
            ancestors_[step].push_back(other);
            descendants_[other].push_back(step);
            if (pivot_ == other) is_after_pivot_[step] = true;
        }
    }
}

Outcome outcome(const StepPlan& step, Phase phase, const Told& told) {
    if (told.what == Told::What::NotSent) return Outcome::Retry;
    if (told.what == Told::What::Lost) return Outcome::Unknown;
    const int status = told.status;
    if (phase == Phase::Action) {
        if (status == step.failure_status) return Outcome::FailureByRule;
        if (status == step.unknown_status) return Outcome::Unknown;
    } else if (step.undo_is_delete && (status == 404 || status == 410)) {
        return Outcome::Success;
    }
    if (status == 202 && calls_back(step, phase)) return Outcome::PutOff;
    if (status >= 200 && status < 300) return Outcome::Success;
    if (status == 425 || status == 429) return Outcome::Retry;
    if (status == 408 || status >= 500) return Outcome::Unknown;
    return Outcome::Failure;
}

std::optional<std::uint32_t> tries_max(const StepPlan& step, Phase phase) {
    return phase == Phase::Action ? step.tries_max : step.undo_tries_max;
}

Outcome outcome(Word word) {
    switch (word) {
        case Word::Success:
            return Outcome::Success;
        case Word::Failure:
            return Outcome::FailureByRule;
        case Word::Retry:
            return Outcome::Retry;
        case Word::Unknown:
            break;
    }
    return Outcome::Unknown;
}

milliseconds least_wait(const StepPlan& step, std::uint32_t n, std::optional<milliseconds> asked) {
    const double longest =
        static_cast<double>(std::max(step.longest_wait, step.first_wait).count());
    const double grown = static_cast<double>(step.first_wait.count()) *
                         std::exp2(static_cast<double>(std::min(n, 64u)) - 1);
    const double wait = std::min(longest, grown) * (1 - step.jitter);
    constexpr milliseconds kRounding{1};
    const milliseconds backoff = milliseconds(static_cast<std::int64_t>(wait)) - kRounding;
    const milliseconds heeded =
        std::min<milliseconds>(asked.value_or(milliseconds{0}), std::chrono::hours{1});
    return std::max({backoff, heeded, milliseconds{0}});
}

}  // namespace skald::simulation::oracle
