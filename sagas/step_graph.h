#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <vector>

#include "sagas/definition_limits.h"

namespace skald::sagas {

/// Which step of a definition comes after which. Steps are positions from 0; at most kStepsMax.
class StepGraph {
 public:
    /// `after[i]`: the steps that step i names in its `after`. May hold cycles.
    explicit StepGraph(const std::vector<std::vector<std::size_t>>& after);

    std::size_t size() const { return ancestors_.size(); }

    /// Whether `ancestor` has always settled before `step` starts. True both ways in a cycle.
    bool is_ancestor(std::size_t ancestor, std::size_t step) const {
        return ancestors_[step][ancestor];
    }
    bool is_in_cycle(std::size_t step) const { return ancestors_[step][step]; }

    /// A shortest way from `step` back to itself along `after`, which it begins and ends.
    /// Precondition: is_in_cycle(step).
    std::vector<std::size_t> cycle(std::size_t step) const;

    /// Every step once, each behind those it is after, else in the order of the document.
    /// Precondition: no cycle.
    std::vector<std::size_t> order() const;

 private:
    std::vector<std::vector<std::size_t>> after_;
    std::vector<std::bitset<kStepsMax>> ancestors_;
};

}  // namespace skald::sagas
