#include "sagas/step_graph.h"

#include <algorithm>
#include <deque>

#include "sagas/check.h"

namespace skald::sagas {

StepGraph::StepGraph(const std::vector<std::vector<std::size_t>>& after)
    : after_(after), ancestors_(after.size()) {
    SKALD_CHECK(after.size() <= kStepsMax);
    for (std::size_t i = 0; i < after.size(); ++i) {
        for (const std::size_t earlier : after[i]) ancestors_[i].set(earlier);
    }
    // Warshall: after turn k, every way over the steps 0 to k is known.
    for (std::size_t k = 0; k < after.size(); ++k) {
        for (std::bitset<kStepsMax>& of_one : ancestors_) {
            if (of_one[k]) of_one |= ancestors_[k];
        }
    }
}

std::vector<std::size_t> StepGraph::cycle(std::size_t step) const {
    std::vector<std::optional<std::size_t>> reached_from(size());
    std::deque<std::size_t> queue{step};
    while (!queue.empty()) {
        const std::size_t at = queue.front();
        queue.pop_front();
        for (const std::size_t next : after_[at]) {
            if (next == step) {
                std::vector<std::size_t> way{step};
                for (std::size_t back = at; back != step; back = *reached_from[back]) {
                    way.push_back(back);
                }
                way.push_back(step);
                std::reverse(way.begin(), way.end());
                return way;
            }
            if (reached_from[next]) continue;
            reached_from[next] = at;
            queue.push_back(next);
        }
    }
    return {step, step};
}

std::vector<std::size_t> StepGraph::order() const {
    std::vector<std::size_t> order;
    std::bitset<kStepsMax> placed;
    while (order.size() < size()) {
        const std::size_t before = order.size();
        for (std::size_t i = 0; i < size(); ++i) {
            if (placed[i] || (ancestors_[i] & ~placed).any()) continue;
            placed.set(i);
            order.push_back(i);
        }
        SKALD_CHECK(order.size() > before);
    }
    return order;
}

}  // namespace skald::sagas
