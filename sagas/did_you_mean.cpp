#include "sagas/did_you_mean.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace skald::sagas {
namespace {

constexpr std::size_t kDistanceMax = 2;

/// Levenshtein's distance; a swap of neighbours counts as 2.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& allowed) {
    std::string best;
    std::size_t best_distance = kDistanceMax + 1;
    for (const std::string& candidate : allowed) {
        const auto [shorter, longer] = std::minmax({word.size(), candidate.size()});
        if (longer - shorter > kDistanceMax) continue;
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance && distance * 2 < longer) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string did_you_mean_hint(std::string_view word, const std::vector<std::string>& allowed) {
    const std::string meant = did_you_mean(word, allowed);
    return meant.empty() ? "" : "did you mean \"" + meant + "\"?";
}

}  // namespace skald::sagas
